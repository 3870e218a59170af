"""A letter and a collective are changed in one way: role, lock, version, record and wake-ups (letters/base/changes)."""

import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from letters.base.changes.operations import change_collective, change_letter, change_letter_unasked
from letters.models import OWNING, WRITING, AuditEvent, Collective, Letter, Membership, User
from letters.organizer.letter_editor.operations import close_letter, withdraw_letter, withdrawing
from letters.shared.refused import Refusal, Refused
from tests.conftest import LetterMaker
from tests.people import NOW

ROOT = Path(__file__).parents[1] / "letters"
CHANGES = "base/changes/operations.py"
# Code that locks a letter or increases its version by itself, and why.
BY_ITSELF = {
    CHANGES: "the one way",
    "public/public_pages/operations.py": "the sequencer, which no person asks",
    "base/ledger/operations.py": "the sequencer, and a command of the operator",
    **{
        f"signer/signing/operations/{flow}.py": "signers, whose token is the authority"
        for flow in ("changing", "invitations", "leaving")
    },
}
ALONE = re.compile(r'(?:Letter|Collective)\.objects\.select_for_update|F\("version"\) \+ 1')
# Code that checks a role outside of a change: the method itself, and the worker that makes a file for a person.
ASKING = {CHANGES, "models/collective.py", "organizer/exports/operations.py"}


def files_with(pattern: str | re.Pattern[str]) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "migrations" not in path.parts and re.search(pattern, path.read_text())
    }


def test_only_change_letter_locks_a_letter_or_increases_its_version() -> None:
    assert files_with(ALONE) <= set(BY_ITSELF)
    assert CHANGES in files_with(ALONE)


def test_only_change_letter_and_change_collective_check_a_role() -> None:
    assert files_with(r"require_role\(") == ASKING


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    return published()


@pytest.fixture
def stale(letter: Letter) -> Letter:
    """The letter as a page has read it, before another member changed it."""
    read = Letter.objects.select_related("collective").get(pk=letter.pk)
    Letter.objects.filter(pk=letter.pk).update(goal=77, version=5)
    return read


@pytest.mark.django_db
def test_an_operation_decides_by_the_letter_as_it_is_now(
    stale: Letter, organizer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with transaction.atomic():
        with django_assert_num_queries(2):
            change = change_letter(stale, WRITING, by=organizer, now=NOW)
        assert (change.letter, stale.goal, stale.version) == (stale, 77, 5)


@pytest.mark.django_db
def test_a_change_increases_the_version_also_of_the_instance(stale: Letter, organizer: User) -> None:
    with transaction.atomic():
        change_letter(stale, WRITING, by=organizer, now=NOW).update(goal=90)
    assert (stale.goal, stale.version) == (90, 6)
    stands = Letter.objects.get(pk=stale.pk)
    assert (stands.goal, stands.version) == (90, 6)


@pytest.mark.django_db
def test_a_change_that_no_page_shows_keeps_the_version(stale: Letter) -> None:
    with transaction.atomic():
        change_letter_unasked(stale, by=None, now=NOW).update_unseen(publish_refused=Refusal.NOT_CLEARED)
    assert Letter.objects.get(pk=stale.pk).version == stale.version == 5


@pytest.mark.django_db(transaction=True)
def test_nothing_is_changed_outside_of_a_transaction(letter: Letter, organizer: User) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        change_letter(letter, WRITING, by=organizer, now=NOW)


@pytest.mark.django_db
def test_the_role_is_asked_for_under_the_lock(letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Race: a person is removed while their operation waits for the row."""
    refresh = Letter.refresh_from_db

    def removed_while_waiting(self: Letter, **values: object) -> None:
        refresh(self, **values)  # type: ignore[arg-type]
        Membership.objects.filter(user=organizer).delete()

    monkeypatch.setattr(Letter, "refresh_from_db", removed_while_waiting)
    with pytest.raises(Refused, match=Refusal.NOT_YOURS):
        close_letter(letter, by=organizer, now=NOW)
    assert Letter.objects.get(pk=letter.pk).status == Letter.Status.PUBLISHED
    assert not AuditEvent.objects.filter(verb="close_letter").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("roles", [OWNING, WRITING])
def test_a_stranger_changes_no_collective(collective: Collective, stranger: User, roles: Collection[str]) -> None:
    with transaction.atomic(), pytest.raises(Refused, match=Refusal.NOT_YOURS):
        change_collective(collective, roles, by=stranger, now=NOW)


@pytest.mark.django_db
def test_a_letter_whose_owners_cannot_be_told_is_not_shown_as_withdrawn(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_takes_it(*args: object, **values: object) -> None:
        raise Refused(Refusal.NO_WORKER)

    monkeypatch.setattr(withdrawing, "tell_members", nobody_takes_it)
    with pytest.raises(Refused, match=Refusal.NO_WORKER):
        withdraw_letter(letter, reason="It is over.", by=organizer, now=NOW + timedelta(hours=1))
    assert letter.status == Letter.objects.get(pk=letter.pk).status == Letter.Status.PUBLISHED
