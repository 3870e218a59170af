""" "Check your mail": what a signer sees after signing, the same for everybody."""

import re

import pytest

from letters.models import Letter, Signature
from letters.shared.tokens import make_token
from tests.people import NOW, Signer, deliver, sign, words


def check_url(signature: Signature, purpose: str = "check") -> str:
    token = make_token(purpose, signature_id=signature.pk, salt=signature.salt, now=NOW)
    return f"/signatures/check/{token}/"


def test_the_page_says_what_to_do_and_what_to_do_without_a_mail(letter: Letter, signer: Signer) -> None:
    answer = signer.get(signer.sign(letter).headers["Location"])
    assert answer.status_code == 200
    for sentence in [
        "Check your mail",
        "Until then your signature is not counted",
        "Look in the folders for spam",
        "sign again",
    ]:
        assert sentence in words(answer)
    assert f'href="{letter.get_absolute_url()}#sign"' in answer.content.decode()


def test_the_page_does_not_repeat_what_was_typed(letter: Letter, signer: Signer) -> None:
    """Its token is good for anybody who types the address, so it must not show what another has typed."""
    page = signer.get(check_url(sign(letter, name="Ada Lovelace"))).content.decode()
    assert "ada@example.org" not in page
    assert "Lovelace" not in page


def test_the_page_speaks_the_language_that_was_signed_in(letter: Letter, signer: Signer) -> None:
    answer = signer.get(signer.sign(letter, language="it").headers["Location"])
    assert '<html lang="it"' in answer.content.decode()
    assert "Lasciate correre i treni notturni" in words(answer)


def test_nobody_keeps_the_page_and_nobody_learns_its_address(letter: Letter, signer: Signer) -> None:
    headers = signer.get(check_url(sign(letter))).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "ETag" not in headers
    assert "Set-Cookie" not in headers


def test_looking_at_the_page_changes_nothing(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    deliver()
    before = Signature.objects.values().get(pk=signature.pk)
    for _ in range(20):
        signer.get(check_url(signature))
        signer.client.head(check_url(signature))
    assert Signature.objects.values().get(pk=signature.pk) == before


@pytest.mark.parametrize("purpose", ["confirm", "not-me", "manage", ""])
def test_a_token_for_something_else_does_not_open_it(letter: Letter, signer: Signer, purpose: str) -> None:
    answer = signer.get(check_url(sign(letter), purpose))
    assert answer.status_code == 404
    assert "This link does not work" in words(answer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_a_405(letter: Letter, signer: Signer, method: str) -> None:
    assert signer.client.generic(method, check_url(sign(letter))).status_code == 405


def test_the_page_speaks_the_language_of_the_form_and_not_of_an_earlier_signature(
    letter: Letter, signer: Signer
) -> None:
    """Otherwise signing in one language with somebody's address would tell that they have signed in another."""
    signer.sign(letter, language="it")
    again = signer.get(signer.sign(letter)["Location"])
    new = signer.get(signer.sign(letter, email="new@example.org")["Location"])
    assert b'<html lang="en"' in again.content
    assert without_tokens(again.content) == without_tokens(new.content)


def without_tokens(page: bytes) -> bytes:
    return re.sub(rb"/signatures/check/[^/]+/", b"/", page)


@pytest.mark.parametrize("page", ["check", "confirm", "not-me", "manage"])
def test_a_link_that_lost_its_slash_leads_on_and_is_kept_by_nobody(letter: Letter, signer: Signer, page: str) -> None:
    signature = sign(letter)
    link = make_token(page, signature_id=signature.pk, salt=signature.salt, now=NOW)
    answer = signer.get(f"/signatures/{page}/{link}")
    assert (answer.status_code, answer["Location"]) == (302, f"/signatures/{page}/{link}/")
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert signer.client.post(f"/signatures/{page}/{link}").status_code == 405


def test_a_useless_link_speaks_the_browsers_language(letter: Letter, signer: Signer) -> None:
    assert b'<html lang="en"' in signer.get("/signatures/check/nothing/").content
    assert b'<html lang="it"' in signer.get("/signatures/check/nothing/", accept_language="it-CH, en;q=0.5").content
