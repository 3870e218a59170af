""" "Check your email": what a signer sees after signing, the same for everyone."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from letters.models import Letter, Signature
from letters.shared.tokens import make_check_token, make_token
from letters.signer.signing.operations import disown_signature, purge_unconfirmed, withdraw_signature
from tests.people import FROM_OUR_PAGE, NOW, Signer, deliver, sign, sign_and_confirm, words

DAY = timedelta(days=1)


def check_url(signature: Signature, purpose: str = "check", *, age: timedelta = timedelta()) -> str:
    now, pk, salt = timezone.now() - age, signature.pk, signature.salt
    token = make_token(purpose, signature_id=pk, salt=salt, now=now)
    if purpose == "check":
        token = make_check_token(signature_id=pk, salt=salt, submission_id=1, address="ada@example.org", now=now)
    return f"/signatures/check/{token}/"


def test_the_page_says_what_to_do_and_what_if_no_email_comes(letter: Letter, signer: Signer) -> None:
    answer = signer.get(signer.sign(letter).headers["Location"])
    assert answer.status_code == 200
    for sentence in [
        "Check your email",
        "Until then your signature is not counted",
        "Look in your spam and promotions folders",
        "sign again",
    ]:
        assert sentence in words(answer)
    assert f'href="{letter.get_absolute_url()}#sign"' in answer.content.decode()


def test_the_page_does_not_repeat_what_was_typed(letter: Letter, signer: Signer) -> None:
    """Its token works for anyone who types the address, so it must not show what another person has typed."""
    page = signer.get(check_url(sign(letter, name="Ada Lovelace"))).content.decode()
    assert "Check your email" in page
    assert "ada@example.org" not in page
    assert "Lovelace" not in page


def test_the_page_is_in_the_language_of_the_signing(letter: Letter, signer: Signer) -> None:
    answer = signer.get(signer.sign(letter, language="it").headers["Location"])
    assert '<html lang="it"' in answer.content.decode()
    assert "Lasciate correre i treni notturni" in words(answer)


def test_no_cache_keeps_the_page_and_no_site_learns_its_address(letter: Letter, signer: Signer) -> None:
    headers = signer.get(check_url(sign(letter))).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "ETag" not in headers
    assert "Set-Cookie" not in headers


def test_opening_the_page_changes_nothing(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    deliver()
    before = Signature.objects.values().get(pk=signature.pk)
    for _ in range(20):
        signer.get(check_url(signature))
        signer.client.head(check_url(signature))
    assert Signature.objects.values().get(pk=signature.pk) == before


@pytest.mark.parametrize("purpose", ["confirm", "confirm-by-code", "not-me", "manage", "", "check-again"])
def test_a_token_for_something_else_does_not_open_it(letter: Letter, signer: Signer, purpose: str) -> None:
    answer = signer.get(check_url(sign(letter), purpose))
    assert answer.status_code == 404
    assert "This link does not work" in words(answer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_a_405(letter: Letter, signer: Signer, method: str) -> None:
    assert signer.client.generic(method, check_url(sign(letter))).status_code == 405


def test_the_page_is_in_the_language_of_the_form_and_not_of_an_earlier_signature(
    letter: Letter, signer: Signer
) -> None:
    """Otherwise signing in one language with someone's address would tell that they have signed in another."""
    signer.sign(letter, language="it")
    again = signer.get(signer.sign(letter)["Location"])
    new = signer.get(signer.sign(letter, email="new@example.org")["Location"])
    assert b'<html lang="en"' in again.content
    assert without_tokens(again.content) == without_tokens(new.content)


def without_tokens(page: bytes) -> bytes:
    return re.sub(rb"/signatures/check/[^/]+/", b"/", page)


@pytest.mark.parametrize("page", ["check", "confirm", "not-me", "manage"])
def test_a_link_without_its_slash_redirects_and_no_cache_keeps_it(letter: Letter, signer: Signer, page: str) -> None:
    signature = sign(letter)
    link = make_token(page, signature_id=signature.pk, salt=signature.salt, now=NOW)
    answer = signer.get(f"/signatures/{page}/{link}")
    assert (answer.status_code, answer["Location"]) == (302, f"/signatures/{page}/{link}/")
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert signer.client.post(f"/signatures/{page}/{link}").status_code == 405


def test_the_page_of_an_invalid_link_is_in_the_browsers_language(letter: Letter, signer: Signer) -> None:
    assert b'<html lang="en"' in signer.get("/signatures/check/nothing/").content
    assert b'<html lang="it"' in signer.get("/signatures/check/nothing/", accept_language="it-CH, en;q=0.5").content


# The end of the page


def end_of(signature: Signature, becomes: str) -> None:
    """Change a signature after the page was opened."""
    if becomes == "withdrawn":
        withdraw_signature(signature, now=timezone.now())
    elif becomes == "disowned":
        disown_signature(signature, now=timezone.now())
    elif becomes == "purged":
        signature.delete()


@pytest.mark.parametrize("becomes", ["pending", "confirmed", "withdrawn", "disowned", "purged"])
def test_the_page_ends_after_a_day_and_reads_the_same_whatever_became_of_the_signature(
    letter: Letter, signer: Signer, becomes: str
) -> None:
    signature = sign_and_confirm(letter) if becomes == "confirmed" else sign(letter)
    pages = [check_url(signature, age=DAY + timedelta(seconds=2)) for _ in range(4)]
    end_of(signature, becomes)
    answers = [
        signer.get(pages[0]),
        signer.client.post(pages[1], {"code": "123456"}, headers=FROM_OUR_PAGE),
        signer.client.post(pages[2], {"action": "resend"}, headers=FROM_OUR_PAGE),
    ]
    other = signer.get(check_url(sign(letter, "another@example.org"), age=9 * DAY))
    assert {answer.status_code for answer in [*answers, other]} == {410}
    assert {answer.content for answer in answers} == {other.content}
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "its link works until the date in that email" in words(answers[0])
    assert signer.get(f"/it{pages[3]}").content.startswith(b'<!doctype html>\n<html lang="it"')


def test_the_page_works_for_a_day(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter)
    assert "Check your email" in words(signer.get(check_url(signature, age=DAY - timedelta(minutes=1))))


def test_requesting_the_email_again_extends_the_page_by_a_day(letter: Letter, signer: Signer) -> None:
    page = check_url(sign(letter), age=DAY - timedelta(minutes=1))
    again = signer.client.post(page, {"action": "resend"}, headers=FROM_OUR_PAGE)["Location"]
    assert "Check your email" in words(signer.get(again))


@pytest.mark.parametrize("concern", ["", "complained"])
def test_a_second_signing_just_before_the_deletion_gets_a_page_for_a_whole_day(
    letter: Letter, signer: Signer, concern: str
) -> None:
    """Otherwise the page would end at once, and reveal that someone signed two weeks ago."""
    now = timezone.now()
    signature = sign(letter, now=now - 14 * DAY)
    Signature.objects.update(concern=concern)
    sign(letter, now=now - timedelta(hours=1))
    assert purge_unconfirmed(now=now) == 0
    signature.refresh_from_db()
    assert signature.state == "pending"
    assert "Check your email" in words(signer.get(check_url(signature)))
    Signature.objects.update(concern="")
    assert purge_unconfirmed(now=now + 14 * DAY) == 1
