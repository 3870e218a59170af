"""Backups that cannot be restored are refused with a sentence, before anything is written."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command
from psycopg.conninfo import make_conninfo
from pytest_django import Settings

from letters.base.keyring.operations import know_keys
from letters.models import Export, ExportPart, KeyFingerprint, Letter, Signature, User
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.exports.tasks import make_exports
from letters.shared.clock import database_now
from letters.signer.signing.operations import withdraw_signature
from petition.backups import BackupError, manifest, programs
from petition.backups.database import address
from petition.backups.making import make_backup
from petition.backups.restoring import restore_backup
from tests.people import NOW, add_published
from tests.stack import Parts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed(letter: Letter, organizer: User) -> Letter:
    """A letter with signatures, one of them withdrawn, and a file for its organizers."""
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=3), now=NOW)
    KeyFingerprint.objects.all().delete()
    know_keys(now=NOW)
    ask_export(letter, wanted=Wanted(Export.Kind.SIGNATURES, Export.Format.CSV), by=organizer, now=database_now())
    make_exports()
    return letter


@pytest.fixture
def backup(signed: Letter, tmp_path: Path) -> Path:
    call_command("backup", str(tmp_path / "backup"), keys_to=tmp_path / "keys", verbosity=0)
    return tmp_path / "backup"


@pytest.fixture
def keys(backup: Path) -> Path:
    return backup.with_name("keys")


@contextmanager
def another_database() -> Iterator[psycopg.Connection]:
    """Create an empty database, which DATABASE_URL names meanwhile for the commands."""
    name, admin = f"elsewhere_{uuid4().hex[:12]}", {**address(), "dbname": "postgres"}
    with psycopg.connect(make_conninfo(**admin), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("petition.backups.database.address", lambda: {**admin, "dbname": name})
        with psycopg.connect(make_conninfo(**{**admin, "dbname": name}), autocommit=True) as there:
            yield there
    with psycopg.connect(make_conninfo(**admin), autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def elsewhere() -> Iterator[psycopg.Connection]:
    """An empty database, which DATABASE_URL names from now on for the commands."""
    with another_database() as there:
        yield there


def refusal(command: str, folder: Path, **options: Any) -> str:
    with pytest.raises(CommandError) as refused:
        call_command(command, str(folder), **options)
    return str(refused.value)


def is_empty(database: psycopg.Connection) -> bool:
    return not database.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall()


def change(backup: Path, **values: Any) -> None:
    """Write another manifest, as another version of the program would have."""
    made = manifest.read(backup)
    manifest.Manifest(**{**made.__dict__, **values}).write(backup)


# What is whole


def test_a_backup_comes_back_with_its_numbers(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_backup", str(backup))
    call_command("restore", str(backup), keys=keys)
    said = capsys.readouterr().out
    for sentence in ("is whole: 3 signatures.", "The database is restored: 3 signatures", "Run `migrate`"):
        assert sentence in said
    states = elsewhere.execute("SELECT state, count(*) FROM letters_signature GROUP BY 1 ORDER BY 1").fetchall()
    assert states == [("published", 2), ("withdrawn", 1)]


def test_files_for_organizers_are_left_out_and_the_restored_site_knows_it(
    backup: Path, keys: Path, elsewhere: psycopg.Connection
) -> None:
    assert ExportPart.objects.exists()
    call_command("restore", str(backup), keys=keys, verbosity=0)
    assert elsewhere.execute("SELECT count(*) FROM letters_exportpart").fetchall() == [(0,)]
    assert elsewhere.execute("SELECT file_name FROM letters_export").fetchall() == [("",)]


def test_pages_from_after_the_backup_are_forgotten(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, valkey: "redis.Redis"
) -> None:
    valkey.set("a page", "from after the backup")
    call_command("restore", str(backup), keys=keys, verbosity=0)
    assert not valkey.exists("a page")


def test_without_valkey_the_command_says_what_to_do(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, settings: Settings
) -> None:
    settings.VALKEY_URL = "redis://127.0.0.1:1/0"
    said: list[str] = []
    restore_backup(backup, keys=keys, say=said.append)
    assert any("Empty it before you start the site" in sentence for sentence in said)


def test_an_environment_with_other_keys_is_told_to_take_the_kept_ones(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, settings: Settings
) -> None:
    settings.SECRET_KEY = "another key, which is long enough to be one for production too"
    said: list[str] = []
    restore_backup(backup, keys=keys, say=said.append)
    assert any(f"Set those in {keys}" in sentence for sentence in said)


def test_keys_with_every_character_are_kept_as_they_are(signed: Letter, settings: Settings, tmp_path: Path) -> None:
    settings.SECRET_KEY = """it's "$HOME" \\n #1 ${VAR} — and 50 characters long or more"""
    KeyFingerprint.objects.all().delete()
    know_keys(now=NOW)
    for name in ("first", "second"):
        made = make_backup(tmp_path / name, keys_to=tmp_path / "keys", say=str)
    from petition.backups.keys import check_keys

    assert check_keys(tmp_path / "keys", made)


