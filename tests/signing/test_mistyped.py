"""An address that looks mistyped is asked about, never changed: a mail to gmial.com never comes."""

import re

import pytest

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
def test_only_one_slip_from_a_great_provider_is_asked_about(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


def test_it_is_asked_about_with_all_that_was_typed_kept(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="Ada", email="ada@gmial.com")
    text = page.content.decode()
    assert page.status_code == 422
    assert "Did you mean ada@gmail.com?" in text
    assert 'value="ada@gmial.com"' in text
    assert 'value="Ada"' in text
    assert not Signature.objects.exists()


def test_sent_once_more_it_is_taken_as_it_stands(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, email="ada@gmial.com")
    assert signer.sign(letter, email="ada@gmial.com", sure="ada@gmial.com").status_code == 303
    assert Signature.objects.count() == 1


def test_another_slip_is_asked_about_again(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, email="ada@gmai.com", sure="ada@gmial.com").status_code == 422


def test_a_button_takes_the_address_that_was_meant(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="Ada", email="ada@gmial.com").content.decode()
    assert '<button class="button quiet" name="use" value="ada@gmail.com">' in page
    # Whoever presses Enter presses the first button of a form.
    assert page.index('type="submit"') < page.index('name="use"')
    assert signer.sign(letter, name="Ada", email="ada@gmial.com", use="ada@gmail.com").status_code == 303
    assert decrypt(SignerContact.objects.get().address) == "ada@gmail.com"


@pytest.mark.parametrize("use", ["eve@gmail.com", "ada@evil.example", "x"])
def test_no_other_address_is_taken_by_that_button(letter: Letter, signer: Signer, use: str) -> None:
    assert signer.sign(letter, name="Ada", email="ada@gmial.com", use=use).status_code == 422
    assert signer.sign(letter, name="Ada", email="ada@example.org", use=use).status_code == 303
    assert decrypt(SignerContact.objects.get().address) == "ada@example.org"


def test_one_alarm_at_a_time(published: LetterMaker, signer: Signer) -> None:
    """Beside the question about a slip nothing else is said about the same address."""
    letter = published(addressee_domains=["gmial.com"])
    errors = re.findall(
        '<p class="error" id="sign_email_error">(.*?)</p>', signer.sign(letter, email="ada@gmial.com").content.decode()
    )
    assert len(errors) == 1
    assert "Did you mean" not in errors[0]
