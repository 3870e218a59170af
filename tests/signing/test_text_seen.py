"""Nobody signs a text that they have not seen: a form names the text that was above it."""

import re

import pytest

from letters.models import Letter, OutgoingEmail, Signature
from letters.signer.signing.queries import texts
from tests.carry_over.conftest import change_text
from tests.people import NOW, Response, Signer, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

TEXT = re.compile(r'name="text" value="([^"]*)"')
CHANGED = "The letter changed while you had it open, so nothing was saved."


@pytest.fixture(autouse=True)
def _letters_are_read_again() -> None:
    texts._letter_in_second.cache_clear()


def form_of(letter: Letter, language: str = "") -> str:
    """Return the number in the form on the letter's page."""
    (number,) = TEXT.findall(Signer().read(letter, language=language))
    return str(number)


def send(letter: Letter, text: str | None, **fields: str) -> Response:
    texts._letter_in_second.cache_clear()
    return Signer().sign(letter, **fields, **({} if text is None else {"text": text}))


def test_the_form_on_the_page_signs_the_text_on_the_page(letter: Letter) -> None:
    assert form_of(letter) == "1"
    assert send(letter, "1").status_code == 303


def test_a_page_left_open_does_not_sign_the_new_text(letter: Letter) -> None:
    number = form_of(letter)
    change_text(letter)
    answer = send(letter, number, name="Ada Lovelace", affiliation="Analysts")
    assert answer.status_code == 409
    assert CHANGED in words(answer)
    assert 'value="Ada Lovelace"' in answer.content.decode()
    assert not Signature.objects.exists()
    assert not OutgoingEmail.objects.exists()
    # A person who has read it now signs it.
    (again,) = TEXT.findall(answer.content.decode())
    assert again == "2" == form_of(letter)
    assert send(letter, again).status_code == 303
    assert Signature.objects.get().revision.number == 2


@pytest.mark.parametrize("text", [None, "", "0", "3", "-1", "1.0", "\u0663", "9" * 40, "x"])
def test_a_form_that_names_no_text_does_not_sign_the_new_text(letter: Letter, text: str | None) -> None:
    change_text(letter)
    assert send(letter, text).status_code == 409
    assert not Signature.objects.exists()


@pytest.mark.parametrize("text", [None, ""])
def test_a_form_that_names_no_text_is_accepted_while_there_is_only_one(letter: Letter, text: str | None) -> None:
    assert send(letter, text).status_code == 303


def test_a_change_in_another_language_only_asks_for_nothing(letter: Letter) -> None:
    change_text(letter)
    assert send(letter, "1", language="it").status_code == 303
    assert send(letter, "1").status_code == 409


def test_the_answer_is_the_same_whether_or_not_the_address_has_signed(letter: Letter) -> None:
    sign_and_confirm(letter, "ada@example.org")
    publish(NOW)
    change_text(letter)
    known, new = (send(letter, "1", email=email) for email in ("ada@example.org", "eve@example.org"))
    assert known.status_code == new.status_code == 409
    assert known.content.decode().replace("ada@", "eve@") == new.content.decode()


def test_the_page_that_confirms_links_to_the_text_that_will_be_signed(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = signer.mailed_link()
    change_text(letter)
    page = signer.get(link).content.decode()
    assert f'<a href="{letter.url_of("past_text", number=1)}">Keep the night trains running</a>' in page
