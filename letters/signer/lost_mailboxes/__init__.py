"""Site moderators act for a person who has lost the mailbox of an address, and with it the emailed links."""
