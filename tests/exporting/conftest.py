from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from letters.models import User
from tests.people import browser_of


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Files of this test alone."""
    settings.EXPORTS_DIR = tmp_path / "exports"
    return settings.EXPORTS_DIR


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)
