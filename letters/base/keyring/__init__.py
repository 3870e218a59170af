"""Check that this process has the keys under which the data was written."""
