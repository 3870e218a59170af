"""Code that all pages behind an emailed link share."""
