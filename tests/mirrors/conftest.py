"""A letter with signatures in two languages, its bundle, and the worker that makes it."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from letters.models import Bundle, Letter
from letters.organizer.exports.public_pdf import write_public_pdf
from letters.public.mirrors import files
from letters.public.mirrors.contents import WritePdf
from letters.public.mirrors.tasks import make_bundle
from letters.shared import wakeups
from tests.people import NOW

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.MIRRORS_DIR = tmp_path / "mirrors"


@pytest.fixture
def make() -> Make:
    """Let the worker make the bundle of a letter, and return its file. Its PDF is no real one: that takes seconds."""
    return partial(_make, write_pdf=_write_no_pdf)


def _write_no_pdf(path: Path, letter: Letter, language: str, day: date) -> None:
    path.write_text(f"%PDF {letter.pk} {language} {day}")


@pytest.fixture
def make_with_pdf() -> Make:
    """Do the same with the real PDF."""
    return partial(_make, write_pdf=write_public_pdf)


def _make(letter: Letter, *, write_pdf: WritePdf, now: datetime = NOW) -> Path:
    make_bundle(letter.pk, write_pdf=write_pdf, clock=lambda: now)
    return files.path_of(Bundle.objects.get(letter=letter))


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Record which workers readers have woken."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(wakeups, "wake", lambda *args, **more: calls.append((*args, more["queue"])))
    return calls
