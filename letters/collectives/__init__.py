"""Who belongs to a collective: invitations, parts, handing over; and the record of what was done."""
