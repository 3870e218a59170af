"""Letters that the public may know of, and the decorator of pages about one of them."""
