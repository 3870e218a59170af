"""Accept, reject, hold and restore signatures, one or a page at a time. Every decision is recorded and can be undone.

Nothing here changes a count: the sequencer numbers accepted signatures and moves the counts.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Value, When

from letters.base.changes.operations import LetterChange
from letters.base.ledger.operations import changing_words
from letters.base.webhooks.operations import owe_changed
from letters.models import (
    WORDS,
    Letter,
    RejectionAppeal,
    RejectionReason,
    ReviewClaim,
    ReviewDecision,
    Signature,
    SignatureQuerySet,
    State,
    Transition,
    User,
    stored_words,
)
from letters.moderator.moderation.operations.appeals import appeals_to_settle, settle_appeals
from letters.moderator.moderation.operations.begin import (
    UNSEEN,
    Reason,
    Seen,
    Verb,
    begin,
    ids_of,
    lock,
    note_decision,
    record_change,
    rows,
)
from letters.moderator.moderation.operations.telling import tell_signers
from letters.moderator.moderation.queries import active_reason
from letters.shared.refused import Refusal, Refused

Concern = Signature.Concern
CHANGEABLE = [*WORDS, "display"]
# A signature on hold comes back to the queue after this long.
HOLD_LIFETIME = timedelta(days=1)
# Privacy: a signer who corrects a name wants the old one to be gone. For this long, undoing an acceptance restores it.
REPLACED_WORDS_LIFETIME = timedelta(days=3)


@transaction.atomic
def accept_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Publish held signatures; for published ones, apply the pending change and clear the concern. Returns how many.

    Signatures in `seen` that have changed since the moderator saw them are left alone. Raises
    Refused("another_decides") for an appeal against this person's own decision.
    """
    change, signatures = begin(letter, ids, by, now)
    appeals = appeals_to_settle(ids, by)
    held = lock(signatures.filter(state__in=Transition.ACCEPT.sources), seen)
    doubtful = lock(signatures.filter(state=State.PUBLISHED).exclude(concern=""), seen)
    again = lock(_taken_off(signatures), seen)
    rows(held).move(Transition.ACCEPT)
    asking = [each for each in doubtful if each.pending_changes]
    rows([each for each in doubtful if not each.pending_changes]).update(concern="", replaced_words=None)
    with changing_words(letter.pk, ids_of(asking)):
        for each in rows(asking):
            _apply_changes(each)
    owe_changed(letter, ids_of(asking), now=now)
    rows(again).filter(number__isnull=False).move(Transition.RESTORE, to=State.PUBLISHED)
    # The signer of a signature that never had a number has appealed.
    if rows(again).move(Transition.RESTORE, to=State.HELD):
        rows(again).move(Transition.ACCEPT)
    rows(again).update(concern="")
    accepted = [*held, *doubtful, *again]
    record_change(change, "accept_signature", ids_of(accepted))
    return _note(change, Verb.ACCEPT, accepted, appeals)


def _apply_changes(signature: Signature) -> None:
    """Write the words that wait, and keep the current ones, so that the acceptance can be undone.

    The caller has locked the row.
    """
    before = {name: getattr(signature, name) for name in CHANGEABLE}
    words = stored_words({**before, **(signature.pending_changes or {})}, signature.letter_id)
    words |= {"pending_changes": None, "replaced_words": before, "concern": ""}
    Signature.objects.filter(pk=signature.pk).update(**words)


@transaction.atomic
def decline_changes(
    letter: Letter,
    ids: Collection[int],
    *,
    reason: str,
    by: User,
    now: datetime,
    code: str = Reason.OTHER,
    seen: Seen = UNSEEN,
) -> int:
    """Decline the pending changes of published signatures, which stay as they are. Returns how many.

    Raises Refused("no_reason") without a reason.
    """
    because = required_reason(reason, code)
    change, signatures = begin(letter, ids, by, now)
    changed = lock(signatures.filter(state=State.PUBLISHED, pending_changes__isnull=False), seen)
    # A bounced email is another concern, which this does not clear.
    concern = Case(When(concern=Concern.CHANGED, then=Value("")), default=F("concern"))
    rows(changed).update(declined_changes=F("pending_changes"), pending_changes=None, concern=concern)
    record_change(change, "decline_change", ids_of(changed), reason=reason_in_words(reason, because))
    return len(note_decision(change, Verb.DECLINE, changed, code=code, because=because, note=reason.strip()))


@transaction.atomic
def reject_signatures(
    letter: Letter,
    ids: Collection[int],
    *,
    reason: str,
    by: User,
    now: datetime,
    code: str = Reason.OTHER,
    seen: Seen = UNSEEN,
    as_of: datetime | None = None,
) -> int:
    """Remove held or published signatures. A number that was given stays, without a name. Returns how many.

    `code` is a reason from the list, as it is now or was at `as_of`, and `reason` says more. Raises
    Refused("reason_retired") for a reason that is not on the list any more, and Refused("no_reason") for "another
    reason" that is not explained: other moderators must be able to understand it. Raises Refused("another_decides") for
    an appeal against this person's own decision.
    """
    because = required_reason(reason, code, as_of)
    change, signatures = begin(letter, ids, by, now)
    appeals = appeals_to_settle(ids, by)
    rejected = lock(signatures.filter(state__in=Transition.REJECT.sources), seen)
    again = lock(_taken_off(signatures), seen)
    rows(rejected).move(Transition.REJECT)
    rows(again).update(concern="")
    decided = [*rejected, *again]
    record_change(change, "reject_signature", ids_of(decided), reason=reason_in_words(reason, because))
    return _note(change, Verb.REJECT, decided, appeals, code=code, because=because, note=reason.strip())


