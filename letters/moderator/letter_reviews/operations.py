"""Decide about a text: it looks fine, or it goes back to its organizers."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_letter_unasked
from letters.base.letter_reviews.queries import fingerprint_of
from letters.models import Letter, LetterReview, User
from letters.shared.refused import Refusal, Refused

Outcome = LetterReview.Outcome


@transaction.atomic
def approve_text(review: LetterReview, *, seen: str, by: User, now: datetime) -> None:
    """Find a text fine. If it waited, the clock can publish it, or the organizers can. Idempotent.

    Raises Refused("not_yours") for everyone but site moderators, Refused("own_letter") for members of its collective,
    Refused("text_changed_since") if the text is not the one that was `seen`, and Refused("review_over") if someone
    else has decided or nothing waits any more.
    """
    found = _locked(review, seen, by, now)
    if found.outcome == Outcome.FINE and found.decided_by_id == by.pk:
        return
    _decide(found, Outcome.FINE, "", by, now)
    record("approve_text", found.letter, by=by, now=now, details={"revision": found.revision.number})


@transaction.atomic
def send_text_back(review: LetterReview, *, seen: str, reason: str, by: User, now: datetime) -> None:
    """Send a text that waits back to its organizers, with a reason. It is not published. Idempotent.

    Raises Refused as `approve_text` does, Refused("no_reason"), and Refused("review_over") for a text that is public:
    that one can be taken down.
    """
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    found = _locked(review, seen, by, now)
    if found.outcome == Outcome.SENT_BACK and found.decided_by_id == by.pk:
        return
    if not found.is_before:
        raise Refused(Refusal.REVIEW_OVER)
    _decide(found, Outcome.SENT_BACK, reason.strip(), by, now)
    Letter.objects.filter(pk=found.letter_id, status=Letter.Status.DRAFT).update(publish_at=None, publish_refused="")
    details = {"revision": found.revision.number}
    record("send_text_back", found.letter, by=by, now=now, reason=reason.strip(), details=details)


def _locked(review: LetterReview, seen: str, by: User, now: datetime) -> LetterReview:
    """Lock the letter, and check who decides and about what.

    Authority: a draft is none of a site moderator's business, except the one text that waits for them.
    """
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    letter = Letter.objects.select_related("collective").get(pk=review.letter_id)
    change_letter_unasked(letter, by=None, now=now)
    if letter.collective.has_member(by):
        raise Refused(Refusal.OWN_LETTER)
    found = LetterReview.objects.select_related("revision").filter(pk=review.pk).first()
    if found is None or (found.outcome and found.decided_by_id != by.pk):
        raise Refused(Refusal.REVIEW_OVER)
    if not found.outcome and not LetterReview.objects.waiting().filter(pk=found.pk).exists():
        raise Refused(Refusal.REVIEW_OVER)
    found.letter = letter
    if seen != bytes(found.fingerprint).hex() or bytes(found.fingerprint) != fingerprint_of(found.revision):
        raise Refused(Refusal.TEXT_CHANGED_SINCE)
    return found


def _decide(review: LetterReview, outcome: Outcome, reason: str, by: User, now: datetime) -> None:
    if review.outcome:
        raise Refused(Refusal.REVIEW_OVER)
    review.outcome, review.reason, review.decided_by, review.decided_at = outcome, reason, by, now
    review.save()
