"""The web server and the worker of the version before the newest migration work with the tables of this one.

So a rolling restart needs no pause: migrations run first, and old processes go on until new ones replace them.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from letters.models import Letter
from letters.shared.clock import database_now
from petition.embedded import free_port
from tests.people import unheard_of
from tests.stack import Part, Parts, Web, links_in, open_folder, until
from tests.stack import _read as read_mail

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.django_db(transaction=True)]

MIGRATIONS = Path("letters") / "migrations"


def git(*words: str) -> str:
    """Return what git says; "" if this is no clone, or if it does not know."""
    ran = subprocess.run(["git", *words], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    return ran.stdout.strip() if ran.returncode == 0 else ""


def version_before() -> str:
    """Return the commit before the one that added the newest migration; skip without the history to find it."""
    newest = max((settings.BASE_DIR / MIGRATIONS).glob("[0-9]*.py")).name
    added = git("log", "--max-count=1", "--diff-filter=A", "--format=%H", "--", str(MIGRATIONS / newest))
    before = git("rev-parse", "--verify", f"{added}^") if added else ""
    if not before or git("rev-parse", "--is-shallow-repository") != "false":
        pytest.skip("No complete history of git is here, or the newest migration is not committed.")
    return before


class OldParts(Parts):
    """Processes of an earlier version, with the database of this test."""

    def __init__(self, code: Path, folder: Path, **environ: str) -> None:
        super().__init__(folder, **environ)
        self.code = code
        self.environ["PYTHONPATH"] = str(code)

    def run(self, *words: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.code,
            env=os.environ | self.environ,
            check=True,
            capture_output=True,
            timeout=300,
        )

    def start(self, name: str, *words: str) -> Part:
        # The program finds its code in the folder where it starts.
        command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.code), sys.executable, "-m", "petition", *words]
        return self._start(name, command)


@pytest.fixture
def old(transactional_db: None) -> Iterator[OldParts]:
    folder, code = open_folder(), open_folder()
    packed = subprocess.run(
        ["git", "archive", version_before()], cwd=settings.BASE_DIR, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "--extract", f"--directory={code}"], input=packed, check=True)
    parts = OldParts(code, folder, VAR_DIR=str(folder / "var"), STATIC_ROOT=str(folder / "static"), LAPTOP="yes")
    yield parts
    parts.stop()
    sys.stderr.write(parts.output)


def test_people_sign_confirm_and_withdraw_with_the_previous_version(old: OldParts, letter: Letter) -> None:
    Letter.objects.update(published_at=database_now())
    old.run("collectstatic", "--noinput", "--verbosity=0")
    web = Web(free_port())
    old.environ |= {"GRANIAN_PORT": str(web.port), "GRANIAN_HOST": "127.0.0.1"}
    old.start("web", "web")
    old.start("worker", "worker")
    until(web.answers, 120)
    name = unheard_of().title()

    def mailed(purpose: str) -> str:
        boxes = (old.folder / "var").rglob("*.eml")
        links = [links_in(read_mail(file)) for file in boxes]
        return next((each[purpose] for each in links if purpose in each), "")

    assert web.sign(letter.slug, "ada@gmail.com", name).status == 303
    assert web.post(until(lambda: mailed("confirm"), 120)).status in {200, 302, 303}

    def counted() -> Letter | None:
        letter.refresh_from_db()
        return letter if letter.signature_count == 1 else None

    until(counted, 120)
    until(lambda: name in web.get(letter.get_absolute_url()).text, 60)
    assert web.post(until(lambda: mailed("manage"), 120), action="withdraw").status in {200, 302, 303}

    def withdrawn() -> bool:
        letter.refresh_from_db()
        return (letter.signature_count, letter.withdrawn_count) == (0, 1)

    until(withdrawn, 120)
