"""Accept, reject and restore signatures, one or a page at a time. Every decision is recorded and can be undone.

Nothing here changes a count: the sequencer numbers accepted signatures and moves the counts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from letters.base.changes.operations import LetterChange, change_letter
from letters.models import MODERATING, WORDS, Letter, Signature, SignatureQuerySet, State, Transition, User
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused

Concern = Signature.Concern
# The fingerprint of the words that the moderator saw, by the id of the signature.
Seen = Mapping[int, str]
UNSEEN: Seen = MappingProxyType({})
# SQL for each field: the pending change, or else the current words.
AS_PROPOSED = {name: Coalesce(KT(f"pending_changes__{name}"), F(name)) for name in [*WORDS, "display"]}

# Lock order: a larger batch would make the sequencer wait too long for the letter's row.
MAX_BATCH_SIZE = 500


@transaction.atomic
def accept_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Publish held signatures; for published ones, apply the pending change and clear the concern. Returns how many.

    Signatures in `seen` that have changed since the moderator saw them are left alone.
    """
    change, signatures = _begin(letter, ids, by, now)
    held = _lock(signatures.filter(state__in=Transition.ACCEPT.sources), seen)
    doubtful = _lock(signatures.filter(state=State.PUBLISHED).exclude(concern=""), seen)
    Signature.objects.filter(pk__in=held).move(Transition.ACCEPT)
    Signature.objects.filter(pk__in=doubtful).update(concern="", pending_changes=None, **AS_PROPOSED)
    return _record_decision(change, "accept_signature", [*held, *doubtful])


@transaction.atomic
def decline_changes(
    letter: Letter, ids: Collection[int], *, reason: str, by: User, now: datetime, seen: Seen = UNSEEN
) -> int:
    """Decline the pending changes of published signatures, which stay as they are. Returns how many.

    Raises Refused("no_reason") without a reason.
    """
    reason = _required_reason(reason)
    change, signatures = _begin(letter, ids, by, now)
    changed = _lock(signatures.filter(state=State.PUBLISHED, pending_changes__isnull=False), seen)
    # A bounced email is another concern, which this does not clear.
    concern = Case(When(concern=Concern.CHANGED, then=Value("")), default=F("concern"))
    Signature.objects.filter(pk__in=changed).update(
        declined_changes=F("pending_changes"), pending_changes=None, concern=concern
    )
    return _record_decision(change, "decline_change", changed, reason=reason)


@transaction.atomic
def reject_signatures(letter: Letter, ids: Collection[int], *, reason: str, by: User, now: datetime) -> int:
    """Remove held or published signatures. A number that was given stays, without a name. Returns how many.

    Raises Refused("no_reason") without a reason: other moderators must be able to understand it.
    """
    reason = _required_reason(reason)
    change, signatures = _begin(letter, ids, by, now)
    rejected = _lock(signatures.filter(state__in=Transition.REJECT.sources))
    Signature.objects.filter(pk__in=rejected).move(Transition.REJECT)
    return _record_decision(change, "reject_signature", rejected, reason=reason)


@transaction.atomic
def restore_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Undo a rejection: numbered signatures are published again under their number, others are held. Returns how many.

    Declined changes wait for a moderator again. Signatures that were withdrawn since then stay withdrawn.
    """
    change, signatures = _begin(letter, ids, by, now)
    rejected = signatures.filter(state__in=Transition.RESTORE.sources).exclude(verified=Signature.Verified.NO)
    numbered = _lock(rejected.filter(number__isnull=False))
    waiting = _lock(rejected.filter(number__isnull=True))
    declined = _lock(signatures.filter(state=State.PUBLISHED, declined_changes__isnull=False))
    Signature.objects.filter(pk__in=numbered).move(Transition.RESTORE, to=State.PUBLISHED)
    Signature.objects.filter(pk__in=waiting).move(Transition.RESTORE, to=State.HELD)
    concern = Case(When(concern="", then=Value(Concern.CHANGED)), default=F("concern"))
    Signature.objects.filter(pk__in=declined).update(
        pending_changes=F("declined_changes"), declined_changes=None, concern=concern
    )
    again = _record_decision(change, "restore_change", declined)
    return again + _record_decision(change, "restore_signature", [*numbered, *waiting])


def _required_reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    return reason.strip()


def _begin(letter: Letter, ids: Collection[int], by: User, now: datetime) -> tuple[LetterChange, SignatureQuerySet]:
    """Return the change and the letter's signatures among `ids`. Raises Refused("not_yours") or Refused("too_many")."""
    change = change_letter(letter, MODERATING, by=by, now=now)
    if len(ids) > MAX_BATCH_SIZE:
        raise Refused(Refusal.TOO_MANY)
    return change, Signature.objects.filter(letter=letter, pk__in=ids)


def _lock(signatures: SignatureQuerySet, seen: Seen = UNSEEN) -> list[int]:
    """Lock signatures and return their ids, without those that differ from what was `seen`.

    Race: a signature that is withdrawn at this moment is left out.
    """
    locked = signatures.order_by("pk").select_for_update(no_key=True)
    if not seen:
        return list(locked.values_list("pk", flat=True))
    return [each.pk for each in locked if seen.get(each.pk, "") in {"", each.fingerprint()}]


def _record_decision(change: LetterChange, verb: str, ids: list[int], *, reason: str = "") -> int:
    if ids:
        # Invalidate pages that show the signatures now, whether or not a worker runs.
        change.update()
        change.record_signatures(verb, ids, reason=reason)
        change.after_commit(lambda: wakeups.wake("letters.sequence", change.letter.pk, queue="publishing"))
    return len(ids)
