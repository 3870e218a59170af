"""What site moderators do for a person who has lost the mailbox of an address, and so the emailed links."""
