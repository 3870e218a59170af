"""Offer a letter to another collective, and accept or decline an offer."""
