from pathlib import Path

import pytest

from tests.stack import open_folder


@pytest.fixture
def new_folder() -> Path:
    """In place of `tmp_path` for whatever keeps PostgreSQL's data."""
    return open_folder()
