"""The form asks about a name that holds a web address or numerals, and believes a signer who insists."""

import pytest

from letters.models import Letter, Signature, State
from tests.live_signals.conftest import run_sequencer
from tests.people import Reader, Signer, sign_and_confirm, signature_of, words
from tests.signing.test_manage import act, control_link

pytestmark = pytest.mark.django_db

SPAM = "Buy at http://spam.example now"
QUESTION = "Names seldom contain numerals or a web address."


@pytest.mark.parametrize("name", [SPAM, "visit spam.com", "R2 D2", "Ilse Marwick 1980"])
def test_the_form_asks_once_and_keeps_what_was_typed(letter: Letter, signer: Signer, name: str) -> None:
    page = signer.sign(letter, name=name)
    assert page.status_code == 422
    assert QUESTION in words(page)
    assert f'name="sure_name" value="{name}"' in page.content.decode()
    assert not Signature.objects.exists()
    assert signer.sign(letter, name=name, sure_name=name).status_code == 303


def test_a_signer_who_changes_the_name_is_asked_again(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, name="R2 D3", sure_name="R2 D2").status_code == 422


def test_spam_waits_for_a_moderator_if_its_signer_insists(letter: Letter, signer: Signer, reader: Reader) -> None:
    signer.sign(letter, name=SPAM, sure_name=SPAM)
    signer.confirm()
    run_sequencer()
    assert signature_of(letter).state == State.HELD
    assert "spam.example" not in reader.read(letter)


@pytest.mark.parametrize("name", ["John Smith III", "Karl, the 3rd", "J.R.R. Tolkien", "Dr.Who", "O'Brien & Sons"])
def test_an_ordinary_name_is_not_asked_about(letter: Letter, signer: Signer, name: str) -> None:
    assert signer.sign(letter, name=name).status_code == 303


def test_a_signer_without_a_name_is_not_asked(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, name="R2 D2", display="nobody").status_code == 303


def test_a_changed_name_is_asked_about_and_an_old_one_is_not(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter, name="R2 D2")
    run_sequencer()
    link = control_link(signature)
    assert act(signer, link, "save", name="R2 D2", affiliation="Tatooine", display="public") == 303
    assert act(signer, link, "save", name="R2 D4", display="public") == 422
    assert act(signer, link, "save", name="R2 D4", display="public", sure_name="R2 D4") == 303
