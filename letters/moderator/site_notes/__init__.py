"""Private notes of site moderators about accounts, collectives and letters."""
