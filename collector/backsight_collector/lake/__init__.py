"""The lake's writing side: Delta tables whose commits survive the power, recovery and compaction."""
