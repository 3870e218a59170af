"""Two processes make the same bytes of one version, whatever their folders and the seeds of their hashes are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from letters.models import Bundle, Letter
from letters.public.mirrors import files
from tests.conftest import LetterMaker
from tests.people import add_published

CODE = """
from letters.organizer.exports.public_pdf import write_public_pdf
from letters.public.mirrors.tasks import make_bundle
make_bundle({letter}, write_pdf=write_public_pdf)
"""


def made_by_a_process(letter: Letter, folder: Path, *, seed: int) -> bytes:
    named = str(connection.settings_dict["NAME"])
    environ = {
        **os.environ,
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/postgres?", f"/{named}?"),
        "VAR_DIR": str(folder),
        "PYTHONHASHSEED": str(seed),
        "TZ": "Asia/Tokyo" if seed % 2 else "America/New_York",
    }
    command = [sys.executable, "manage.py", "shell", "-c", CODE.format(letter=letter.pk)]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environ, check=True, timeout=120)
    return (folder / "mirrors" / files.name_of(Bundle.objects.get())).read_bytes()


@pytest.mark.django_db(transaction=True)
def test_two_processes_make_the_same_bytes(published: LetterMaker, tmp_path: Path) -> None:
    letter = published()
    add_published(letter, 30, affiliation="Society of Sleepers")
    first = made_by_a_process(letter, tmp_path / "one", seed=1)
    second = made_by_a_process(letter, tmp_path / "two", seed=2)
    assert first == second
    assert len(first) > 10_000
