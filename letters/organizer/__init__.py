"""Pages and operations for organizers."""
