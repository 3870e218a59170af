"""Changes of a published letter: its text history, and whether signatures carry over to the new text."""
