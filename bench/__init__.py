"""Compare Undersigned with the maximum that the same server and machine can do: `make bench`. See README.md."""
