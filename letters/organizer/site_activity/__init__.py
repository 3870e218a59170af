"""The audit records of the whole site, for its moderators."""
