"""Sign the logs, serve them to anyone, and never sign a second history."""
