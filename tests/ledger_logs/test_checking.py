"""Whoever changes entries, tiles or checkpoints with SQL is found: the check names what differs."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from letters.models import Letter
from tests.ledger_logs.conftest import Append, Signing, tamper

pytestmark = pytest.mark.django_db


def said() -> str:
    out = StringIO()
    try:
        call_command("check_logs", stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


@pytest.mark.parametrize("count", [1, 256, 300, 70_000])
def test_a_log_that_nobody_touched_is_right(letter: Letter, append: Append, signs: Signing, count: int) -> None:
    append(count)
    signs.run()
    assert said() == "All 2 logs are as they were signed.\n"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE letters_ledgerentry SET data = 'undersigned/1 withdraw 9' WHERE index = 270", "entry 270 is not"),
        ("DELETE FROM letters_ledgerentry WHERE index = 270", "entries 256 to 299 only 43 are there"),
        (
            "UPDATE letters_ledgertile SET data = overlay(data placing '\\x00'::bytea from 33) WHERE number = 1",
            "entry 257 is not",
        ),
        (
            "UPDATE letters_ledgertile SET data = overlay(data placing '\\x00'::bytea from 1) WHERE level = 1",
            "hash 0 of",
        ),
        ("DELETE FROM letters_ledgertile WHERE level = 1", "tile 1/0 is missing"),
        ("UPDATE letters_ledgercheckpoint SET root = sha256('x')", "is not what a key of this site signed"),
        (
            "UPDATE letters_ledgercheckpoint SET note = replace(note, '300', '299')",
            "checkpoint of 300 entries is wrong",
        ),
        ("DELETE FROM letters_ledgercheckpoint", "newest checkpoint has 0 entries"),
        ("UPDATE letters_ledgerlog SET size = 299, root = sha256('x')", "this machine remembers 300 entries"),
    ],
)
def test_a_change_is_named(letter: Letter, append: Append, signs: Signing, statement: str, sentence: str) -> None:
    append(300)
    signs.run()
    tamper(statement)
    assert sentence in said()


def test_two_entries_that_changed_places_are_named(letter: Letter, append: Append, signs: Signing) -> None:
    append(5)
    signs.run()
    for new, old in ((1000, 2), (2, 3), (3, 1000)):
        tamper(f"UPDATE letters_ledgerentry SET index = {new} WHERE index = {old}")  # noqa: S608
    text = said()
    assert "entry 2 is not what was signed" in text
    assert "entry 3 is not what was signed" in text
