"""The form asks about an address that looks mistyped, and never changes it: an email to gmial.com never arrives."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import Letter, Signature, SignerContact
from letters.shared.address_typos import likely_meant
from letters.shared.addresses import decrypt
from tests.conftest import LetterMaker
from tests.people import Signer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("Ada.L@gmail.con", "Ada.L@gmail.com"),
        ("ada@gmai.com", "ada@gmail.com"),
        ("ada@hotmaill.com", "ada@hotmail.com"),
        ("ada@protonmial.com", "ada@protonmail.com"),
        ("ada@gmail.com", ""),
        ("ada@mail.com", ""),
        ("ada@hotmail.fr", ""),
        ("ada@example.org", ""),
        ("ada@mgali.com", ""),
    ],
)
def test_the_form_asks_only_about_one_typo_from_a_large_provider(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


def test_the_question_keeps_everything_that_was_typed(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="Ada", email="ada@gmial.com")
    text = page.content.decode()
    assert page.status_code == 422
    assert "Did you mean ada@gmail.com?" in text
    assert 'value="ada@gmial.com"' in text
    assert 'value="Ada"' in text
    assert not Signature.objects.exists()


def test_an_address_sent_again_is_accepted_as_typed(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, email="ada@gmial.com")
    assert signer.sign(letter, email="ada@gmial.com", sure="ada@gmial.com").status_code == 303
    assert Signature.objects.count() == 1


def test_the_form_asks_again_about_another_typo(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, email="ada@gmai.com", sure="ada@gmial.com").status_code == 422


def test_one_button_accepts_the_suggestion_and_the_other_keeps_the_address(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="Ada", email="ada@gmial.com").content.decode()
    assert '<button class="button quiet" name="use" value="ada@gmail.com">Yes, sign with ada@gmail.com</button>' in page
    assert '<button class="button quiet">No, my address is right</button>' in page
    assert '<input type="hidden" name="sure" value="ada@gmial.com">' in page
    # The Enter key presses the first button of a form.
    assert page.index('<button type="submit" hidden>') < page.index('name="use"')
    assert signer.sign(letter, name="Ada", email="ada@gmial.com", use="ada@gmail.com").status_code == 303
    assert decrypt(SignerContact.objects.get().address) == "ada@gmail.com"


def test_a_form_shown_again_for_another_reason_asks_no_second_time(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="", email="ada@gmial.com", sure="ada@gmial.com").content.decode()
    assert "Enter your name." in page
    assert "Did you mean" not in page
    assert 'name="use"' not in page


def test_the_question_says_nothing_about_who_has_signed(letter: Letter, signer: Signer) -> None:
    """Neither by its words nor by its work: it comes before anything is read about signatures."""
    ask(letter, signer)
    page, queries = ask(letter, signer)
    signer.sign(letter, email="ada@gmial.com", sure="ada@gmial.com")
    signer.sign(letter, email="ada@gmail.com")
    assert Signature.objects.count() == 2
    assert ask(letter, signer) == (page, queries)
    assert not [sql for sql in queries if "letters_signature" in sql or "letters_submission" in sql]


def ask(letter: Letter, signer: Signer) -> tuple[str, list[str]]:
    """Send the form with a mistyped address. Returns the answer, and the queries for it."""
    with CaptureQueriesContext(connection) as queries:
        page = signer.sign(letter, name="Ada", email="ada@gmial.com").content.decode()
    return page, [each["sql"] for each in queries]


@pytest.mark.parametrize("use", ["eve@gmail.com", "ada@evil.example", "x"])
def test_the_button_accepts_no_other_address(letter: Letter, signer: Signer, use: str) -> None:
    assert signer.sign(letter, name="Ada", email="ada@gmial.com", use=use).status_code == 422
    assert signer.sign(letter, name="Ada", email="ada@example.org", use=use).status_code == 303
    assert decrypt(SignerContact.objects.get().address) == "ada@example.org"


def test_the_form_shows_one_question_at_a_time(published: LetterMaker, signer: Signer) -> None:
    """Beside the question about a typo, the page says nothing else about the same address."""
    letter = published(addressee_domains=["gmial.com"])
    errors = re.findall(
        '<p class="error" id="sign_email_error">(.*?)</p>', signer.sign(letter, email="ada@gmial.com").content.decode()
    )
    assert len(errors) == 1
    assert "Did you mean" not in errors[0]
