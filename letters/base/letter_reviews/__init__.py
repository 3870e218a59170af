"""The reviews of texts by site moderators, before or after the texts are public."""
