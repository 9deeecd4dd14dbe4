"""What the benchmarks in a browser share: pages on loopback, the libraries that are compared, the clicks."""
