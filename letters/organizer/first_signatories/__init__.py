"""First signatories: people whom organizers invite by email before a letter opens. Each signs by their own link."""
