"""With sudo, `make run` would leave files that their owner could not use: it refuses."""

import os
from pathlib import Path

import pytest

from petition.embedded import CannotStart
from petition.local import refuse_borrowed_root


def test_root_makes_nothing_in_the_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    # Also where the folder has still to be made.
    for var in (tmp_path, tmp_path / "var" / "deep"):
        with pytest.raises(CannotStart, match="you are root"):
            refuse_borrowed_root(var)


def test_root_in_its_own_folder_and_everybody_else_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_borrowed_root(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    refuse_borrowed_root(Path("/"))
