"""Begin and end every decision: authority, locks, records, and work after the commit."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

from letters.base.changes.operations import LetterChange, change_letter
from letters.models import (
    MODERATING,
    Display,
    Letter,
    RejectionReason,
    ReviewClaim,
    ReviewDecision,
    Signature,
    SignatureQuerySet,
    User,
)
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused

Verb = ReviewDecision.Verb
Reason = ReviewDecision.Reason
# The fingerprint of the words that the moderator saw, by the id of the signature.
Seen = Mapping[int, str]
UNSEEN: Seen = MappingProxyType({})

# A claim that the moderator's page does not renew ends after this long. Then another moderator may get the signature.
CLAIM_LIFETIME = timedelta(minutes=10)
# Lock order: a larger batch would make the sequencer wait too long for the letter's row.
MAX_BATCH_SIZE = 500


def begin(letter: Letter, ids: Collection[int], by: User, now: datetime) -> tuple[LetterChange, SignatureQuerySet]:
    """Return the change and the letter's signatures among `ids`. Raises Refused("not_yours") or Refused("too_many")."""
    change = change_letter(letter, MODERATING, by=by, now=now, or_site_moderator=True)
    if len(ids) > MAX_BATCH_SIZE:
        raise Refused(Refusal.TOO_MANY)
    return change, Signature.objects.filter(letter=letter, pk__in=ids)


def lock(signatures: SignatureQuerySet, seen: Seen = UNSEEN) -> list[Signature]:
    """Lock signatures and return them, without those that differ from what was `seen`.

    Race: a signature that is withdrawn at this moment is left out.
    """
    locked = signatures.order_by("pk").select_for_update(no_key=True)
    if not seen:
        return list(locked.only("pk", "state", "concern", "pending_changes", "comment", "entrusted"))
    return [each for each in locked if seen.get(each.pk, "") in {"", each.fingerprint()}]


def rows(signatures: list[Signature]) -> SignatureQuerySet:
    """Select the rows of signatures that were locked."""
    return Signature.objects.filter(pk__in=ids_of(signatures))


def ids_of(signatures: list[Signature]) -> list[int]:
    return [each.pk for each in signatures]


def note_decision(
    change: LetterChange,
    verb: Verb,
    decided: list[Signature],
    *,
    code: str = Reason.NONE,
    because: RejectionReason | None = None,
    note: str = "",
) -> list[ReviewDecision]:
    """Store decisions so that they can be undone, and end the claims. Returns them.

    `decided` are the signatures as they were before.
    """
    by, now = cast("User", change.by), change.now
    decisions = ReviewDecision.objects.bulk_create(
        ReviewDecision(
            signature_id=each.pk,
            letter_id=change.letter.pk,
            decided_by=by,
            decided_at=now,
            verb=verb,
            reason=code,
            because=because,
            note=note,
            state_before=each.state,
            concern_before=each.concern,
        )
        for each in decided
    )
    ReviewClaim.objects.filter(signature__in=ids_of(decided)).delete()
    return decisions


def record_change(change: LetterChange, verb: str, ids: Collection[int], *, reason: str = "") -> int:
    """Record the same event for signatures that changed, and renew the pages that show them. Returns how many."""
    if ids:
        # Invalidate pages that show the signatures now, whether or not a worker runs. Privacy: the version is public,
        # and entries without a public name change only with the next batch.
        if Signature.objects.filter(pk__in=ids, display=Display.PUBLIC, number__isnull=False).exists():
            change.update()
        change.record_signatures(verb, ids, reason=reason)
        change.after_commit(lambda: wakeups.wake("letters.sequence", change.letter.pk, queue="publishing"))
    return len(ids)
