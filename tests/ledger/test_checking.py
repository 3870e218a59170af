"""The check names what does not agree: which letter, which entry or number, and what differs."""

import logging
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from letters.base.ledger.checking import differences_of
from letters.models import LedgerEntry, Letter, Signature, User
from letters.moderator.moderation.operations import reject_signatures, restore_signatures
from letters.public.public_pages.tasks import recount_letters
from letters.signer.signing.operations import disown_signature, withdraw_signature
from tests.ledger.conftest import change, without_triggers
from tests.people import NOW, add_confirmed, add_published, publish, sign

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def found(letter: Letter) -> list[str]:
    return [difference.what for difference in differences_of(letter)]


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def long_story(letter: Letter, moderator: User) -> Letter:
    """A letter with every kind of step: of nine signatures, three show names, three to the organizers, three nobody."""
    for display in ("public", "organizers", "nobody"):
        add_published(letter, 3, display=display, affiliation="" if display == "nobody" else "Engines")
    numbers = {row.number: row for row in Signature.objects.all()}
    withdraw_signature(numbers[1], now=NOW)
    disown_signature(numbers[4], now=NOW)
    reject_signatures(letter, [numbers[2].pk, numbers[5].pk], reason="A joke.", by=moderator, now=NOW)
    publish(LATER)
    restore_signatures(letter, [numbers[2].pk], by=moderator, now=NOW)
    publish(LATER + timedelta(hours=1))
    change(3, name="Ada King")
    change(6, display="public")
    publish(LATER + timedelta(hours=2))
    letter.refresh_from_db()
    return letter


def test_a_long_story_agrees(long_story: Letter) -> None:
    assert found(long_story) == []


def test_what_the_sequencer_has_still_to_write_is_no_difference(long_story: Letter) -> None:
    add_confirmed(long_story, 2)
    sign(long_story, "new@example.org")
    change(2, name="Ada King")
    withdraw_signature(Signature.objects.get(number=3), now=NOW)
    assert found(long_story) == []
    publish(LATER + timedelta(hours=3))
    assert found(long_story) == []


def signature(at: int, /, **values: str) -> str:
    said = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f"UPDATE letters_signature SET {said} WHERE number = {at}"  # noqa: S608 -- our own statement


def entry(beginning: str, data: str) -> str:
    where = f"data LIKE 'undersigned/1 {beginning}%'"
    return f"UPDATE letters_ledgerentry SET data = {data} WHERE {where}"  # noqa: S608 -- our own statement


SWAP = "; ".join(
    f"UPDATE letters_signature SET number = {new} WHERE number = {old}"  # noqa: S608 -- our own statement
    for old, new in [(2, 1000), (3, 2), (1000, 3)]
)
ADD = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    salt, state, verified, signed_at, confirmed_at, published_at, number, counted)
SELECT letter_id, revision_id, language, 'Eve', '', '', '', '', display, salt, 'published', verified, signed_at,
    confirmed_at, published_at, 10, true FROM letters_signature WHERE number = 2
