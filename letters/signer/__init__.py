"""Pages and operations for signers."""
