"""The language of a page: for public pages the URL decides, and for pages behind an account the browser."""

from collections.abc import Iterator
from functools import cache

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from limits import parse
from pytest_django import Settings

from letters.models import Letter, User
from tests.people import FROM_OUR_PAGE, Reader, Response, Signer, browser_of, sign_and_confirm, words
from tests.sentences import sentences_of_site

pytestmark = pytest.mark.django_db

ITALIAN = "it-CH, it;q=0.9, en;q=0.5"


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every URL where organizers and moderators work."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern) and route.startswith(("organize/", "moderate/")):
            yield str(pattern.name), route


def left_in_english(answer: Response) -> list[str]:
    """Return our sentences that are untranslated. Shorter ones may be words of another language."""
    page = words(answer)
    return sorted(each for each in _plain_sentences() if each in page)


@cache
def _plain_sentences() -> set[str]:
    plain = {each for each in sentences_of_site() if isinstance(each, str) and not {"%", "{", "<"} & set(each)}
    return {each for each in plain if len(each.split()) > 3}


def test_an_untranslated_sentence_is_noticed(reader: Reader, letter: Letter) -> None:
    assert left_in_english(reader.get(letter.get_absolute_url()))
    assert left_in_english(reader.get(letter.get_absolute_url("it"))) == []


def test_public_pages_ask_no_browser(letter: Letter, reader: Reader) -> None:
    for url in ("/", letter.get_absolute_url()):
        asked = reader.get(url, accept_language=ITALIAN)
        assert asked.content == reader.get(url).content
        assert "Accept-Language" not in asked.headers.get("Vary", "")


def test_pages_behind_accounts_are_in_the_language_of_the_browser(letter: Letter, organizer: User) -> None:
    person = browser_of(organizer)
    italian = person.get("/organize/", headers={"Accept-Language": ITALIAN})
    assert '<html lang="it"' in italian.content.decode()
    assert italian["Content-Language"] == "it"
    assert "Accept-Language" in italian["Vary"]
    for header in ("", "xx", "en-GB"):
        assert '<html lang="en"' in person.get("/organize/", headers={"Accept-Language": header}).content.decode()


def test_the_sign_in_pages_are_in_the_language_of_the_browser() -> None:
    page = Client().get("/accounts/login/", headers={"Accept-Language": ITALIAN})
    assert "Accedi" in words(page)
    assert left_in_english(page) == []


def test_organizers_and_moderators_read_no_english_sentence_in_italian(letter: Letter, organizer: User) -> None:
    sign_and_confirm(letter)
    person = browser_of(organizer)
    opened = 0
    # Pages and emails for readers and signers are in the letter's language.
    shown_as_sent = {"preview_letter", "carry_over_as_email"}
    for name in (name for name, _ in addresses() if name not in shown_as_sent):
        for given in ({}, {"slug": letter.slug}, {"slug": letter.collective.slug}):
            try:
                url = reverse(name, kwargs=given)
            except NoReverseMatch:
                continue
            answer = person.get(url, headers={"Accept-Language": ITALIAN})
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                assert left_in_english(answer) == [], url
                opened += 1
    assert opened > 10


def test_a_person_who_asks_for_too_many_emails_is_told_in_the_language_of_the_letter(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    Letter.objects.update(language="it")
    letter.refresh_from_db()
    settings.LIMIT_REQUESTS = parse("1/hour")
    check = signer.sign(letter)["Location"]
    answers = [signer.client.post(check, {"action": "resend"}, headers=FROM_OUR_PAGE) for _ in range(2)]
    assert answers[1].status_code == 429
    assert "Riprova tra circa 60 minuti." in words(answers[1])