def _note(
    change: LetterChange, verb: Verb, decided: list[Signature], appeals: Sequence[RejectionAppeal], **why: Any
) -> int:
    """Store the decisions, and what they mean for appeals. Returns how many."""
    decisions = note_decision(change, verb, decided, **why)
    settled = [each for each in appeals if each.signature_id in ids_of(decided)]
    outcome = RejectionAppeal.Outcome.REVERSED if verb == Verb.ACCEPT else RejectionAppeal.Outcome.UPHELD
    settle_appeals(settled, outcome, cast("User", change.by))
    if verb == Verb.ACCEPT:
        asked = {each.signature_id for each in settled}
        tell_signers(change, [each for each in decisions if each.signature_id in asked])
    else:
        tell_signers(change, decisions)
    return len(decisions)


@transaction.atomic
def hold_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Decide later. Held signatures leave the queue for a day; others also leave the public list. Returns how many.

    A published signature keeps its number, and stays off the list until a moderator accepts it. Raises
    Refused("another_decides") for an appeal against this person's own decision.
    """
    return len(set_aside(letter, ids, Verb.HOLD, HOLD_LIFETIME, by=by, now=now, seen=seen)[1])


def set_aside(
    letter: Letter, ids: Collection[int], verb: Verb, lifetime: timedelta, *, by: User, now: datetime, seen: Seen
) -> tuple[LetterChange, list[ReviewDecision]]:
    """Take signatures off the list, and keep them out of the queue for some time. Returns the decisions."""
    change, signatures = begin(letter, ids, by, now)
    appeals_to_settle(ids, by)
    held = lock(signatures.filter(state=State.HELD), seen)
    again = lock(_taken_off(signatures), seen)
    unnumbered = lock(signatures.filter(state=State.CONFIRMED), seen)
    published = lock(signatures.filter(state=State.PUBLISHED), seen)
    rows(unnumbered).move(Transition.REVIEW_AGAIN, concern=F("concern"))
    rows(published).move(Transition.TAKE_OFF_LIST)
    aside = [*held, *again, *unnumbered, *published]
    record_change(change, f"{verb}_signature", ids_of(aside))
    decisions = note_decision(change, verb, aside)
    until = now + lifetime
    ReviewClaim.objects.bulk_create(
        (ReviewClaim(signature_id=each, moderator=by, until=until, is_on_hold=True) for each in ids_of(aside)),
        # Race: since the old claims were deleted, another moderator's page may have claimed one of these.
        update_conflicts=True,
        unique_fields=["signature"],
        update_fields=["moderator", "until", "is_on_hold"],
    )
    return change, decisions


@transaction.atomic
def restore_signatures(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Undo a rejection: numbered signatures are published again under their number, others are held. Returns how many.

    Declined changes wait for a moderator again. Signatures that were withdrawn since then stay withdrawn.
    """
    change, signatures = begin(letter, ids, by, now)
    rejected = signatures.filter(state__in=Transition.RESTORE.sources).exclude(verified=Signature.Verified.NO)
    rejected = rejected.exclude(concern=Concern.RECHECK)
    numbered = lock(rejected.filter(number__isnull=False))
    waiting = lock(rejected.filter(number__isnull=True))
    declined = lock(signatures.filter(state=State.PUBLISHED, declined_changes__isnull=False))
    # Publishing again is a decision like any other, which can be undone, and drawn for a second opinion. Putting a
    # signature back into the queue decides nothing for good, but can be undone, too.
    note_decision(change, Verb.ACCEPT, numbered)
    note_decision(change, Verb.RESTORE, waiting)
    rows(numbered).move(Transition.RESTORE, to=State.PUBLISHED)
    rows(waiting).move(Transition.RESTORE, to=State.HELD)
    concern = Case(When(concern="", then=Value(Concern.CHANGED)), default=F("concern"))
    rows(declined).update(pending_changes=F("declined_changes"), declined_changes=None, concern=concern)
    restored = record_change(change, "restore_change", ids_of(declined))
    return restored + record_change(change, "restore_signature", ids_of([*numbered, *waiting]))


def _taken_off(signatures: SignatureQuerySet) -> SignatureQuerySet:
    """Select signatures that are off the list until a moderator decides again, and not emptied since."""
    return signatures.filter(state=State.REJECTED, concern=Concern.RECHECK, confirmed_at__isnull=False)


def forget_replaced_words(*, now: datetime) -> int:
    """Delete the words before accepted changes that were not undone in time. Returns how many signatures had some."""
    recent = ReviewDecision.objects.filter(signature=OuterRef("pk"), decided_at__gt=now - REPLACED_WORDS_LIFETIME)
    return Signature.objects.filter(~Exists(recent), replaced_words__isnull=False).update(replaced_words=None)


def required_reason(note: str, code: str, as_of: datetime | None = None) -> RejectionReason | None:
    """Return the reason from the list; None for another reason, which the note explains."""
    because = active_reason(code, as_of=as_of)
    if because is None and code not in (Reason.OTHER, Reason.NONE):
        raise Refused(Refusal.REASON_RETIRED)
    if because is None and (code == Reason.NONE or not note.strip()):
        raise Refused(Refusal.NO_REASON)
    return because


def reason_in_words(note: str, because: RejectionReason | None) -> str:
    """Return the reason for the audit record: the one from the list, and what the moderator added."""
    return ". ".join(part for part in (str(because) if because else "", note.strip()) if part)
