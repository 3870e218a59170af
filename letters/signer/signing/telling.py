"""Decide whether an email may tell a signer what a moderator has done."""

from letters.shared.domains import domain_of, is_private


def may_tell_by_email(address: str, *, is_named: bool) -> bool:
    """Return whether an email about a moderator's act may leave. If not, it waits behind the control link alone.

    Privacy: a moderator who can read a company's mail log could reject, or ask about, one signature, and see which
    address gets an email. So only signers who show everyone their name get one, and only at a large provider of private
    mailboxes, whose log no employer reads (docs/decisions/0008-no-email-that-gives-a-signer-away.md).
    """
    return is_named and is_private(domain_of(address))
