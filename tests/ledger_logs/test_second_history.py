"""A log never signs what contradicts its checkpoints, whatever happens to the database or the process."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from letters.models import LedgerCheckpoint, LedgerEntry, LedgerLog, Letter, SiteLogEntry, State
from letters.public.ledger import closing, signing
from letters.shared import tlog
from letters.shared.notes import Checkpoint, encode, parse_checkpoint
from tests.ledger_logs.conftest import Append, Dump, Signing, log_of, tamper
from tests.ledger_logs.test_signing import theirs
from tests.people import Reader, Signer, signature_of

pytestmark = pytest.mark.django_db

Doubt = LedgerLog.Doubt
CHECKED = "The record is being checked"


def signed(reader: Reader, name: object) -> Checkpoint:
    return parse_checkpoint(reader.get(f"/log/{name}/checkpoint").content.decode())[0]


@pytest.mark.parametrize("new_entries", [0, 1, 30])
def test_a_database_that_was_restored_signs_nothing(  # noqa: PLR0917
    letter: Letter,
    append: Append,
    signs: Signing,
    reader: Reader,
    signer: Signer,
    caplog: pytest.LogCaptureFixture,
    new_entries: int,
) -> None:
    append(300)
    signs.run()
    dump = Dump()
    append(20)
    signs.run(after=timedelta(minutes=1))
    dump.restore()
    append(new_entries, start="restore")
    signs.restart()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            signs.run(after=timedelta(minutes=1))
    assert log_of(letter).doubt == (Doubt.DIFFERS if new_entries == 30 else Doubt.BEHIND)
    assert caplog.text.count(f"The log testserver/log/{letter.pk} is not signed") == 1
    assert signed(reader, letter.pk).size == 300
    assert CHECKED in reader.read(letter)
    assert "Stiamo controllando il registro" in reader.read(letter, language="it")
    # The log of the site was restored too.
    assert log_of(None).doubt == Doubt.BEHIND
    # People can sign.
    signer.sign(letter, email="ada@example.org")
    signer.confirm("ada@example.org")
    assert signature_of(letter).state == State.CONFIRMED


def test_a_state_that_is_far_ahead_of_the_database_is_compared_before_anything_is_signed(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More entries are missing than are signed at once, and as many others were added since."""
    append(100)
    signs.run()
    dump = Dump()
    append(600)
    signs.run()
    kept = (ledger_dir / f"{letter.pk}.checkpoint").read_text()
    dump.restore()
    append(700, start="restore")
    monkeypatch.setattr(signing, "ENTRIES_AT_ONCE", 256)
    signs.run()
    assert log_of(letter).doubt == Doubt.DIFFERS
    assert (ledger_dir / f"{letter.pk}.checkpoint").read_text() == kept


def test_a_closed_log_has_a_successor_that_says_what_was_signed(
    letter: Letter, append: Append, signs: Signing, reader: Reader
) -> None:
    append(300)
    signs.run()
    old_receipt = signed(reader, letter.pk)
    dump = Dump()
    append(20)
    signs.run(after=timedelta(minutes=1))
    lost = signed(reader, letter.pk)
    dump.restore()
    append(5, start="restore")
    signs.run()
    closing.close_log(log_of(letter).pk, now=signs.now)
    assert CHECKED not in reader.read(letter)
    signs.run()
    successor = log_of(letter)
    assert (successor.name, successor.origin, successor.size) == (
        f"{letter.pk}.2",
        f"testserver/log/{letter.pk}.2",
        306,
    )
    last = LedgerEntry.objects.get(letter=letter, index=305).data
    assert last == f"undersigned/1 begin {successor.origin} continues {lost.origin} 320 {encode(lost.root)}"
    # What survived is a beginning of the new log, and the old one can still be read.
    theirs(reader, successor.name).get_consistency_proof(300, 306).check(old_receipt.root, bytes(successor.root or b""))
    assert signed(reader, letter.pk) == old_receipt
    # A second restore goes on with a third log: the folder still knows the second.
    dump.restore()
    append(1)
    signs.run(after=timedelta(minutes=1))
    assert log_of(letter).doubt
    closing.close_log(log_of(letter).pk, now=signs.now)
    signs.run()
    assert (log_of(letter).name, log_of(letter).doubt) == (f"{letter.pk}.3", "")


def test_the_log_of_the_site_is_closed_in_the_same_way(
    letter: Letter, append: Append, signs: Signing, reader: Reader
) -> None:
    append(1)
    signs.run()
    dump = Dump()
    append(1)
    signs.run(after=timedelta(minutes=1))
    assert signed(reader, "site").size == 2
    dump.restore()
    signs.restart()
    signs.run(after=timedelta(minutes=1))
    for log in LedgerLog.objects.current():
        closing.close_log(log.pk, now=signs.now)
    signs.run(after=timedelta(minutes=1))
    signs.run(after=timedelta(minutes=1))
    entries = list(SiteLogEntry.objects.order_by("index").values_list("data", flat=True))
    assert "/log/site.2 continues localhost:8000/log/site 2 " in entries[1]
    assert entries[2].startswith(f"testserver/log/{letter.pk}.2\n")
    assert signed(reader, "site.2").size == 3


