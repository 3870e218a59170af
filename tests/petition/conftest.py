from pathlib import Path

import pytest

from tests.stack import open_folder


@pytest.fixture
def new_folder() -> Path:
    """Replaces `tmp_path` for PostgreSQL's data."""
    return open_folder()
