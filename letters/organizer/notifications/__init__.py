"""Emails to organizers and staff about what happened, and the page on which each person chooses them."""
