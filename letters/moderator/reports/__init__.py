"""Reports by readers about a letter or one signature, and the moderators' decisions on them."""
