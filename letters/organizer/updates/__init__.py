"""Updates to signers who agreed to get them, their public pages, and the addressee's answers."""
