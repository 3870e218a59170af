from pathlib import Path

import pytest

from tests.stack import open_folder


@pytest.fixture
def new_folder() -> Path:
    """A folder for PostgreSQL's data, in place of `tmp_path`."""
    return open_folder()
