"""The public account of moderation: for each letter, why signatures were removed, and how long people wait."""
