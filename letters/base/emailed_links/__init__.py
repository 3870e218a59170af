"""What all pages behind an emailed link have in common."""
