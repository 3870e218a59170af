"""Personal tokens: with one, a program of a member reads what that member may read of the letters of a collective."""
