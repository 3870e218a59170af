"""Services the other groups share: outgoing email, the audit log, emailed links, accounts, keys and switches."""
