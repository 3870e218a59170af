"""With sudo, `make run` would leave files that their owner cannot use, so it refuses."""

import os
from pathlib import Path

import pytest

from petition.embedded import CannotStart
from petition.local import refuse_borrowed_root


def test_root_creates_nothing_in_another_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    # Also if the folder does not exist yet.
    for var in (tmp_path, tmp_path / "var" / "deep"):
        with pytest.raises(CannotStart, match="you are root"):
            refuse_borrowed_root(var)


def test_root_may_run_in_its_own_folder_and_everyone_else_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_borrowed_root(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    refuse_borrowed_root(Path("/"))
