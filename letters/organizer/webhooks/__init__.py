"""Webhooks: tell other programs what happens with the public lists of a collective."""
