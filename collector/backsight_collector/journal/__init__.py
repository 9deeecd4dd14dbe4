"""The write-ahead log: what was acknowledged is here, until it is in the lake."""
