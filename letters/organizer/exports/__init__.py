"""Signatures, and letters with their signatures, as files, made in the background."""
