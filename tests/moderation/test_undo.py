"""Every decision can be undone: the signature is again where it was, and so are the counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from letters.models import WORDS, AuditEvent, Letter, ReviewDecision, Signature, State, User
from letters.moderator.moderation.operations import (
    accept_signatures,
    decline_changes,
    forget_replaced_words,
    hold_signatures,
    reject_signatures,
    restore_signatures,
    undo_decision,
)
from letters.moderator.moderation.queries import claimed_by, scope_of
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, change_signature, withdraw_signature
from tests.people import NOW, add_confirmed, add_published, ids_of, publish

pytestmark = pytest.mark.django_db

Decide = Callable[[Letter, list[int], User], int]


def accept(letter: Letter, ids: list[int], by: User) -> int:
    return accept_signatures(letter, ids, by=by, now=NOW)


def reject(letter: Letter, ids: list[int], by: User) -> int:
    return reject_signatures(letter, ids, reason="Not a person", by=by, now=NOW)


def hold(letter: Letter, ids: list[int], by: User) -> int:
    return hold_signatures(letter, ids, by=by, now=NOW)


def undo(signature_id: int, by: User) -> None:
    newest = ReviewDecision.objects.filter(signature=signature_id).order_by("-pk")[0]
    undo_decision(newest, by=by, now=NOW)


def one(letter: Letter, state: str, concern: str) -> int:
    """A signature in this state, among others that are published. Returns its id."""
    add_published(letter, 3)
    if state == "published":
        pk = ids_of(letter)[1]
    else:
        add_confirmed(letter, 1, state=state)
        pk = ids_of(letter)[-1]
    Signature.objects.filter(pk=pk).update(concern=concern)
    publish()
    return pk


def everything(letter: Letter, pk: int) -> tuple[object, ...]:
    letter.refresh_from_db()
    signature = Signature.objects.get(pk=pk)
    counts = (letter.signature_count, letter.removed_count, letter.last_number, letter.awaiting_review)
    return signature.state, signature.concern, signature.number, signature.counted, *counts


@pytest.mark.parametrize(
    ("state", "concern", "decide"),
    [
        ("held", "disposable", reject),
        ("held", "", hold),
        ("published", "bounced", accept),
        ("published", "bounced", reject),
        ("published", "bounced", hold),
        ("published", "", hold),
        ("published", "", reject),
    ],
)
def test_an_undone_decision_leaves_everything_as_before(
    letter: Letter, moderator: User, state: str, concern: str, decide: Decide
) -> None:
    pk = one(letter, state, concern)
    before = everything(letter, pk)
    assert decide(letter, [pk], moderator) == 1
    publish()
    undo(pk, moderator)
    publish()
    assert everything(letter, pk) == before


def test_an_acceptance_undone_at_once_waits_with_its_concern(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "disposable")
    before = everything(letter, pk)
    accept(letter, [pk], moderator)
    undo(pk, moderator)
    assert everything(letter, pk) == before


def test_an_acceptance_undone_after_its_number_was_given_waits_off_the_list(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "disposable")
    accept(letter, [pk], moderator)
    publish()
    undo(pk, moderator)
    publish()
    assert everything(letter, pk) == ("rejected", "recheck", 4, False, 3, 1, 4, 0)
    assert [each.pk for each in claimed_by(moderator, scope_of(moderator), now=NOW)] == [pk]
    accept(letter, [pk], moderator)
    publish()
    assert everything(letter, pk) == ("published", "", 4, True, 4, 0, 4, 0)


@pytest.mark.parametrize("decide", [reject, hold])
def test_what_waits_off_the_list_can_be_decided_and_undone_again(
    letter: Letter, moderator: User, decide: Decide
) -> None:
    pk = one(letter, "published", "")
    hold(letter, [pk], moderator)
    publish()
    before = everything(letter, pk)
    assert decide(letter, [pk], moderator) == 1
    undo(pk, moderator)
    publish()
    assert everything(letter, pk) == before


def test_declined_changes_wait_again(letter: Letter, moderator: User) -> None:
    pk = one(letter, "published", "changed")
    Signature.objects.filter(pk=pk).update(pending_changes={"name": "Ada Byron"})
    decline_changes(letter, [pk], reason="Not the same person", by=moderator, now=NOW)
    undo(pk, moderator)
    signature = Signature.objects.get(pk=pk)
    assert (signature.pending_changes, signature.declined_changes, signature.concern) == (
        {"name": "Ada Byron"},
        None,
        "changed",
    )


def test_a_signature_put_back_into_the_queue_is_rejected_again(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "disposable")
    reject(letter, [pk], moderator)
    before = everything(letter, pk)
    restore_signatures(letter, [pk], by=moderator, now=NOW)
    assert Signature.objects.get(pk=pk).state == State.HELD
    undo(pk, moderator)
    assert everything(letter, pk) == before
    assert AuditEvent.objects.filter(verb="undo_restore", object_id=pk).exists()


def test_undoing_rejects_no_words_that_the_signer_has_corrected_since(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "")
    reject(letter, [pk], moderator)
    restore_signatures(letter, [pk], by=moderator, now=NOW)
    change_name(Signature.objects.get(pk=pk))
    with pytest.raises(Refused, match="decided_again"):
        undo(pk, moderator)
    assert Signature.objects.get(pk=pk).state == State.HELD


BYRON = {"name": "Ada Byron", "role": "Countess"}


def change_name(signature: Signature) -> None:
    change_signature(signature, changes=Changes(name="Countess of Lovelace", display="public"), now=NOW)


def all_words(pk: int) -> dict[str, object]:
    return dict(Signature.objects.values(*WORDS, "display", "pending_changes", "replaced_words", "concern").get(pk=pk))


@pytest.mark.parametrize("concern", ["changed", "bounced"])
def test_after_accepted_words_are_undone_the_old_ones_are_public_and_the_new_ones_wait(
    letter: Letter, moderator: User, concern: str
) -> None:
    pk = one(letter, "published", concern)
    Signature.objects.filter(pk=pk).update(pending_changes=BYRON)
    before = all_words(pk)
    accept(letter, [pk], moderator)
    assert all_words(pk).items() >= {**BYRON, "pending_changes": None, "concern": ""}.items()
    undo(pk, moderator)
    assert all_words(pk) == before


def test_old_words_go_with_the_next_change_and_with_the_signature(letter: Letter, moderator: User) -> None:
    pk = one(letter, "published", "changed")
    for end in (change_name, lambda each: withdraw_signature(each, now=NOW)):
        Signature.objects.filter(pk=pk).update(pending_changes=BYRON, concern="changed", display="public")
        accept(letter, [pk], moderator)
        assert Signature.objects.get(pk=pk).replaced_words
        end(Signature.objects.get(pk=pk))
        assert Signature.objects.get(pk=pk).replaced_words is None


def test_old_words_are_deleted_after_three_days_and_then_the_new_ones_are_reviewed(
    letter: Letter, moderator: User
) -> None:
    pk = one(letter, "published", "changed")
    Signature.objects.filter(pk=pk).update(pending_changes=BYRON)
    accept(letter, [pk], moderator)
    assert forget_replaced_words(now=NOW + timedelta(days=3) - timedelta(seconds=1)) == 0
    assert forget_replaced_words(now=NOW + timedelta(days=3)) == 1
    undo(pk, moderator)
    now = Signature.objects.get(pk=pk)
    assert (now.name, now.pending_changes, now.concern) == ("Ada Byron", None, "changed")


def test_it_comes_back_to_the_person_who_undid_it(letter: Letter, moderator: User, organizer: User) -> None:
    pk = one(letter, "held", "")
    reject(letter, [pk], moderator)
    undo(pk, organizer)
    assert [each.pk for each in claimed_by(organizer, scope_of(organizer), now=NOW)] == [pk]


def test_a_decision_is_undone_once(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "")
    reject(letter, [pk], moderator)
    undo(pk, moderator)
    with pytest.raises(Refused, match="decided_again"):
        undo(pk, moderator)


def test_only_the_newest_decision_can_be_undone(letter: Letter, moderator: User) -> None:
    pk = one(letter, "held", "")
    hold(letter, [pk], moderator)
    first = ReviewDecision.objects.get()
    reject(letter, [pk], moderator)
    with pytest.raises(Refused, match="decided_again"):
        undo_decision(first, by=moderator, now=NOW)
    assert Signature.objects.get(pk=pk).state == State.REJECTED


@pytest.mark.parametrize("decide", [accept, reject, hold])
def test_nothing_brings_back_what_its_signer_has_withdrawn(letter: Letter, moderator: User, decide: Decide) -> None:
    pk = one(letter, "published", "bounced")
    decide(letter, [pk], moderator)
    withdraw_signature(Signature.objects.get(pk=pk), now=NOW)
    with pytest.raises(Refused, match="decided_again"):
        undo(pk, moderator)
    assert Signature.objects.get(pk=pk).name == ""
    assert accept(letter, [pk], moderator) == 0


@pytest.mark.parametrize("who", ["teammate", "stranger"])
def test_only_moderators_undo(letter: Letter, moderator: User, who: str, request: pytest.FixtureRequest) -> None:
    pk = one(letter, "held", "")
    reject(letter, [pk], moderator)
    with pytest.raises(Refused, match="not_yours"):
        undo(pk, request.getfixturevalue(who))


def test_decision_and_undo_are_both_recorded(letter: Letter, moderator: User, organizer: User) -> None:
    pk = one(letter, "held", "")
    reject(letter, [pk], moderator)
    undo(pk, organizer)
    decision = ReviewDecision.objects.get()
    assert (decision.decided_by, decision.undone_by) == (moderator, organizer)
    events = AuditEvent.objects.filter(object_kind="signature", object_id=pk).order_by("pk")
    assert [(event.verb, event.actor) for event in events] == [
        ("reject_signature", moderator),
        ("undo_reject", organizer),
    ]
