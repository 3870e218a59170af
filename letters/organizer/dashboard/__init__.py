"""The overview of a letter: counts over time, where signers come from, the state of its emails, and its signatures."""
