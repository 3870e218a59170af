"""A published letter changes: its history, how its texts differ, and whether signers carry over."""
