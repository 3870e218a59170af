"""Every command in docs/running.md is run as it is written, or the reason is given here why it cannot be run."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree, ignore_patterns
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from dotenv import dotenv_values

from bench.site import SAMPLE
from tests.people import unheard_of
from tests.stack import _test_database, open_folder

pytestmark = pytest.mark.xdist_group("stack")

# How a line begins that someone types into a shell.
PROGRAMS = (
    *("undersigned", "python", "pip", "make", "docker", "systemctl", "systemd-analyze", "useradd"),
    *("pg_basebackup", "pg_archivecleanup", "valkey-cli", "cp"),
)
# The commands that a test elsewhere runs, by their beginning.
RUN_ELSEWHERE = {
    "undersigned web": "tests/deploying/test_commands.py::test_every_process_starts",
    "undersigned worker": "tests/deploying/test_commands.py::test_every_process_starts",
    "undersigned beat": "tests/deploying/test_commands.py::test_every_process_starts",
    "undersigned status": "tests/deploying/test_commands.py::test_every_process_starts",
    "undersigned check --url": "tests/petition/test_public_check.py::",
    "undersigned close_log 12 site": "tests/deploying/test_restored_logs.py::",
    "undersigned restore": "tests/deploying/test_restore.py::",
    "python manage.py decide_appeal": "tests/takedowns/::",
    "python manage.py accept_keys": "tests/petition/test_keys.py::",
    "docker compose": "tests/deploying/test_containers.py::",
    "pip wheel": "tests/petition/test_package.py::",
    "pip install --no-deps": "tests/petition/test_package.py::",
}
# The commands that nothing runs here, by their beginning, and why.
NOT_RUN = {
    "pip install --require-hashes": "it needs the package index; CI installs so before the tests begin",
    "docker ": "images cannot be pulled here",
    "systemctl": "the tests do not run as an operating system; test_containers.py compares the units",
    "systemd-analyze": "the same",
    "useradd": "it changes the machine",
    "pg_basebackup": "it needs a server with an archive; tests/deploying/test_restore.py copies a whole site by itself",
    "valkey-cli": "it is no part of this program",
    "make audit": "it needs the network",
    "make bench": "it takes minutes",
}
# Sentences name these, and say elsewhere how they are typed.
NAMED = {"undersigned init", "python manage.py", "pip install", "cp -a"}


def lines_to_type() -> list[str]:
    """Return each command of the docs once: the lines of code blocks, and code within sentences."""
    text = (settings.BASE_DIR / "docs" / "running.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^(?: {4}| {8})(\S.*)$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", text.replace("\n   ", " "))
    return list(dict.fromkeys(line for line in [*blocks, *inline] if is_command(line)))


def is_command(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and words[0] in PROGRAMS and line not in NAMED


def reason(line: str, among: dict[str, str]) -> str:
    return next((why for beginning, why in among.items() if line.startswith(beginning)), "")


def to_run() -> list[str]:
    return [line for line in lines_to_type() if not reason(line, NOT_RUN) and not reason(line, RUN_ELSEWHERE)]


def test_the_docs_have_the_commands_of_an_operator() -> None:
    found = lines_to_type()
    assert len(found) > 40
    assert {"undersigned migrate", "undersigned init --site-url https://letters.example.org"} <= {*found}


def test_every_reason_is_still_needed_and_every_test_exists() -> None:
    found = lines_to_type()
    unused = [each for each in [*NOT_RUN, *RUN_ELSEWHERE] if not any(line.startswith(each) for line in found)]
    assert unused == []
    for where in RUN_ELSEWHERE.values():
        path, _, name = where.partition("::")
        assert (settings.BASE_DIR / path).exists(), where
        assert not name or f"def {name}(" in (settings.BASE_DIR / path).read_text(encoding="utf-8")


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[str]:
    """The address of a database as an operator creates it."""
    name = f"docs_{uuid4().hex[:12]}"
    with psycopg.connect(_test_database(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        yield urlsplit(_test_database())._replace(path=f"/{name}").geturl()
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as pip installs it: without its source tree, so that settings are read from where it is started."""
    folder = tmp_path_factory.mktemp("installed")
    for package in ("letters", "petition", "undersigned_witness"):
        copytree(settings.BASE_DIR / package, folder / package, ignore=ignore_patterns("__pycache__"))
    return folder


class Operator:
    """Someone who follows the docs in an empty folder."""

    def __init__(self, folder: Path, installed: Path, database: str) -> None:
        self.folder, self.installed, self.database = folder, installed, database

    def type(self, line: str) -> tuple[int, str]:
        """Type a command as the docs have it; return its exit code, and what it says."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        typed = line.replace("FOLDER", "/var/backups/undersigned/2026-12-01")
        typed = typed.replace("2026-12-01T18:00", tomorrow.strftime("%Y-%m-%dT%H:%M"))
        for path in ("/var/backups/undersigned/2026-12-01", "/root/undersigned-keys"):
            typed = typed.replace(path, str(self.folder / path.strip("/").replace("/", "-")))
        # The docs speak of a letter of their own.
        typed = typed.replace("check_ledger night-trains", f"check_ledger {SAMPLE}")
        # Nobody sits at the keyboard; the environment has the answers.
        typed = typed.replace("createsuperuser", "createsuperuser --noinput")
        program = {
            "undersigned": f"{sys.executable} -m petition",
            "python manage.py": f"{sys.executable} -m petition",
            "python": sys.executable,
        }
        beginning = next(each for each in program if typed.startswith(f"{each} "))
        typed = program[beginning] + typed.removeprefix(beginning)
        ran = subprocess.run(
            ["/bin/sh", "-c", typed],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return ran.returncode, ran.stdout + ran.stderr

    @property
    def environ(self) -> dict[str, str]:
        """The settings are in `.env`, as the docs say; nothing of the tests' own settings is left."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        password = {"DJANGO_SUPERUSER_EMAIL": "root@example.org", "DJANGO_SUPERUSER_PASSWORD": unheard_of()}
        return {**kept, **password, "PYTHONPATH": str(self.installed)}

    def complete_settings(self) -> None:
        """Complete the lines of `.env` that say so."""
        env = self.folder / ".env"
        lines = env.read_text().splitlines()
        known = {
            "DATABASE_URL": self.database,
            "VALKEY_URL": settings.VALKEY_URL,
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "SOURCE_URL": "https://example.org/source",
        }
        kept = [line for line in lines if line.lstrip("# ").split("=")[0] not in known]
        env.write_text("\n".join([*kept, *(f"{name}='{value}'" for name, value in known.items()), ""]))
        assert dotenv_values(env)["DATABASE_URL"] == self.database


# Commands that say what is wrong, and end with 1 where there is no mail server, no proxy and no other process.
MAY_FIND_PROBLEMS = "undersigned check "


def test_following_the_docs_leads_to_a_site(empty_database: str, installed: Path) -> None:
    operator = Operator(open_folder(), installed, empty_database)
    failed = {}
    for line in to_run():
        code, said = operator.type(line)
        if code > (1 if f"{line} ".startswith(MAY_FIND_PROBLEMS) else 0) or "Traceback" in said:
            failed[line] = said
        if line.startswith("undersigned init"):
            operator.complete_settings()
    assert failed == {}
    manifest = json.loads(next(operator.folder.glob("var-backups-*/manifest.json")).read_text())
    assert manifest["manifest"]
    with psycopg.connect(empty_database) as database:
        assert database.execute("SELECT count(*) FROM letters_user WHERE is_superuser").fetchone() == (1,)
