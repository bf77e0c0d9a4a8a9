"""`/metrics`: the same counts, cumulative."""
