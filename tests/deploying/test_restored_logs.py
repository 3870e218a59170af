"""A backup that is restored elsewhere, with a log that was signed further meanwhile, and with one that was not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from letters.base.ledger_logs import queries
from letters.base.ledger_logs.queries import logs_in_doubt, open_log
from letters.models import LedgerEntry, LedgerLog, Letter, Mirror, SiteLogEntry, State
from letters.public.ledger.closing import close_log
from letters.public.mirrors.record import compared
from letters.shared.sql import fetch_one
from tests.checking import checked
from tests.deploying.test_backup import another_database
from tests.ledger_logs.conftest import SECRET, Signing, ledger_dir, signs
from tests.mirrors.conftest import Make, _own_folder, make
from tests.people import Reader, Signer, kept_pages, publish, sign_and_confirm, signature_of

__all__ = ["_own_folder", "ledger_dir", "make", "signs"]
pytestmark = pytest.mark.django_db(transaction=True)

CHECKED = "The record is being checked"
Finding = Mirror.Finding


@contextmanager
def restored(backup: Path) -> Iterator[None]:
    """Restore a backup elsewhere, and let the site run there, with a web server that remembers nothing."""
    before = connection.settings_dict["NAME"]
    with another_database() as there:
        call_command("restore", str(backup), keys=backup.with_name("keys"))
        _run_with(there.info.dbname)
        try:
            yield
        finally:
            _run_with(before)


def _run_with(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name
    queries._full.clear()
    kept_pages().pages.clear()


def sign_more(letter: Letter, emails: list[str], signs: Signing) -> None:
    """Let people sign, publish their signatures, and sign the log."""
    for email in emails:
        sign_and_confirm(letter, email)
    publish(signs.now)
    signs.run(after=timedelta(minutes=1))


def receipt_of(email: str, reader: Reader, signs: Signing) -> str:
    signature = signature_of(Letter.objects.get(), email)
    answer = reader.get(f"{signature.link('manage', now=signs.now)}receipt.tlog-proof")
    assert answer.status_code == 200
    return answer.content.decode()


def is_true(receipt: str, name: str, reader: Reader, folder: Path) -> bool:
    """Let the script of the docs check a receipt with the keys of the log that it is from."""
    (folder / "receipt").write_text(receipt, encoding="utf-8")
    (folder / "vkeys").write_bytes(reader.get(f"/log/{name}/vkeys.txt").content)
    return "The receipt is true." in checked("check_receipt.py", str(folder / "receipt"), str(folder / "vkeys"))


def back_up(folder: Path) -> Path:
    call_command("backup", str(folder / "backup"), keys_to=folder / "keys", ledger_key_to=folder / "signs")
    return folder / "backup"


def test_a_log_that_was_signed_after_the_backup_is_refused_and_its_successor_says_what_was_lost(  # noqa: PLR0917
    letter: Letter,
    signs: Signing,
    reader: Reader,
    signer: Signer,
    make: Make,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sign_more(letter, ["ada@example.org", "bea@example.org"], signs)
    before, copied = receipt_of("ada@example.org", reader, signs), make(letter, now=signs.now)
    with ZipFile(copied) as archive:
        mirror = archive.read("log/checkpoint")
    backup = back_up(tmp_path)
    sign_more(letter, ["eve@example.org", "flo@example.org"], signs)
    lost, last = receipt_of("eve@example.org", reader, signs), open_log(letter)
    assert last
    with restored(backup):
        assert f"signed further than this backup goes: {letter.pk}, site." in capsys.readouterr().out
        letter = Letter.objects.get()
        assert letter.signature_count == 2
        # As many sign again as before, so that only the folder tells the two histories apart.
        sign_more(letter, ["gus@example.org", "hal@example.org"], signs)
        signs.restart()
        signs.run(after=timedelta(minutes=1))
        assert {log.name for log in logs_in_doubt()} == {"site", str(letter.pk)}
        assert CHECKED in reader.read(letter)
        # People can sign, and are counted.
        signer.sign(letter, email="ivy@example.org")
        signer.confirm("ivy@example.org")
        publish(signs.now)
        assert signature_of(letter, "ivy@example.org").state == State.PUBLISHED
        assert reader.count(letter)["published"] == 5
        # The state that was signed stays readable, also under the receipt from before.
        assert is_true(before, str(letter.pk), reader, tmp_path)
        call_command("close_log", all_in_doubt=True)
        for _ in range(2):
            signs.run(after=timedelta(minutes=1))
        assert CHECKED not in reader.read(letter)
        successor = open_log(letter)
        assert successor
        assert (successor.name, successor.doubt) == (f"{letter.pk}.2", "")
        said_last = LedgerEntry.objects.filter(letter=letter, data__contains=" continues ").get().data
        assert said_last.startswith(f"undersigned/1 begin {successor.origin} continues {last.origin} {last.size} ")
        assert SiteLogEntry.objects.filter(data__startswith=f"{successor.origin}\n").exists()
        # What people kept is still checked against the closed log: copies, and receipts, also of what was lost.
        assert compared(letter, mirror)[0] == Finding.SAME
        assert is_true(before, str(letter.pk), reader, tmp_path)
        assert is_true(lost, str(letter.pk), reader, tmp_path)
        lost_note = lost.split("\n\n", 1)[1]
        assert compared(letter, lost_note.encode())[0] == Finding.AHEAD
        # New receipts are of the successor.
        again = receipt_of("ada@example.org", reader, signs)
        assert f"\n{successor.origin}\n" in again
        assert is_true(again, successor.name, reader, tmp_path)


def test_with_nothing_lost_the_same_log_goes_on(
    letter: Letter,
    signs: Signing,
    reader: Reader,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sign_more(letter, ["ada@example.org"], signs)
    signs.run(after=timedelta(minutes=1))
    # The folder also remembers logs that were closed.
    log = open_log(None)
    assert log
    close_log(log.pk, now=signs.now, even_if_right=True)
    signs.run(after=timedelta(minutes=1))
    before = receipt_of("ada@example.org", reader, signs)
    backup = back_up(tmp_path)
    with restored(backup):
        assert "The signed logs end where this backup ends" in capsys.readouterr().out
        letter = Letter.objects.get()
        signs.restart()
        sign_more(letter, ["bea@example.org"], signs)
        log = open_log(letter)
        assert log
        assert (log.name, log.doubt, logs_in_doubt().exists()) == (str(letter.pk), "", False)
        assert log.size == LedgerEntry.objects.count()
        assert CHECKED not in reader.read(letter)
        assert is_true(before, log.name, reader, tmp_path)
        assert is_true(receipt_of("bea@example.org", reader, signs), log.name, reader, tmp_path)


def test_a_machine_without_the_folder_goes_on_with_no_log_and_no_name_that_may_be_taken(
    letter: Letter,
    signs: Signing,
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first machine may have closed the log since the backup, and signed a successor called 1.2."""
    sign_more(letter, ["ada@example.org"], signs)
    backup = back_up(tmp_path)
    settings.LEDGER_DIR = tmp_path / "another machine"
    with restored(backup):
        assert "has no checkpoints" in capsys.readouterr().out
        letter = Letter.objects.get()
        signs.restart()
        signs.run()
        assert {log.doubt for log in logs_in_doubt()} == {LedgerLog.Doubt.FORGOTTEN}
        call_command("close_log", all_in_doubt=True)
        names = LedgerLog.objects.current().values_list("name", flat=True)
        assert all(int(name.partition(".")[2]) >= 4000 for name in names)
        signs.run(after=timedelta(minutes=1))
        assert not logs_in_doubt().exists()
        # Nor does a new letter get the number of one that was published after the backup.
        assert fetch_one("SELECT nextval(pg_get_serial_sequence('letters_letter', 'id'))")[0] > letter.pk + 999


