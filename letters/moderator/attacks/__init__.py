"""Waves of signatures: notice them, raise a shield with one button, and end both when the wave is over."""
