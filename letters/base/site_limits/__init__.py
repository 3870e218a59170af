"""Limits that staff change while the site runs, for example under attack."""
