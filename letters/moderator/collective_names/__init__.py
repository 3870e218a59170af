"""The page on which site moderators allow a name although another collective has one that looks the same."""
