"""The page on which owners prove domains of their collective."""
