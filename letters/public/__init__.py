"""Pages that anyone reads."""
