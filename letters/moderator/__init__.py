"""Pages and operations for moderators."""
