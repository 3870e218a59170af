"""Moderators accept, reject and undo; the sequencer gives the numbers, and every decision is recorded."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from letters.models import AuditEvent, Letter, ReviewDecision, Signature, User
from letters.moderator.moderation.operations import (
    MAX_BATCH_SIZE,
    accept_signatures,
    reject_signatures,
    restore_signatures,
)
from letters.moderator.moderation.queries import PAGE_LENGTH, rejected, waiting
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_confirmed, add_published, ids_of, publish

pytestmark = pytest.mark.django_db

Decide = Callable[[Letter, list[int], User], int]


def accept(letter: Letter, ids: list[int], by: User) -> int:
    return accept_signatures(letter, ids, by=by, now=NOW)


def reject(letter: Letter, ids: list[int], by: User) -> int:
    return reject_signatures(letter, ids, reason="Not a person", by=by, now=NOW)


def restore(letter: Letter, ids: list[int], by: User) -> int:
    return restore_signatures(letter, ids, by=by, now=NOW)


def counts(letter: Letter) -> tuple[int, int, int]:
    """Return the numbers of published, held and rejected signatures, after the sequencer has run."""
    publish()
    letter.refresh_from_db()
    return letter.signature_count, letter.awaiting_review, letter.removed_count


def test_an_accepted_signature_is_numbered_and_counted(reviewed: Letter, moderator: User, reader: Reader) -> None:
    assert counts(reviewed) == (0, 5, 0)
    first, second, *_ = ids_of(reviewed)
    assert accept(reviewed, [first, second], moderator) == 2
    assert counts(reviewed) == (2, 3, 0)
    assert "Signer 1" in reader.read(reviewed)
    assert "Signer 3" not in reader.read(reviewed)


def test_a_rejected_signature_is_never_shown(reviewed: Letter, moderator: User, reader: Reader) -> None:
    assert reject(reviewed, ids_of(reviewed), moderator) == 5
    assert counts(reviewed) == (0, 0, 0)
    assert "Signer" not in reader.read(reviewed, "signatures")


def test_a_rejected_published_signature_leaves_its_number_without_a_name(
    letter: Letter, moderator: User, reader: Reader
) -> None:
    add_published(letter, 3)
    assert reject(letter, ids_of(letter)[1:2], moderator) == 1
    assert counts(letter) == (2, 0, 1)
    page = reader.read(letter, "signatures")
    assert "Signer 2" not in page
    assert "removed" in page


def test_a_restored_signature_returns_under_its_number(letter: Letter, moderator: User, reader: Reader) -> None:
    add_published(letter, 3)
    second = ids_of(letter)[1:2]
    reject(letter, second, moderator)
    assert counts(letter) == (2, 0, 1)
    assert restore(letter, second, moderator) == 1
    assert counts(letter) == (3, 0, 0)
    assert Signature.objects.get(pk=second[0]).number == 2
    assert "Signer 2" in reader.read(letter, "signatures")


def test_a_signature_restored_before_its_number_waits_again(reviewed: Letter, moderator: User) -> None:
    reject(reviewed, ids_of(reviewed)[:2], moderator)
    assert counts(reviewed) == (0, 3, 0)
    assert restore(reviewed, ids_of(reviewed), moderator) == 2
    assert counts(reviewed) == (0, 5, 0)
    noted = ReviewDecision.objects.filter(verb="restore")
    assert {*noted.values_list("signature", flat=True)} == {*ids_of(reviewed)[:2]}
    assert {(each.decided_by, each.state_before) for each in noted} == {(moderator, "rejected")}


def test_rejecting_and_restoring_at_once_changes_no_count(letter: Letter, moderator: User) -> None:
    add_published(letter, 3)
    reject(letter, ids_of(letter), moderator)
    restore(letter, ids_of(letter), moderator)
    assert counts(letter) == (3, 0, 0)


@pytest.mark.parametrize("decide", [accept, reject])
def test_deciding_twice_changes_nothing_the_second_time(reviewed: Letter, moderator: User, decide: Decide) -> None:
    assert decide(reviewed, ids_of(reviewed), moderator) == 5
    reviewed.refresh_from_db()
    version = reviewed.version
    assert decide(reviewed, ids_of(reviewed), moderator) == 0
    reviewed.refresh_from_db()
    assert reviewed.version == version
    assert AuditEvent.objects.filter(object_kind="signature").count() == 5


def test_a_concern_about_a_published_signature_can_be_cleared(letter: Letter, moderator: User) -> None:
    add_published(letter, 3)
    doubtful = ids_of(letter)[0]
    Signature.objects.filter(pk=doubtful).update(concern="bounced")
    assert [signature.pk for signature in waiting(letter).signatures] == [doubtful]
    assert accept(letter, ids_of(letter), moderator) == 1
    assert waiting(letter).signatures == []
    assert counts(letter) == (3, 0, 0)


def test_a_signature_withdrawn_by_its_signer_cannot_be_restored(reviewed: Letter, moderator: User) -> None:
    signature = reviewed.signatures.order_by("pk")[0]
    reject(reviewed, [signature.pk], moderator)
    signature.refresh_from_db()
    withdraw_signature(signature, now=NOW)
    assert restore(reviewed, [signature.pk], moderator) == 0
    assert accept(reviewed, [signature.pk], moderator) == 0


def test_the_moderator_and_the_reason_are_recorded_for_each_decision(reviewed: Letter, moderator: User) -> None:
    first, second, *_ = ids_of(reviewed)
    reject(reviewed, [first, second], moderator)
    events = AuditEvent.objects.filter(verb="reject_signature").order_by("object_id")
    assert [(event.object_id, event.actor, event.reason) for event in events] == [
        (first, moderator, "Not a person"),
        (second, moderator, "Not a person"),
    ]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_rejected_without_a_reason(reviewed: Letter, moderator: User, reason: str) -> None:
    with pytest.raises(Refused, match="no_reason"):
        reject_signatures(reviewed, ids_of(reviewed), reason=reason, by=moderator, now=NOW)
    assert counts(reviewed) == (0, 5, 0)


@pytest.mark.parametrize("decide", [accept, reject, restore])
def test_only_owners_and_moderators_decide(
    reviewed: Letter, decide: Decide, organizer: User, teammate: User, stranger: User
) -> None:
    for person in (teammate, stranger):
        with pytest.raises(Refused, match="not_yours"):
            decide(reviewed, ids_of(reviewed), person)
    organizer.is_active = False
    with pytest.raises(Refused, match="not_yours"):
        decide(reviewed, ids_of(reviewed), organizer)
    assert counts(reviewed) == (0, 5, 0)


@pytest.mark.parametrize("decide", [accept, reject, restore])
def test_ids_of_another_letter_are_ignored(
    reviewed: Letter, published: LetterMaker, decide: Decide, moderator: User
) -> None:
    another = published("another")
    assert decide(another, ids_of(reviewed), moderator) == 0
    assert counts(reviewed) == (0, 5, 0)


def test_too_many_at_once_are_refused(letter: Letter, moderator: User) -> None:
    with pytest.raises(Refused, match="too_many"):
        accept(letter, list(range(MAX_BATCH_SIZE + 1)), moderator)


@pytest.mark.parametrize("signatures", [1, 200])
def test_deciding_about_a_page_costs_the_same_however_many_signatures(
    letter: Letter, moderator: User, django_assert_num_queries: DjangoAssertNumQueries, signatures: int
) -> None:
    add_confirmed(letter, signatures, state=Signature.State.HELD)
    ids = ids_of(letter)
    # Queries: savepoint, the member's role, the letter's lock, the appeals, three kinds of signatures, their change,
    # the version, the audit record, the decisions, the claims, the end of the savepoint.
    with django_assert_num_queries(13):
        accept(letter, ids, moderator)


def test_the_list_of_waiting_signatures_continues_page_by_page(letter: Letter, moderator: User) -> None:
    add_confirmed(letter, PAGE_LENGTH + 3, state=Signature.State.HELD)
    first = waiting(letter)
    assert first.onward
    rest = waiting(letter, first.onward)
    assert [len(first.signatures), len(rest.signatures), rest.onward] == [PAGE_LENGTH, 3, None]
    reject(letter, [signature.pk for signature in rest.signatures], moderator)
    assert rejected(letter).signatures == rest.signatures[::-1]
