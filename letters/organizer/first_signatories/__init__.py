"""The first signers: invited by mail before a letter opens, each of whom confirms for themselves."""
