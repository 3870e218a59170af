"""Pages and operations of people who judge signatures."""
