"""Domains that collectives have proved to be theirs. Owners prove and remove them, and site moderators remove them."""
