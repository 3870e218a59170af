"""The form says which host led a reader here. Only the host is stored, until it is tallied."""

import pytest
from django.utils import timezone

from letters.models import Letter
from tests.conftest import LetterMaker
from tests.people import Signer, signature_of


def test_the_host_that_the_form_names_is_stored_until_it_is_tallied(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, via="news.example")
    assert signature_of(letter).via == "news.example"


@pytest.mark.parametrize("via", ["", "https://news.example/path?ada", "x" * 10_000, "testserver", "a\0b.example"])
def test_any_other_value_is_ignored_and_prevents_no_signature(letter: Letter, signer: Signer, via: str) -> None:
    assert signer.sign(letter, via=via).status_code == 303
    assert signature_of(letter).via == ""


def test_a_form_with_errors_remembers_the_website(letter: Letter, signer: Signer) -> None:
    page = signer.sign(letter, name="", via="news.example")
    assert page.status_code == 422
    assert '<input type="hidden" name="via" value="news.example">' in page.content.decode()


def test_the_form_that_asks_for_a_proof_remembers_the_website(published: LetterMaker, signer: Signer) -> None:
    letter = published(asks_proof=True)
    signer.calculate(signer.sign(letter, via="news.example"))
    assert signature_of(letter).via == "news.example"


def test_the_public_page_names_no_website(letter: Letter, signer: Signer) -> None:
    page = signer.get(letter.url_of("letter"), referer="https://news.example/").content.decode()
    assert '<input type="hidden" name="via" value="">' in page
    assert "news.example" not in page


def test_the_signer_reads_that_the_website_is_stored(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, via="news.example")
    manage = signature_of(letter).link("manage", now=timezone.now())
    assert signer.get(f"{manage}data.json").json()["via"] == "news.example"
