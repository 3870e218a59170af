"""An address that looks mistyped is asked about, never changed: a mail to gmial.com never comes."""

import pytest

from letters.models import Letter, Signature
from letters.shared.slips import likely_meant
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
