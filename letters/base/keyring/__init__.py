"""Whether the keys that this process was given are those under which the data was written."""
