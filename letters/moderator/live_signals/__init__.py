"""Score confirmed signatures with what the site knows about them, and hold those that reach the letter's threshold."""
