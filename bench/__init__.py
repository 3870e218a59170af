"""Measure Undersigned beside the most that the same server and machine can do: `make bench`. See README.md."""
