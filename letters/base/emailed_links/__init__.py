"""What every page behind a mailed link has in common, whichever room it belongs to."""
