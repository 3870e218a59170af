import pytest

from letters.models import Letter, Signature
from letters.shared.tokens import make_handle
from tests.conftest import LetterMaker
from tests.people import add_confirmed, publish


@pytest.fixture
def reviewed(published: LetterMaker) -> Letter:
    """A letter with five signatures that wait for a moderator."""
    letter = published(reviewed=True)
    add_confirmed(letter, 5, state=Signature.State.HELD)
    publish()
    return letter


def handles_of(letter: Letter) -> list[str]:
    """The handles of its signatures, in the order of their ids."""
    return [handle_of(signature) for signature in letter.signatures.order_by("pk")]


def handle_of(signature: Signature) -> str:
    return make_handle(f"list:{signature.letter_id}", signature.pk)
