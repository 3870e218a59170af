"""Signatures and contacts as files, made in the background."""
