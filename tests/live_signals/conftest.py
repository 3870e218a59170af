import pytest

from letters.models import Letter
from letters.moderator.live_signals import operations
from letters.moderator.live_signals.operations import score_signatures
from letters.public.public_pages.tasks import sweep
from tests.conftest import LetterMaker
from tests.people import NOW


@pytest.fixture(autouse=True)
def _shares_are_counted_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "_remembered", (0.0, {}))


@pytest.fixture
def reviewed(published: LetterMaker) -> Letter:
    """A letter whose moderators see every signature, so that they also read the small reasons."""
    return published(reviewed=True)


def run_sequencer() -> None:
    """Score and number what was confirmed, as the worker does."""
    sweep(now=NOW, score=score_signatures)
