"""A letter whose whole list is too long for one request, and the workers that are woken for it."""

from pathlib import Path

import pytest
from pytest_django import Settings

from letters.models import Letter
from letters.public.public_pages import files
from letters.shared import wakeups
from tests.people import add_published


@pytest.fixture
def large(letter: Letter, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Letter:
    """A letter with three signatures whose list is built in the background."""
    monkeypatch.setattr(files, "LARGE_LIST", 2)
    settings.PUBLIC_LISTS_DIR = tmp_path / "lists"
    settings.EXPORTS_DIR = tmp_path / "exports"
    add_published(letter, 3)
    return letter


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Record which workers readers have woken."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(wakeups, "wake", lambda *args, **more: calls.append((*args, more["queue"])))
    return calls
