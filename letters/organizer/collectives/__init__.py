"""The members of a collective: invitations, roles, handing over; and the record of what they did."""
