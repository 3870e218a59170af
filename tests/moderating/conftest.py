import pytest

from letters.models import Letter, Signature
from tests.conftest import LetterMaker
from tests.people import add_confirmed, publish


@pytest.fixture
def reviewed(published: LetterMaker) -> Letter:
    """A letter with five signatures that wait for a moderator."""
    letter = published(reviewed=True)
    add_confirmed(letter, 5, state=Signature.State.HELD)
    publish()
    return letter