"""
OTHER_HASH = "overlay(data placing '0000000000' from length(data) - 9)"
TWICE = """
INSERT INTO letters_ledgerentry (letter_id, index, data)
SELECT letter_id, (SELECT max(index) + 1 FROM letters_ledgerentry), data FROM letters_ledgerentry
WHERE data LIKE 'undersigned/1 {beginning}%'
"""
OPENING = """
INSERT INTO letters_ledgeropening (signature_id, opening)
SELECT id, decode(repeat('ab', 32), 'hex') FROM letters_signature WHERE number = 1
"""
NO_OPENING = """
DELETE FROM letters_ledgeropening WHERE signature_id = (SELECT id FROM letters_signature WHERE number = 2)
"""
# What someone with the password of the database could do, and what the check says about it.
TAMPERED = {
    "a name is changed": (signature(2, name="'Eve'"), "the words of number 2 are not"),
    "two signatures are swapped": (SWAP, "the words of number 3 are not"),
    "a hidden affiliation is changed": (
        signature(6, affiliation="'X'"),
        "the words of number 6 are not",
    ),
    "a name is taken off": (
        signature(2, state="'rejected'", counted="false"),
        "number 2 is not counted, but its entries say otherwise.",
    ),
    "a number left otherwise": (
        signature(5, state="'withdrawn'", name="''"),
        "number 5 left the list in another way than its entries say.",
    ),
    "a number disappears": (signature(5, number="NULL"), "no signature has number 5, which entry"),
    "a number is added": (ADD, "a signature has number 10, but the letter gave only 9."),
    "an opening disappears": (NO_OPENING, "number 2 shows a name, but nothing opens entry"),
    "an opening is kept": (OPENING, "number 1 has an opening, although its words were deleted."),
    "a count is raised": (
        "UPDATE letters_letter SET signature_count = signature_count + 1, withdrawn_count = withdrawn_count - 1",
        "its count is 7, but its entries add up to 6.",
    ),
    "an entry has another commitment": (
        entry("publish 2 ", OTHER_HASH),
        "the words of number 2 are not",
    ),
    "an entry has another number": (
        entry("withdraw 1", "'undersigned/1 withdraw 3'"),
        "number 1 is counted, but its entries say otherwise|number 1 is not counted, but its entries say otherwise.",
    ),
    "an entry has other counts": (
        entry("counts 3 ", "'undersigned/1 counts 4 0 0 0 0'"),
        "says 4 are published, but the entries before it add up to 3.",
    ),
    "an entry has other words": (entry("text 1 it", OTHER_HASH), "has another fingerprint than text 1 in it."),
    "an entry says nothing": (entry("publish 7 ", "'forged'"), "is no line of a ledger."),
    "an entry is deleted": (
        "DELETE FROM letters_ledgerentry WHERE data LIKE 'undersigned/1 publish 7 %'",
        "no entry published number 7.",
    ),
    "a gap is left": (
        "DELETE FROM letters_ledgerentry WHERE data LIKE 'undersigned/1 publish 7 %'",
        "entries are missing between",
    ),
    "an entry is there twice": (
        TWICE.format(beginning="restore 2"),
        "which cannot follow",
    ),
    "the ledger begins twice": (TWICE.format(beginning="begin"), "is not at its place: a ledger begins once."),
}


@pytest.mark.parametrize(("statement", "named"), TAMPERED.values(), ids=TAMPERED)
def test_whatever_is_changed_in_the_database_is_named(long_story: Letter, statement: str, named: str) -> None:
    with without_triggers():
        execute(statement)
    said = found(long_story)
    assert [what for what in said if any(part in what for part in named.split("|"))], said


def test_the_entry_is_named(letter: Letter) -> None:
    add_published(letter, 2)
    with without_triggers():
        execute(signature(2, name="'Eve'"))
    (difference,) = differences_of(letter)
    index = LedgerEntry.objects.get(data__startswith="undersigned/1 publish 2 ").index
    assert str(difference) == f"Letter {letter.pk}: the words of number 2 are not those of entry {index}."


def test_the_command_and_the_night_name_each_difference(
    long_story: Letter, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_ledger", long_story.slug)
    assert "All ledgers agree" in capsys.readouterr().out
    with without_triggers():
        execute(signature(2, name="'Eve'"))
    with pytest.raises(CommandError, match="disagree in 1 places"):
        call_command("check_ledger")
    assert f"Letter {long_story.pk}: the words of number 2" in capsys.readouterr().out
    with caplog.at_level(logging.ERROR):
        recount_letters()
    assert "the words of number 2 are not those of entry" in caplog.text
    with pytest.raises(CommandError, match="no such public letter"):
        call_command("check_ledger", "nowhere")


def test_the_check_needs_no_more_queries_for_more_signatures(
    letter: Letter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_published(letter, 20)
    with django_assert_num_queries(10):
        assert found(letter) == []
    add_published(letter, 60, display="organizers")
    with django_assert_num_queries(10):
        assert found(letter) == []
