"""The queue of texts that site moderators look at, before or after they are public."""
