"""The pages of moderators: the queue, and the lists of one letter."""
