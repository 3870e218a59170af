"""First signatories: invited by email before a letter opens, each of whom confirms for themselves."""
