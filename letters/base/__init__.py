"""Services the other groups share: outgoing email, audit records, emailed links, accounts, keys and switches."""
