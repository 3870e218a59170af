"""Pages and operations of people who sign."""
