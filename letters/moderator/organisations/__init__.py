"""Organisations that sign: the public form, the emailed links, and the decisions of the organizers."""
