"""The page on which site moderators see the domains that collectives show, and remove them."""
