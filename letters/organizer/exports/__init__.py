"""Files with signatures, and letters with their signatures as PDF, made by a worker."""
