"""The lines of a ledger are short ASCII, and are read as they were written."""

import pytest

from letters.base.ledger import entries
from letters.base.ledger.entries import FORMAT, Verb

COMMITMENT = bytes(range(32))
WRITTEN = {
    entries.begin("letters.example/log/7"): "undersigned/1 begin letters.example/log/7",
    entries.begin("letters.example/log/7", is_existing=True): "undersigned/1 begin letters.example/log/7 existing",
    entries.begin_again("letters.example/log/7.2", old_origin="letters.example/log/7", size=9, root="q83v"): (
        "undersigned/1 begin letters.example/log/7.2 continues letters.example/log/7 9 q83v"
    ),
    entries.text(2, "pt-BR", COMMITMENT): f"undersigned/1 text 2 pt-BR {COMMITMENT.hex()}",
    entries.publish(3, 1, "en", COMMITMENT): f"undersigned/1 publish 3 1 en {COMMITMENT.hex()}",
    entries.publish(3, 1, "", COMMITMENT): f"undersigned/1 publish 3 1 - {COMMITMENT.hex()}",
    entries.words(3, COMMITMENT): f"undersigned/1 words 3 {COMMITMENT.hex()}",
    entries.carry(3, 2): "undersigned/1 carry 3 2",
    entries.withdraw(3): "undersigned/1 withdraw 3",
    entries.remove(3): "undersigned/1 remove 3 moderator",
    entries.restore(3): "undersigned/1 restore 3",
    entries.counts(12, 30, 0, 2, 1): "undersigned/1 counts 12 30 0 2 1",
}


@pytest.mark.parametrize(("written", "line"), WRITTEN.items())
def test_each_entry_is_one_line_that_others_can_read(written: str, line: str) -> None:
    assert written == line
    entry = entries.read(line)
    assert [entry.verb, *entry.parts] == line.split(" ")[1:]


def test_each_verb_is_written_by_one_of_these() -> None:
    assert {entries.read(line).verb for line in WRITTEN} == set(Verb)


def test_an_entry_about_one_signature_knows_its_number() -> None:
    assert entries.read(entries.withdraw(18402)).number == 18402


@pytest.mark.parametrize(
    "line",
    ["", "undersigned/2 withdraw 3", "undersigned/1 forgive 3", "withdraw 3", FORMAT, f"{FORMAT} withdraw 0"],
)
def test_another_line_is_no_entry(line: str) -> None:
    with pytest.raises(ValueError, match="no entry"):
        entries.read(line)


@pytest.mark.parametrize("origin", ["é.example/log/7", "a\nb", "x" * 1000])
def test_what_does_not_fit_on_a_line_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        entries.begin(origin)


def test_the_longest_host_fits_twice() -> None:
    host = f"{'a' * 253}:65535/log/9223372036854775807"
    line = entries.begin_again(f"{host}.2", old_origin=host, size=10**9, root="q" * 44)
    assert entries.read(line).parts[0] == f"{host}.2"
