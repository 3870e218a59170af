"""Judging signatures: one by one or a page at once, each judgement recorded, and each of them undone again.

Nothing here counts: the sequencer numbers what is accepted, and moves the counts.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F

from letters.auditing.operations import record_each
from letters.models import MODERATING, Letter, Signature, SignatureQuerySet, User
from letters.shared import wakeups
from letters.shared.refusal import Refused

State = Signature.State

# More at once would hold the letter's row for long, which its sequencer waits for.
MOST_AT_ONCE = 500


@transaction.atomic
def accept_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Publish what waits for a moderator, and clear the doubt about what is published. How many it concerned."""
    signatures = _to_judge(letter, ids, by)
    held = _those(signatures.filter(state=State.HELD))
    doubtful = _those(signatures.filter(state=State.PUBLISHED).exclude(concern=""))
    Signature.objects.filter(pk__in=held).update(state=State.CONFIRMED, concern="")
    Signature.objects.filter(pk__in=doubtful).update(concern="")
    return _judged("accept_signature", letter, [*held, *doubtful], by=by, now=now)


@transaction.atomic
def reject_signatures(letter: Letter, ids: Collection[int], *, reason: str, by: User, now: datetime) -> int:
    """Take out what waits or is published; a number that was given stays, without a name. How many it concerned.

    Raises Refused("no_reason") without a reason: another moderator must be able to follow it.
    """
    if not reason.strip():
        raise Refused("no_reason")
    found = _those(_to_judge(letter, ids, by).filter(state__in=[State.HELD, State.CONFIRMED, State.PUBLISHED]))
    Signature.objects.filter(pk__in=found).update(state=State.REJECTED)
    return _judged("reject_signature", letter, found, by=by, now=now, reason=reason.strip())


@transaction.atomic
def restore_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Undo a rejection: what had a number is published under it again, all else waits as before. How many."""
    signatures = _to_judge(letter, ids, by).filter(state=State.REJECTED)
    numbered = _those(signatures.filter(number__isnull=False))
    waiting = _those(signatures.filter(number__isnull=True))
    Signature.objects.filter(pk__in=numbered).update(state=State.PUBLISHED)
    Signature.objects.filter(pk__in=waiting).update(state=State.HELD)
    return _judged("restore_signature", letter, [*numbered, *waiting], by=by, now=now)


def _to_judge(letter: Letter, ids: Collection[int], by: User) -> SignatureQuerySet:
    """The letter's signatures among `ids`. Raises Refused("not_yours") or Refused("too_many")."""
    if not letter.collective.lets(by, MODERATING):
        raise Refused("not_yours")
    if len(ids) > MOST_AT_ONCE:
        raise Refused("too_many")
    # The letter's row first, as the sequencer and the signers' operations take them.
    Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
    return Signature.objects.filter(letter=letter, pk__in=ids)


def _those(signatures: SignatureQuerySet) -> list[int]:
    """Their ids, locked: what is withdrawn at this moment is not judged."""
    return list(signatures.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _judged(verb: str, letter: Letter, ids: list[int], *, by: User, now: datetime, reason: str = "") -> int:
    if ids:
        # Pages that show them are old from now on, with or without a worker.
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
        details, whose = {"letter": letter.pk}, letter.collective_id
        record_each(verb, "signature", ids, by=by, now=now, reason=reason, details=details, collective_id=whose)
        transaction.on_commit(lambda: wakeups.wake("letters.sequence", letter.pk, queue="publishing"))
    return len(ids)
