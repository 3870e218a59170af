"""The version of a letter's pages is public: it changes with what everyone can see, and with nothing that one
person did.
"""

from datetime import timedelta

import pytest

from letters.models import Letter, Signature
from letters.signer.signing.operations import Changes, change_signature, disown_signature, withdraw_signature
from tests.people import NOW, Reader, publish, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def told(letter: Letter) -> tuple[object, ...]:
    """Return everything by which a client can tell that a page is new."""
    reader = Reader()
    pages = [reader.get(letter.url_of(name)).headers["ETag"] for name in ("letter", "signatures", "count")]
    return (Letter.objects.get(pk=letter.pk).version, *pages)


@pytest.fixture
def hidden(letter: Letter) -> Signature:
    """A published signature with a name that only organizers see."""
    signature = sign_and_confirm(letter, display="organizers")
    publish(NOW)
    return signature


def changes_of(signature: Signature, **values: str) -> Changes:
    words = {"display": signature.display, "name": signature.name, "affiliation": signature.affiliation}
    return Changes(**{**words, **values})


@pytest.mark.parametrize(
    "said",
    [{}, {"consent": "Write to me"}, {"name": "Ada King"}, {"affiliation": "The line"}, {"display": "nobody"}],
    ids=lambda said: str(*said),
)
def test_a_change_that_nobody_sees_does_not_change_the_version(
    letter: Letter, hidden: Signature, said: dict[str, str]
) -> None:
    before = told(letter)
    change_signature(hidden, changes=changes_of(hidden, **said), now=NOW + HOUR)
    publish(NOW + HOUR)
    assert told(letter) == before


def test_a_change_before_publication_does_not_change_the_version(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    before = told(letter)
    change_signature(signature, changes=changes_of(signature, name="Ada King"), now=NOW)
    assert told(letter) == before


@pytest.mark.parametrize("end", [withdraw_signature, disown_signature])
def test_deleting_an_unconfirmed_signature_does_not_change_the_version(letter: Letter, end: object) -> None:
    signature = sign(letter)
    publish(NOW)
    before = told(letter)
    assert callable(end)
    end(signature, now=NOW + HOUR)
    publish(NOW + HOUR)
    assert told(letter) == before


@pytest.mark.parametrize("said", [{"name": "Ada King"}, {"affiliation": "The line"}, {"display": "organizers"}])
def test_a_change_that_everyone_sees_changes_the_version_at_once(letter: Letter, said: dict[str, str]) -> None:
    signature = sign_and_confirm(letter)
    publish(NOW)
    signature.refresh_from_db()
    before = Letter.objects.get().version
    change_signature(signature, changes=changes_of(signature, **said), now=NOW + HOUR)
    assert Letter.objects.get().version > before


def test_withdrawing_a_public_name_changes_the_version_at_once(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    publish(NOW)
    before = Letter.objects.get().version
    withdraw_signature(signature, now=NOW + HOUR)
    assert Letter.objects.get().version > before


def test_withdrawing_without_a_public_name_leaves_it_to_the_sequencer(letter: Letter, hidden: Signature) -> None:
    before = told(letter)
    withdraw_signature(hidden, now=NOW + HOUR)
    assert told(letter) == before
