"""Backsight's collector: the wire's batches become rows of the lake, each acknowledged event exactly once."""
