"""Rules of moderators: hold signatures like these for review, or keep signals from holding them."""
