"""What witnesses say about the log of the site."""
