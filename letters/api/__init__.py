"""The API: a second door to the queries of the public pages and to the operations of signers and organizers."""
