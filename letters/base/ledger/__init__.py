"""The ledger of each letter: what is written into it, and whether it agrees with the signatures."""