# What is not


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda dump: dump.write_bytes(dump.read_bytes()[:-1]), "is cut off"),
        (lambda dump: dump.write_bytes(b""), "is cut off: 0 of"),
        (lambda dump: dump.write_bytes(dump.read_bytes() + b"x"), "is damaged"),
        (lambda dump: dump.write_bytes(dump.read_bytes().replace(b"PGDMP", b"PGDMQ", 1)), "is damaged"),
        (lambda dump: dump.unlink(), "is missing"),
        (lambda dump: dump.with_name("manifest.json").unlink(), "is not a backup: it has no manifest.json"),
        (lambda dump: _one_more_signature(dump.with_name("manifest.json")), "manifest.json is damaged"),
        (lambda dump: dump.with_name("manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda dump: dump.with_name("manifest.json").write_text("[]"), "manifest.json is damaged"),
    ],
    ids=range(9),
)
def test_a_damaged_backup_is_refused(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, damage: Callable[[Path], Any], sentence: str
) -> None:
    damage(backup / "database.dump")
    assert sentence in refusal("verify_backup", backup)
    assert sentence in refusal("restore", backup, keys=keys)
    assert is_empty(elsewhere)


def _one_more_signature(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert '"signatures": 3' in text
    path.write_text(text.replace('"signatures": 3', '"signatures": 4'), encoding="utf-8")


def test_keys_of_another_site_are_refused(backup: Path, keys: Path, elsewhere: psycopg.Connection) -> None:
    for name in ("SECRET_KEY", "ADDRESS_KEYS", "ADDRESS_HASH_KEY"):
        other = backup.with_name(name)
        lines = [line for line in keys.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{name}=")]
        other.write_text("\n".join([*lines, f"{name}={Fernet.generate_key().decode()}"]), encoding="utf-8")
        assert f"do not belong to this backup: {name} differ" in refusal("restore", backup, keys=other)
    assert is_empty(elsewhere)


def test_a_missing_or_unreadable_file_of_keys_is_refused(
    backup: Path, keys: Path, elsewhere: psycopg.Connection
) -> None:
    assert "cannot be read (No such file or directory)" in refusal("restore", backup, keys=backup / "nothing")
    keys.write_bytes(b"\xff\xfe")
    assert "is no file of keys" in refusal("restore", backup, keys=keys)
    assert is_empty(elsewhere)


def test_a_database_with_data_is_never_written_to(backup: Path, keys: Path, elsewhere: psycopg.Connection) -> None:
    elsewhere.execute("CREATE TABLE somewhere (id int)")
    assert "The database is not empty: it has a table somewhere" in refusal("restore", backup, keys=keys)
    assert elsewhere.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall() == [(1,)]


def test_a_backup_of_a_newer_version_is_refused(backup: Path, keys: Path, elsewhere: psycopg.Connection) -> None:
    change(backup, migrations=[*manifest.read(backup).migrations, "letters.9999_later"], program="9.0")
    sentence = refusal("restore", backup, keys=keys)
    assert "made by a newer version of Undersigned (9.0)" in sentence
    assert "letters.9999_later" in sentence
    change(backup, format=2)
    assert "Install that version first" in refusal("verify_backup", backup)
    assert is_empty(elsewhere)


def test_numbers_that_differ_from_the_manifest_are_named(
    backup: Path, keys: Path, elsewhere: psycopg.Connection, signed: Letter
) -> None:
    counts = manifest.read(backup).counts
    counts[str(signed.pk)]["published"] += 1
    change(backup, counts=counts)
    assert f"does not have the numbers of the manifest ({signed.pk})" in refusal("restore", backup, keys=keys)


def test_a_dump_that_postgresql_refuses_leaves_an_empty_database(
    backup: Path, keys: Path, elsewhere: psycopg.Connection
) -> None:
    """For example when the disk of the database is full: everything is one transaction."""
    elsewhere.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF tg_tag = 'CREATE INDEX' THEN RAISE EXCEPTION 'No space left on device'; END IF; END $$"
    )
    elsewhere.execute("CREATE EVENT TRIGGER full_disk ON ddl_command_start EXECUTE FUNCTION refuse()")
    sentence = refusal("restore", backup, keys=keys)
    assert "pg_restore failed" in sentence
    assert "No space left on device" in sentence
    assert is_empty(elsewhere)


# Making one


def test_a_folder_that_exists_is_not_written_to(backup: Path) -> None:
    before = {path.name: path.read_bytes() for path in backup.iterdir()}
    assert "exists already. Give each backup a folder of its own." in refusal("backup", backup)
    assert {path.name: path.read_bytes() for path in backup.iterdir()} == before


def test_keys_are_never_beside_the_backup(signed: Letter, tmp_path: Path) -> None:
    for keys in (tmp_path / "b" / "keys", tmp_path / "b", tmp_path / "b" / "x" / ".." / "keys"):
        assert "Keep the keys apart from the backup" in refusal("backup", tmp_path / "b", keys_to=keys)
    assert list(tmp_path.iterdir()) == []


def test_keys_that_older_backups_need_are_not_replaced(
    backup: Path, keys: Path, settings: Settings, tmp_path: Path
) -> None:
    before = keys.read_bytes()
    settings.SECRET_KEY_FALLBACKS = ["an earlier key, which is long enough to be one for production"]
    assert "holds something else, which an older backup may need" in refusal("backup", tmp_path / "2", keys_to=keys)
    assert keys.read_bytes() == before
    assert not (tmp_path / "2").exists()


@pytest.mark.parametrize("name", ["SECRET_KEY", "ADDRESS_HASH_KEY"])
@pytest.mark.parametrize("value", ["", "another key, which is long enough to be one for production too"])
def test_keys_that_did_not_write_the_data_are_not_kept(
    signed: Letter, settings: Settings, tmp_path: Path, name: str, value: str
) -> None:
    setattr(settings, name, value)
    sentence = refusal("backup", tmp_path / "b", keys_to=tmp_path / "k")
    assert f"{name} of this environment did not write this data." in sentence
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_for_keys_the_command_says_that_they_are_missing(
    signed: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup", str(tmp_path / "b"))
    assert "It holds no keys, and without them nobody can restore it." in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["database.dump", "manifest.json"]


def test_a_full_disk_leaves_nothing(signed: Letter, tmp_path: Path) -> None:
    """No file may grow beyond a kilobyte, which is how a full disk looks to pg_dump."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    ran = subprocess.run(
        [sys.executable, "manage.py", "backup", str(tmp_path / "b"), "--keys-to", str(tmp_path / "k")],
        cwd=settings.BASE_DIR,
        env=Parts(tmp_path).environ | {"PYTHONDONTWRITEBYTECODE": "1", "VAR_DIR": str(settings.VAR_DIR), **_keys()},
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "CommandError: pg_dump failed: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def _keys() -> dict[str, str]:
    return {
        "LAPTOP": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "ADDRESS_KEYS": ",".join(settings.ADDRESS_KEYS),
        "ADDRESS_HASH_KEY": settings.ADDRESS_HASH_KEY,
    }


def test_a_folder_that_cannot_be_written_gets_a_sentence(signed: Letter, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "No backup can be written to" in refusal("backup", tmp_path / "file" / "backup")


def test_a_database_that_does_not_answer_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {**address(), "dbname": "gone"}
    monkeypatch.setattr("petition.backups.database.address", lambda: gone)
    assert "The database does not answer:" in refusal("backup", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_too_old_for_the_server_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
    old.chmod(0o755)
    monkeypatch.setattr(programs, "_all", lambda _: iter([old, tmp_path / "gone"]))
    assert programs.program("pg_dump", least=14) == old
    with pytest.raises(BackupError, match=r"the newest pg_dump here is of version 14\. Install the package postgresql"):
        programs.program("pg_dump", least=18)
    monkeypatch.setattr(programs, "_all", lambda _: iter([]))
    with pytest.raises(BackupError, match="there is no pg_dump here"):
        programs.program("pg_dump", least=18)


def test_no_password_is_among_the_arguments_of_a_program(tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "error: $# $PGPASSWORD $PGHOST $PGOTHER" >&2\nexit 1\n')
    program.chmod(0o755)
    variables = programs.as_variables({"password": "hunter2", "host": "db", "pool": "x", "port": ""})
    with pytest.raises(BackupError, match=r"pg_dump failed: 0 hunter2 db $"):
        programs.call(program, database=variables)


def test_the_manifest_is_of_the_moment_of_the_dump(signed: Letter, tmp_path: Path) -> None:
    """People sign between the dump and the count, which both see the database as it was before."""
    describe = manifest.describe

    def meanwhile(path: Path) -> dict[str, Any]:
        add_published(signed, 2)
        return describe(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "describe", meanwhile)
        made = make_backup(tmp_path / "b", keys_to=None, say=str)
    assert made.counts[str(signed.pk)] == {"published": 2, "withdrawn": 1}
    assert Signature.objects.count() == 5
    assert json.loads((tmp_path / "b" / "manifest.json").read_bytes())["manifest"]["counts"] == made.counts
