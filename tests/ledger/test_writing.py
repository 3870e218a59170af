"""The sequencer writes each step of each number into the ledger, in the transaction that counts it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from letters.base.ledger import operations
from letters.base.ledger.checking import differences_of
from letters.base.ledger.commitments import PublicWords, commit
from letters.base.ledger.operations import enroll
from letters.models import (
    WORDS,
    Ledger,
    LedgerEntry,
    LedgerOpening,
    Letter,
    OwedEntry,
    Signature,
    Transition,
    Translation,
    User,
)
from letters.models.lifecycle import UNNUMBERED as UNNUMBERED_STATES
from letters.models.openings import forgets_openings
from letters.moderator.moderation.operations import reject_signatures, restore_signatures
from letters.organizer.letter_editor.operations import publish_letter
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.operations import sequence_letter
from letters.shared.sql import fetch_rows
from letters.signer.signing.operations import disown_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.ledger.conftest import Lines, change, without_triggers
from tests.people import NOW, add_confirmed, add_published, in_threads, publish, sign

pytestmark = pytest.mark.django_db

LETTERS = Path(__file__).parents[2] / "letters"
HOST = urlsplit(settings.SITE_URL).netloc


@pytest.fixture
def begun(letter: Letter) -> list[str]:
    return [f"begin {HOST}/log/{letter.pk}", "text 1 en …", "text 1 it …"]


def opens(number: int, said: PublicWords) -> bool:
    """Return whether the newest commitment about this number opens to these words with the stored opening."""
    signature = Signature.objects.get(number=number)
    about = [f"undersigned/1 {verb} {number} " for verb in ("publish", "words")]
    data = LedgerEntry.objects.order_by("index").values_list("data", flat=True)
    newest = [each for each in data if each.startswith(tuple(about))][-1]
    return commit(said, bytes(signature.ledger_opening.opening)).hex() == newest.split(" ")[-1]


def test_a_ledger_begins_when_the_letter_is_published_with_its_texts(
    begun: list[str], lines: Lines, letter: Letter
) -> None:
    assert lines() == begun
    sha256 = bytes(Translation.objects.get(revision__letter=letter, language="it").sha256).hex()
    assert LedgerEntry.objects.get(index=2).data == f"undersigned/1 text 1 it {sha256}"


def test_a_draft_has_no_ledger_and_its_first_signatories_enter_when_it_is_published(
    draft: LetterMaker, organizer: User
) -> None:
    letter = draft()
    Letter.objects.filter(pk=letter.pk).update(current_revision=letter.revisions.get())
    letter.refresh_from_db()
    add_published(letter, 2)
    assert Signature.objects.filter(number__isnull=False).count() == 2
    assert not Ledger.objects.exists()
    publish_letter(letter, by=organizer, now=NOW)
    assert letters_behind(now=NOW) == [letter.pk]
    publish()
    assert LedgerEntry.objects.filter(data__contains=" publish ").count() == 2
    assert letters_behind(now=NOW) == []


def test_each_step_of_a_number_is_an_entry(letter: Letter, begun: list[str], lines: Lines, moderator: User) -> None:
    add_published(letter, 3)
    entered = [*begun, "publish 1 1 - …", "publish 2 1 - …", "publish 3 1 - …", "counts 3 0 0 0 0"]
    assert lines() == entered
    later = NOW + timedelta(minutes=2)
    withdraw_signature(Signature.objects.get(number=1), now=NOW)
    removed = Signature.objects.get(number=2)
    reject_signatures(letter, [removed.pk], reason="It is a joke.", by=moderator, now=NOW)
    disown_signature(Signature.objects.get(number=3), now=NOW)
    publish(later)
    entered += ["withdraw 1", "withdraw 3", "remove 2 moderator", "counts 0 0 0 2 1"]
    assert lines() == entered
    restore_signatures(letter, [removed.pk], by=moderator, now=later)
    publish(later + timedelta(minutes=2))
    assert lines() == [*entered, "restore 2", "counts 1 0 0 2 0"]


def test_counts_are_written_once_a_minute_and_the_last_ones_are_never_lost(letter: Letter, lines: Lines) -> None:
    for seconds in (0, 20, 40):
        add_published(letter, 1, now=NOW + timedelta(seconds=seconds))
    assert [line for line in lines() if line.startswith("counts")] == ["counts 1 0 0 0 0"]
    assert letters_behind(now=NOW + timedelta(seconds=59)) == []
    publish(NOW + timedelta(seconds=60))
    assert [line for line in lines() if line.startswith("counts")] == ["counts 1 0 0 0 0", "counts 3 0 0 0 0"]
    assert letters_behind(now=NOW + timedelta(days=1)) == []


def test_signatures_that_wait_are_counted_in_tens(letter: Letter, lines: Lines) -> None:
    """Privacy: an exact number would tell when one person confirms."""
    add_published(letter, 1)
    for number in range(9):
        sign(letter, f"ada{number}@example.org")
        publish(NOW + timedelta(hours=number + 1))
    assert lines()[-1] == "counts 1 0 0 0 0"
    sign(letter, "ada9@example.org")
    publish(NOW + timedelta(days=1))
    assert lines()[-1] == "counts 1 10 0 0 0"


def test_a_letter_that_names_nobody_yet_says_no_counts(letter: Letter, begun: list[str], lines: Lines) -> None:
    Letter.objects.filter(pk=letter.pk).update(names_from=20, closes_at=NOW + timedelta(days=9))
    sign(letter)
    publish()
    assert lines() == begun


@pytest.mark.parametrize("display", ["public", "organizers"])
def test_every_commitment_opens_to_what_was_signed(letter: Letter, display: str) -> None:
    add_published(letter, 1, display=display, affiliation="Engines", role="Countess")
    assert opens(1, PublicWords("Signer 1", "Engines", "Countess"))


def test_who_shows_the_name_to_nobody_commits_to_nothing(letter: Letter) -> None:
    add_published(letter, 1, display="nobody")
    assert opens(1, PublicWords())


def test_a_language_is_said_only_of_public_names_and_only_in_large_letters(letter: Letter, lines: Lines) -> None:
    """Privacy: a number with a language may name a person in a letter of ten."""
    add_published(letter, 50)
    assert {line.split(" ")[3] for line in lines() if line.startswith("publish")} == {"-"}
    for display in ("public", "organizers", "nobody"):
        add_published(letter, 1, display=display)
    assert [line.split(" ")[3] for line in lines() if line.startswith("publish")][50:] == ["en", "-", "-"]


def test_new_words_replace_the_opening_and_are_an_entry(letter: Letter, lines: Lines) -> None:
    add_published(letter, 1)
    before = bytes(LedgerOpening.objects.get().opening)
    change(1, name="Ada King")
    assert not LedgerOpening.objects.exists()
    publish()
    assert lines()[-1] == "words 1 …"
    assert bytes(LedgerOpening.objects.get().opening) != before
    assert opens(1, PublicWords("Ada King"))
    assert not OwedEntry.objects.exists()


@pytest.mark.parametrize(
    ("before", "after"), [("public", "organizers"), ("public", "nobody"), ("organizers", "public")]
)
def test_another_display_is_a_new_commitment(letter: Letter, lines: Lines, before: str, after: str) -> None:
    add_published(letter, 1, display=before)
    change(1, display=after)
    publish()
    assert lines()[-1] == "words 1 …"
    assert opens(1, PublicWords("" if after == "nobody" else "Signer 1"))


@pytest.mark.parametrize("after", ["organizers", "nobody"])
def test_a_change_that_the_public_does_not_see_is_no_entry(letter: Letter, lines: Lines, after: str) -> None:
    """Privacy: an entry would tell that the person behind a number has changed something. The old words cannot be
    opened any more all the same.
    """
    add_published(letter, 1, display="organizers")
    before = lines()
    change(1, display=after, name="Ada King")
    publish()
    assert lines() == before
    assert not LedgerOpening.objects.exists()


def test_a_comment_is_not_in_the_ledger(letter: Letter, lines: Lines) -> None:
    add_published(letter, 1)
    before, opening = lines(), bytes(LedgerOpening.objects.get().opening)
    change(1, comment="I like trains.")
    publish()
    assert (lines(), bytes(LedgerOpening.objects.get().opening)) == (before, opening)


@pytest.mark.parametrize("leave", [withdraw_signature, disown_signature])
@pytest.mark.parametrize("display", ["public", "organizers"])
def test_after_a_withdrawal_nothing_can_open_the_commitment(letter: Letter, leave: Any, display: str) -> None:
    add_published(letter, 1, display=display)
    opening = bytes(LedgerOpening.objects.get().opening)
    leave(Signature.objects.get(number=1), now=NOW)
    assert not LedgerOpening.objects.exists()
    publish()
    for table in connection.introspection.table_names():
        stored = fetch_rows(f'SELECT row_to_json("{table}")::text FROM "{table}"')  # noqa: S608 -- names of our tables
        assert not [row for (row,) in stored if opening.hex() in row or "Signer 1" in row], table


def test_withdrawing_what_a_moderator_removed_deletes_the_opening(letter: Letter, moderator: User) -> None:
    add_published(letter, 1)
    signature = Signature.objects.get(number=1)
    reject_signatures(letter, [signature.pk], reason="It is a joke.", by=moderator, now=NOW)
    publish()
    assert LedgerOpening.objects.exists()
    signature.refresh_from_db()
    withdraw_signature(signature, now=NOW)
    assert not LedgerOpening.objects.exists()


def test_every_step_that_deletes_words_of_a_number_deletes_the_opening() -> None:
    emptying = {step for step in Transition if step.step.sets.keys() >= set(WORDS)}
    without_number = {step for step in emptying if set(step.sources) <= set(UNNUMBERED_STATES)}
    forgetting = {step for step in Transition if forgets_openings(step)}
    assert forgetting == emptying - without_number
    assert {Transition.WITHDRAW, Transition.WITHDRAW_REJECTED, Transition.DISOWN} <= forgetting
    # Only `move` deletes openings.
    in_sql = re.compile("|".join(rf"Transition\.{step.name}\.becomes" for step in forgetting))
    assert [path for path in LETTERS.rglob("*.py") if in_sql.search(path.read_text(encoding="utf-8"))] == []


def test_a_transaction_that_is_rolled_back_leaves_nothing(letter: Letter, begun: list[str], lines: Lines) -> None:
    add_confirmed(letter, 3)
    with transaction.atomic():
        sequence_letter(letter.pk, now=NOW)
        transaction.set_rollback(True)
    assert (lines(), LedgerOpening.objects.count()) == (begun, 0)
    publish()
    assert lines()[3:6] == ["publish 1 1 - …", "publish 2 1 - …", "publish 3 1 - …"]


@pytest.mark.django_db(transaction=True)
def test_two_sequencers_leave_no_gap_and_no_fork(letter: Letter, lines: Lines) -> None:
    for _ in range(3):
        add_confirmed(letter, 40)
        in_threads(lambda _: sequence_letter(letter.pk, now=NOW), range(4), threads=4)
    numbers = [int(line.split(" ")[1]) for line in lines() if line.startswith("publish")]
    assert numbers == [*range(1, 121)]


def test_a_letter_that_is_older_than_the_ledger_enters_once_in_batches(
    letter: Letter, begun: list[str], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MAX_RECORDED", 2)
    make_older_than_the_ledger(letter, 5)
    add_published(letter, 1)
    withdraw_signature(Signature.objects.get(number=5), now=NOW)
    publish(NOW + timedelta(hours=1))
    begun[0] += " existing"
    assert lines() == begun
    assert letters_behind(now=NOW) == []
    assert enroll(letter.pk)
    withdraw_signature(Signature.objects.get(number=1), now=NOW)
    publish(NOW + timedelta(hours=2))
    assert lines() == [*begun, "publish 1 1 - …", "publish 2 1 - …", "withdraw 1"]
    assert [enroll(letter.pk), enroll(letter.pk), enroll(letter.pk)] == [True, False, False]
    entered = ["publish 3 1 - …", "publish 4 1 - …", "publish 5 1 - …", "withdraw 5", "publish 6 1 - …"]
    assert lines()[-5:] == entered
    publish(NOW + timedelta(hours=3))
    add_published(letter, 1, now=NOW + timedelta(hours=4))
    assert lines()[-3:] == ["counts 4 0 0 2 0", "publish 7 1 - …", "counts 5 0 0 2 0"]


def make_older_than_the_ledger(letter: Letter, signatures: int) -> None:
    """Leave the letter as it was before the site kept ledgers."""
    add_published(letter, signatures)
    with without_triggers():
        LedgerEntry.objects.all()._raw_delete("default")
    LedgerOpening.objects.all().delete()
    Ledger.objects.all().delete()
    Ledger.objects.create(letter=letter, is_existing=True)


def test_one_command_enters_all_older_letters_and_can_be_repeated(
    letter: Letter, capsys: pytest.CaptureFixture[str]
) -> None:
    make_older_than_the_ledger(letter, 3)
    call_command("enroll_letters")
    assert capsys.readouterr().out == "night-trains: the ledger has 3 numbers.\n"
    entered = LedgerEntry.objects.count()
    call_command("enroll_letters")
    assert LedgerEntry.objects.count() == entered
    assert [*differences_of(letter)] == []
