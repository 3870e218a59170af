from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from letters.models import User
from tests.people import browser_of


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder for the exports of this test."""
    folder = tmp_path / "exports"
    settings.EXPORTS_DIR = folder
    return folder


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)