# The key


def test_the_key_of_the_logs_has_a_file_of_its_own(
    letter: Letter, signs: Signing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_more(letter, ["ada@example.org"], signs)
    back_up(tmp_path)
    assert (tmp_path / "signs").read_text() == f"{SECRET}\n"
    assert (tmp_path / "signs").stat().st_mode & 0o777 == 0o600
    for file in (tmp_path / "keys", *(tmp_path / "backup").iterdir()):
        assert SECRET.encode() not in file.read_bytes()
    call_command("backup", str(tmp_path / "2"), ledger_key_to=tmp_path / "signs")
    assert "is still the same" in capsys.readouterr().out
    call_command("backup", str(tmp_path / "3"))
    assert "The key that signs the logs is not copied." in capsys.readouterr().out


def test_a_wrong_key_of_the_logs_is_not_kept(
    letter: Letter, signs: Signing, settings: Settings, tmp_path: Path
) -> None:
    sign_more(letter, ["ada@example.org"], signs)

    def refusal(to: Path) -> str:
        with pytest.raises(CommandError) as refused:
            call_command("backup", str(tmp_path / "backup"), ledger_key_to=to)
        assert not (tmp_path / "backup").exists()
        return str(refused.value)

    assert "Keep the keys apart from the backup" in refusal(tmp_path / "backup" / "signs")
    (tmp_path / "other").write_text("something else")
    assert "holds something else" in refusal(tmp_path / "other")
    settings.READ_LEDGER_KEYS = lambda: ["a secret that has signed nothing on this site so far"]
    assert "has not signed the logs of this site" in refusal(tmp_path / "signs")
    settings.READ_LEDGER_KEYS = list
    assert "has no key of the logs" in refusal(tmp_path / "signs")
    assert not (tmp_path / "signs").exists()
