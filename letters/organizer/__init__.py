"""Pages and operations of signed-in people who write and publish letters."""
