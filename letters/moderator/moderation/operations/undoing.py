"""Undo a decision, for as long as its record exists."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import F

from letters.base.changes.operations import LetterChange, change_letter
from letters.base.ledger.operations import changing_words
from letters.models import (
    IN_QUEUE,
    MODERATING,
    Letter,
    ReviewClaim,
    ReviewDecision,
    Signature,
    SignatureQuerySet,
    SignerQuestion,
    State,
    Transition,
    User,
    stored_words,
)
from letters.moderator.moderation.operations.appeals import reopen_appeal
from letters.moderator.moderation.operations.begin import CLAIM_LIFETIME, Verb, begin, lock, record_change
from letters.moderator.moderation.operations.telling import tell_no_signers
from letters.shared.refused import Refusal, Refused

Concern = Signature.Concern


@transaction.atomic
def undo_decision(decision: ReviewDecision, *, by: User, now: datetime) -> None:
    """Return a signature to its state before a decision. Locks the letter.

    Raises Refused("another_decides") if it settles an appeal against this person's own decision, and
    Refused("decided_again") if the decision is not the newest about the signature that was not undone, or if the
    signature has changed since: its signer may have withdrawn it.
    """
    change, signatures = begin(decision.letter, [decision.signature_id], by, now)
    # Race: read under the letter's lock. If two people undo the decision at once, the second finds it undone.
    made = ReviewDecision.objects.filter(signature=decision.signature_id, undone_at=None)
    newest = made.order_by("-pk").first()
    if newest is None or newest.pk != decision.pk:
        raise Refused(Refusal.DECIDED_AGAIN)
    reopen_appeal(newest, by)
    if not UNDO[Verb(newest.verb)](signatures.order_by("pk").select_for_update(no_key=True), newest):
        raise Refused(Refusal.DECIDED_AGAIN)
    ReviewDecision.objects.filter(pk=newest.pk).update(undone_at=now, undone_by=by)
    tell_no_signers([newest.pk])
    # It comes back to the person who undid it, not to someone else.
    mine = {"moderator": by, "until": now + CLAIM_LIFETIME, "is_on_hold": False}
    ReviewClaim.objects.update_or_create(signature_id=newest.signature_id, defaults=mine)
    record_change(change, f"undo_{newest.verb}", [newest.signature_id])


@transaction.atomic
def undo_own_decisions(letter: Letter, ids: Collection[int], *, by: User, now: datetime) -> int:
    """Undo the newest decision about each of these signatures, if this person made it. Returns how many.

    Signatures that someone else decided about since, or that changed, are left as they are.
    """
    change_letter(letter, MODERATING, by=by, now=now, or_site_moderator=True)
    decisions = ReviewDecision.objects.filter(letter=letter, signature__in=ids)
    newest = decisions.order_by("signature_id", "-pk").distinct("signature_id")
    undone = 0
    for decision in newest:
        if decision.decided_by_id == by.pk:
            decision.letter = letter
            with suppress(Refused):
                undo_decision(decision, by=by, now=now)
                undone += 1
    return undone


def undo_together(change: LetterChange, verb: Verb, decisions: Sequence[ReviewDecision]) -> int:
    """Undo decisions of one kind about different signatures of a letter that the caller has locked. Returns how many.

    Those that are not the newest, or whose signature has changed since, are left as they are.
    """
    by, now = cast("User", change.by), change.now
    of = {each.signature_id: each for each in decisions}
    later = ReviewDecision.objects.filter(signature__in=of).order_by("signature_id", "-pk").distinct("signature_id")
    newest = {each.signature_id: each for each in later if each.pk == of[each.signature_id].pk and not each.undone_at}
    signatures = Signature.objects.filter(letter=change.letter, pk__in=newest)
    before = {each.pk: each for each in lock(signatures)}
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for pk, row in before.items():
        # Privacy: the words before an accepted change are those of one signer.
        alone = pk if verb == Verb.ACCEPT and newest[pk].state_before == State.PUBLISHED else 0
        alike[row.state, newest[pk].state_before, newest[pk].concern_before, alone].append(pk)
    for ids in alike.values():
        UNDO[verb](signatures.filter(pk__in=ids), newest[ids[0]])
    now_are = signatures.values_list("pk", "state", "concern")
    undone = [pk for pk, state, concern in now_are if (state, concern) != (before[pk].state, before[pk].concern)]
    decisions_undone = [newest[pk].pk for pk in undone]
    ReviewDecision.objects.filter(pk__in=decisions_undone).update(undone_at=now, undone_by=by)
    tell_no_signers(decisions_undone)
    return record_change(change, f"undo_{verb}", undone)


# Each returns how many signatures it moved: 1, or 0 if the signature is no longer as the decision left it.


def _accept(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    before = decision.concern_before
    if decision.state_before == State.PUBLISHED:
        accepted = row.filter(state=State.PUBLISHED, concern="")
        with changing_words(decision.letter_id, [decision.signature_id]):
            return accepted.update(concern=before, **_words_before(accepted))
    return row.move(Transition.REVIEW_AGAIN, concern=before) or row.move(Transition.TAKE_OFF_LIST)


def _words_before(accepted: SignatureQuerySet) -> dict[str, Any]:
    """Return columns that make the words before an accepted change current, while the change waits again.

    If the old words are deleted, the current ones stay, and a moderator reviews those.
    """
    signature = accepted.first()
    before: dict[str, str] | None = signature.replaced_words if signature else None
    if signature is None or before is None:
        return {}
    wanted = {name: getattr(signature, name) for name in before if getattr(signature, name) != before[name]}
    words = stored_words(before, signature.letter_id)
    return {**words, "pending_changes": wanted or None, "replaced_words": None}


def _reject(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    rejected = row.exclude(verified=Signature.Verified.NO).exclude(concern=Concern.RECHECK)
    if decision.state_before == State.REJECTED:
        return rejected.filter(state=State.REJECTED).update(concern=Concern.RECHECK)
    numbered = rejected.filter(number__isnull=False).move(Transition.RESTORE, to=State.PUBLISHED)
    return numbered or rejected.filter(number__isnull=True).move(Transition.RESTORE, to=State.HELD)


def _decline(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    declined = row.filter(state=State.PUBLISHED, declined_changes__isnull=False)
    return declined.update(
        pending_changes=F("declined_changes"), declined_changes=None, concern=decision.concern_before
    )


def _hold(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    if decision.state_before != State.PUBLISHED:
        return row.filter(IN_QUEUE).count()
    taken_off = row.filter(concern=Concern.RECHECK).exclude(verified=Signature.Verified.NO)
    restored = taken_off.move(Transition.RESTORE, to=State.PUBLISHED)
    Signature.objects.filter(pk=decision.signature_id, concern=Concern.RECHECK).update(concern=decision.concern_before)
    return restored


def _ask(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    SignerQuestion.objects.filter(decision=decision).delete()
    return _hold(row, decision)


def _restore(row: SignatureQuerySet, decision: ReviewDecision) -> int:
    # Nobody has decided about words that the signer has changed since.
    return 0 if decision.words_changed else row.filter(state=State.HELD).move(Transition.REJECT)


UNDO: Mapping[Verb, Callable[[SignatureQuerySet, ReviewDecision], int]] = {
    Verb.ACCEPT: _accept,
    Verb.REJECT: _reject,
    Verb.DECLINE: _decline,
    Verb.HOLD: _hold,
    Verb.ASK: _ask,
    Verb.RESTORE: _restore,
}
