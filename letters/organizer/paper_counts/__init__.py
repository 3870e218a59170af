"""Signatures on paper: organizers enter how many there are, and moderators of the site can hide a number."""
