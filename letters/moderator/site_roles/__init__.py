"""The page on which superusers decide who moderates the whole site."""
