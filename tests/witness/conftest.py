"""The site's log with a key, as in tests/ledger_logs, and a clock that real witnesses agree with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from letters.base.witnesses import queries
from letters.models import Letter
from letters.public.witnesses.tasks import offer_to_witnesses
from tests.ledger_logs.conftest import Append, Signing, append, ledger_dir, signs
from tests.witness.trees import Witness, new_witness, running_witness
from undersigned_witness.notes import Key

__all__ = ["append", "ledger_dir", "signs"]


class SiteLog:
    """The log of the site, which grows by one entry each time: the checkpoint of one letter."""

    def __init__(self, worker: Signing, append: Append, letter: Letter) -> None:
        self.worker, self.append, self.letter = worker, append, letter
        # Witnesses are processes with a clock of their own.
        self.worker.now = datetime.now(UTC) - timedelta(hours=2)

    def grow(self, times: int = 1) -> None:
        for _ in range(times):
            self.append(3, self.letter)
            self.worker.run(after=timedelta(seconds=61))

    def vkeys(self) -> list[str]:
        from letters.base.ledger_logs.queries import open_log, vkeys_of

        log = open_log(None)
        assert log
        return [str(key) for key in vkeys_of(log.origin)]


@pytest.fixture
def site_log(signs: Signing, append: Append, letter: Letter) -> SiteLog:
    found = SiteLog(signs, append, letter)
    found.grow(3)
    return found


@pytest.fixture
def witness(site_log: SiteLog, settings: Settings, tmp_path: Path) -> Iterator[Witness]:
    """A real witness that trusts this site, and that this site asks."""
    folder = tmp_path / "witness"
    (key, _) = new_witness(folder, *map(Key.parse, site_log.vkeys()))
    with running_witness(folder) as running:
        settings.WITNESSES = [(str(key), running.url)]
        settings.WITNESSES_MAY_BE_PRIVATE = True
        queries.forget_said()
        yield running
    queries.forget_said()


@pytest.fixture
def offer() -> Callable[..., None]:
    """Run the task, now or later."""

    def run(*, later: timedelta = timedelta()) -> None:
        offer_to_witnesses(lambda: datetime.now(UTC) + later)
        queries.forget_said()

    return run
