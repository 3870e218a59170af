"""Tell signers by email that a moderator has decided about their signature."""

from collections.abc import Iterable

from letters.base.changes.operations import LetterChange
from letters.base.outbox.enqueueing import new_email
from letters.models import EmailKind, OutgoingEmail, ReviewDecision, next_daily_hour


def tell_signers(change: LetterChange, decisions: Iterable[ReviewDecision]) -> None:
    """Create the emails about decisions, which leave with the other daily emails.

    Privacy: every signature gets a row. Whether an email may leave is decided when its turn has come, by what the
    signer shows then (letters/signer/signing/telling.py), so nothing that a moderator sees depends on it.
    """
    due = next_daily_hour(change.letter.zone(), change.now)
    OutgoingEmail.objects.bulk_create(
        new_email(EmailKind.DECIDED, each.pk, now=change.now, due=due, signature_id=each.signature_id)
        for each in decisions
    )


def tell_no_signers(decisions: Iterable[int]) -> None:
    """Delete the emails about decisions that were undone before they left. Takes the ids of the decisions."""
    keys = [f"{EmailKind.DECIDED}:{pk}" for pk in decisions]
    OutgoingEmail.objects.owed().filter(key__in=keys).delete()
