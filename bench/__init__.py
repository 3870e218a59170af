"""How fast Undersigned is, beside what the same server and machine can do at most: `make bench`. See README.md."""
