"""The language of a page: for public pages the URL decides, and for pages behind an account the browser."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Collective, Letter, User
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.public.public_pages.operations import sequence_letter
from letters.shared.languages import direction
from tests.interface_languages import TRANSLATED
from tests.people import FROM_OUR_PAGE, NOW, Reader, Response, Signer, browser_of, sign_and_confirm, words
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


# What readers open, after the letter's own address.
OF_A_LETTER = [
    *["", "signatures/", "history/", "updates/", "count/history/", "verify/", "mirrors/", "link/", "report/"],
    *["organisations/", "signatures/?q=ada", "signatures/?q=nobody"],
]


@pytest.fixture
def letter_in(collective: Collective, organizer: User) -> Callable[[str], Letter]:
    """Publish a letter in a language."""

    def make(language: str) -> Letter:
        text = Text(language, "42", "A-Z", "1 + 1 = 2")
        letter = draft_letter(collective, slug="of-its-language", text=text, by=organizer, now=NOW)
        publish_letter(letter, by=organizer, now=NOW)
        return letter

    return make


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_letter_is_read_signed_and_confirmed_without_an_english_sentence(
    letter_in: Callable[[str], Letter], signer: Signer, language: str
) -> None:
    letter = letter_in(language)
    url, runs = letter.get_absolute_url(), direction(language)
    empty = signer.send(letter, {"name": "", "email": ""})
    check = signer.sign(letter)["Location"]
    pages = {"empty form": empty, "check": signer.get(check), "link": signer.get(signer.mailed_link())}
    pages["thanks"] = signer.confirm()
    assert pages["thanks"].status_code == 200
    sequence_letter(letter.pk, now=timezone.now())
    pages["control"] = signer.get(signer.mailed_link(purpose="manage"))
    for path in OF_A_LETTER:
        pages[path] = signer.get(url + path)
    for path, page in pages.items():
        if page.status_code in {301, 302, 404}:
            continue
        assert f'<html lang="{language}" dir="{runs}"' in page.content.decode(), path
        assert left_in_english(page) == [], path
    assert len([page for page in pages.values() if page.status_code == 200]) > 9


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


@pytest.mark.parametrize("language", TRANSLATED)
def test_organizers_and_moderators_read_no_english_sentence(letter: Letter, organizer: User, language: str) -> None:
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
            answer = person.get(url, headers={"Accept-Language": language})
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
