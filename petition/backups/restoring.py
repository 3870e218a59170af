"""Restore a backup into an empty database."""

from pathlib import Path

import redis
from django.db.migrations.loader import MigrationLoader

from letters.base.keyring.queries import lacking
from letters.shared.valkey import client
from petition.backups import BackupError, database, logs, manifest, programs
from petition.backups.keys import check_keys, lacking_here
from petition.backups.making import Say
from petition.backups.manifest import DUMP, Manifest


def restore_backup(folder: Path, *, keys: Path, say: Say) -> None:
    """Restore a backup, after everything about it was checked. Nothing is half restored. Raises BackupError."""
    found = manifest.verify(folder)
    say("The files are as they were written.")
    _refuse_newer(found)
    given = check_keys(keys, found)
    say("The keys belong to this backup.")
    with database.connected() as connection:
        database.refuse_unless_empty(connection)
        server = connection.info.server_version // 10000
    _write(folder / DUMP, least=max(server, found.postgresql))
    with database.connected() as connection:
        _refuse_difference(found, database.counts(connection))
        if wrong := lacking(database.keys(connection), given):
            raise BackupError(f"The restored data was written under other keys: {' and '.join(wrong)} differ.")
        database.settle(connection)
        about_logs = list(logs.what_is_next(connection))
    signatures = found.counts[database.SITE]["signatures"]
    say(f"The database is restored: {signatures} signatures, as counted at {found.moment:%Y-%m-%d %H:%M:%S %Z}.")
    _empty_valkey(say)
    _say_what_is_next(found, keys, about_logs, say)


def _write(dump: Path, *, least: int) -> None:
    """Write everything in one transaction."""
    restore = programs.program("pg_restore", least=least)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    target = ["--no-password", f"--dbname={database.address()['dbname']}"]
    programs.call(restore, *options, *target, str(dump), database=database.variables())


def _refuse_newer(found: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := [name for name in found.migrations if name not in known]:
        raise BackupError(
            f"The backup was made by a newer version of Undersigned ({found.program}): this one does not know "
            f"{unknown[-1]}. Install that version, then restore."
        )


def _refuse_difference(found: Manifest, counts: dict[str, dict[str, int]]) -> None:
    if counts != found.counts:
        letters = sorted(name for name in {*counts, *found.counts} if counts.get(name) != found.counts.get(name))
        raise BackupError(
            f"The restored database does not have the numbers of the manifest ({', '.join(letters)}). Do not use it: "
            "drop it, and restore another backup."
        )


def _empty_valkey(say: Say) -> None:
    """Privacy: Valkey holds pages from after the backup, perhaps with the names of people who withdraw now."""
    try:
        with client(seconds_to_connect=3, seconds=10) as valkey:
            valkey.flushdb()
        say("Valkey is empty.")
    except (redis.RedisError, OSError, ValueError) as error:
        say(f"Valkey did not answer ({type(error).__name__}). Empty it before you start the site: it may hold pages.")


def _say_what_is_next(found: Manifest, keys: Path, about_logs: list[str], say: Say) -> None:
    say("What to do next:")
    if lacking_here(found):
        say(f"* This environment has other keys. Set those in {keys} before you start anything.")
    say("* Run `migrate`, start the site, and look at `status`.")
    for sentence in about_logs:
        say(f"* {sentence}")
    say(
        f"* What happened after {found.moment:%Y-%m-%d %H:%M:%S %Z} is not in this backup. People who withdrew since "
        "then are shown again, and emails that were sent since then can be sent twice. docs/running.md says under "
        "“Restore” what helps."
    )