def test_nobody_closes_a_log_that_can_be_signed(letter: Letter, append: Append, signs: Signing) -> None:
    append(1)
    signs.run()
    with pytest.raises(closing.NotInDoubt):
        closing.close_log(log_of(letter).pk, now=signs.now)
    assert closing.close_log(log_of(letter).pk, now=signs.now, even_if_right=True).generation == 2


# The folder outside the database


def test_a_folder_that_is_lost_is_a_doubt(letter: Letter, append: Append, signs: Signing, ledger_dir: Path) -> None:
    append(1)
    signs.run()
    (ledger_dir / f"{letter.pk}.checkpoint").unlink()
    append(1)
    signs.run()
    assert log_of(letter).doubt == Doubt.FORGOTTEN


@pytest.mark.parametrize("change", [lambda note: note[:-9], lambda note: note.replace("\n2\n", "\n1\n"), lambda _: ""])
def test_a_file_that_was_changed_or_cut_off_is_a_doubt(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path, change: object
) -> None:
    append(2)
    signs.run()
    file = ledger_dir / f"{letter.pk}.checkpoint"
    file.write_text(change(file.read_text()))  # type: ignore[operator]
    append(1)
    signs.run()
    assert log_of(letter).doubt == Doubt.UNREADABLE


@pytest.mark.django_db(transaction=True)
def test_a_doubt_ends_when_the_folder_is_back(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path, reader: Reader
) -> None:
    append(2)
    signs.run()
    file = ledger_dir / f"{letter.pk}.checkpoint"
    kept = file.read_text()
    file.unlink()
    append(1)
    signs.run()
    assert CHECKED in reader.read(letter)
    file.write_text(kept)
    signs.run()
    assert (log_of(letter).doubt, log_of(letter).size) == ("", 3)
    assert CHECKED not in reader.read(letter)


def test_an_older_folder_is_no_doubt_if_it_fits(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path
) -> None:
    append(2)
    signs.run()
    older = (ledger_dir / f"{letter.pk}.checkpoint").read_text()
    append(600)
    signs.run()
    (ledger_dir / f"{letter.pk}.checkpoint").write_text(older)
    append(1)
    signs.run()
    assert (log_of(letter).doubt, log_of(letter).size) == ("", 603)


def test_a_file_is_replaced_whole(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(1)
    signs.run()
    before = (ledger_dir / f"{letter.pk}.checkpoint").read_text()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("letters.public.ledger.memory.os.fsync", killed)
    append(1)
    with pytest.raises(KeyboardInterrupt):
        signs.run()
    assert (ledger_dir / f"{letter.pk}.checkpoint").read_text() == before
    monkeypatch.undo()


# Tampering


@pytest.mark.parametrize(
    ("statement", "doubt"),
    [
        ("UPDATE letters_ledgertile SET data = '\\x00'::bytea || substring(data from 2)", Doubt.TILES),
        ("UPDATE letters_ledgertile SET data = substring(data for 32)", Doubt.TILES),
        ("DELETE FROM letters_ledgertile", Doubt.TILES),
        ("UPDATE letters_ledgerlog SET root = sha256('another')", Doubt.TILES),
        ("DELETE FROM letters_ledgerentry WHERE index = 3", Doubt.GAP),
        ("DELETE FROM letters_ledgerentry WHERE index > 1", Doubt.BEHIND),
    ],
)
def test_sql_cannot_make_the_signer_contradict_itself(
    letter: Letter, append: Append, signs: Signing, statement: str, doubt: str
) -> None:
    append(3)
    signs.run()
    append(2)
    tamper(statement)
    signs.restart()
    signs.run()
    assert log_of(letter).doubt == doubt
    assert LedgerCheckpoint.objects.filter(log__letter=letter).count() == 1


def test_a_log_that_sql_gives_another_name_is_still_compared(letter: Letter, append: Append, signs: Signing) -> None:
    """What is signed is its origin. Under another name, the folder would seem to know nothing."""
    append(3)
    signs.run()
    tamper("DELETE FROM letters_ledgerentry WHERE index > 0")
    tamper("DELETE FROM letters_ledgertile")
    tamper("DELETE FROM letters_ledgercheckpoint")
    forged = {"name": f"{letter.pk}.9", "size": 0, "root": None, "signed_at": None}
    LedgerLog.objects.filter(letter=letter).update(**forged)
    append(9, start="restore")
    signs.restart()
    signs.run()
    assert log_of(letter).doubt == Doubt.DIFFERS
    assert not LedgerCheckpoint.objects.filter(log__letter=letter).exists()


def test_a_smaller_log_in_the_database_is_seen(letter: Letter, append: Append, signs: Signing) -> None:
    """Whoever rewinds the row of the log, its tiles and its entries, still meets the folder."""
    append(3)
    signs.run()
    append(3)
    signs.run()
    two = [entry.data for entry in LedgerEntry.objects.filter(letter=letter, index__lt=2).order_by("index")]
    hashes = [tlog.leaf_hash(data.encode()) for data in two]
    tamper("DELETE FROM letters_ledgerentry WHERE index > 1")
    LedgerLog.objects.filter(letter=letter).update(size=2, root=tlog.root_of(hashes))
    tamper("UPDATE letters_ledgertile SET data = substring(data for 64)")
    append(9, start="restore")
    signs.run()
    assert log_of(letter).doubt == Doubt.DIFFERS
