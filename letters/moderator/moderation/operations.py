"""Judging signatures: one by one or a page at once, each judgement recorded, and each of them undone again.

Nothing here counts: the sequencer numbers what is accepted, and moves the counts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from letters.base.audit_log.operations import record_each
from letters.models import MODERATING, WORDS, Letter, Signature, SignatureQuerySet, State, Transition, User
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused

Concern = Signature.Concern
# By id, the fingerprint of the words that the moderator has before their eyes.
Seen = Mapping[int, str]
UNSEEN: Seen = MappingProxyType({})
# In each field the word that the signer asks for, where they ask for another.
AS_PROPOSED = {name: Coalesce(KT(f"pending_changes__{name}"), F(name)) for name in [*WORDS, "display"]}

# More at once would hold the letter's row for long, which its sequencer waits for.
MAX_BATCH_SIZE = 500


@transaction.atomic
def accept_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Publish what waits for a moderator; clear the doubt about what is published, with the words that its signer
    asks for. How many it concerned. Of those in `seen`, only what still reads as the moderator saw it.
    """
    signatures = _to_judge(letter, ids, by)
    held = _those(signatures.filter(state__in=Transition.ACCEPT.sources), seen)
    doubtful = _those(signatures.filter(state=State.PUBLISHED).exclude(concern=""), seen)
    Signature.objects.filter(pk__in=held).move(Transition.ACCEPT)
    Signature.objects.filter(pk__in=doubtful).update(concern="", pending_changes=None, **AS_PROPOSED)
    return _judged("accept_signature", letter, [*held, *doubtful], by=by, now=now)


@transaction.atomic
def decline_changes(
    letter: Letter, ids: Collection[int], *, reason: str, by: User, now: datetime, seen: Seen = UNSEEN
) -> int:
    """Leave what is published as it reads, without the words that its signer asks for. How many it concerned.

    Raises Refused("no_reason") as below.
    """
    reason = _given(reason)
    waiting = _to_judge(letter, ids, by).filter(state=State.PUBLISHED, pending_changes__isnull=False)
    found = _those(waiting, seen)
    # Mail that came back is another doubt, which this does not clear.
    concern = Case(When(concern=Concern.CHANGED, then=Value("")), default=F("concern"))
    Signature.objects.filter(pk__in=found).update(
        declined_changes=F("pending_changes"), pending_changes=None, concern=concern
    )
    return _judged("decline_change", letter, found, by=by, now=now, reason=reason)


@transaction.atomic
def reject_signatures(letter: Letter, ids: Collection[int], *, reason: str, by: User, now: datetime) -> int:
    """Take out what waits or is published; a number that was given stays, without a name. How many it concerned.

    Raises Refused("no_reason") without a reason: another moderator must be able to follow it.
    """
    reason = _given(reason)
    found = _those(_to_judge(letter, ids, by).filter(state__in=Transition.REJECT.sources))
    Signature.objects.filter(pk__in=found).move(Transition.REJECT)
    return _judged("reject_signature", letter, found, by=by, now=now, reason=reason)


@transaction.atomic
def restore_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Undo a rejection: what had a number is published under it again, all else waits as before. How many.

    Changes that were declined wait once more. What its signer has taken back since then has nothing to put back.
    """
    signatures = _to_judge(letter, ids, by)
    rejected = signatures.filter(state__in=Transition.RESTORE.sources).exclude(verified=Signature.Verified.NO)
    numbered = _those(rejected.filter(number__isnull=False))
    waiting = _those(rejected.filter(number__isnull=True))
    declined = _those(signatures.filter(state=State.PUBLISHED, declined_changes__isnull=False))
    Signature.objects.filter(pk__in=numbered).move(Transition.RESTORE, to=State.PUBLISHED)
    Signature.objects.filter(pk__in=waiting).move(Transition.RESTORE, to=State.HELD)
    concern = Case(When(concern="", then=Value(Concern.CHANGED)), default=F("concern"))
    Signature.objects.filter(pk__in=declined).update(
        pending_changes=F("declined_changes"), declined_changes=None, concern=concern
    )
    again = _judged("restore_change", letter, declined, by=by, now=now)
    return again + _judged("restore_signature", letter, [*numbered, *waiting], by=by, now=now)


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    return reason.strip()


def _to_judge(letter: Letter, ids: Collection[int], by: User) -> SignatureQuerySet:
    """The letter's signatures among `ids`. Raises Refused("not_yours") or Refused("too_many")."""
    letter.collective.require_role(by, MODERATING)
    if len(ids) > MAX_BATCH_SIZE:
        raise Refused(Refusal.TOO_MANY)
    # The letter's row first, as the sequencer and the signers' operations take them.
    Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
    return Signature.objects.filter(letter=letter, pk__in=ids)


def _those(signatures: SignatureQuerySet, seen: Seen = UNSEEN) -> list[int]:
    """Their ids, locked: what is withdrawn at this moment is not judged, nor what reads otherwise than it was seen."""
    found = signatures.order_by("pk").select_for_update(no_key=True)
    if not seen:
        return list(found.values_list("pk", flat=True))
    return [each.pk for each in found if seen.get(each.pk, "") in {"", each.fingerprint()}]


def _judged(verb: str, letter: Letter, ids: list[int], *, by: User, now: datetime, reason: str = "") -> int:
    if ids:
        # Pages that show them are old from now on, with or without a worker.
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
        details, whose = {"letter": letter.pk}, letter.collective_id
        record_each(verb, "signature", ids, by=by, now=now, reason=reason, details=details, collective_id=whose)
        transaction.on_commit(lambda: wakeups.wake("letters.sequence", letter.pk, queue="publishing"))
    return len(ids)
