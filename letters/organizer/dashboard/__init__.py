"""How a letter fares: counts over time, where signers come from, how its mail stands, who has signed."""
