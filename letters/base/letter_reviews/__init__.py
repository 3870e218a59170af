"""Which texts of letters a site moderator looks at, before or after they are public."""
