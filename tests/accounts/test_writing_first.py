"""A letter begins before its writer has an account: text first, email address last, one code."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Collective, Letter, User
from letters.organizer.letter_editor.forms.texts import LONGEST_WITHOUT_ACCOUNT
from letters.organizer.letter_editor.views.starting import BEGUN, BEGUN_FOR
from letters.shared.sessions import SessionStore
from tests.accounts.people import Person, forget_tries, mailed_digits, mailed_to, make_account
from tests.people import Response, words

pytestmark = pytest.mark.django_db

NEW = "nina@example.org"
START = "/organize/new/"
ANSWERS: dict[str, Any] = {
    "addressee": "To the council",
    "title": "Keep the library open",
    "body": "Five evenings a week.",
    "collective": "Readers of the Old Town",
    "language": "en",
}


def begin(person: Person, email: str = NEW, **fields: Any) -> Response:
    return person.send(START, email=email, **{**ANSWERS, **fields})


def kept() -> list[dict[str, str]]:
    """What sessions keep of letters."""
    decoded = [SessionStore().decode(session.session_data) for session in Session.objects.all()]
    return [data[BEGUN] for data in decoded if BEGUN in data]


def test_the_page_asks_for_the_text_first_and_for_the_address_last(person: Person) -> None:
    page = person.get(START).content.decode()
    places = [page.index(f'name="{name}"') for name in ("addressee", "title", "body", "collective", "email")]
    assert places == sorted(places)
    assert 'type="password"' not in page
    assert 'href="/accounts/login/?next=/organize/new/"' in page


def test_with_one_code_the_text_becomes_a_draft(person: Person) -> None:
    assert f"We have emailed a code to {NEW}" in words(begin(person))
    assert not Letter.objects.exists()
    page = person.type_digits(mailed_digits(NEW))
    assert page.request["PATH_INFO"] == START
    for answer in ("To the council", "Keep the library open", "Five evenings a week.", "Readers of the Old Town"):
        assert answer in page.content.decode()
    assert len(mailed_to(NEW)) == 1
    person.send(START, page=page, **ANSWERS)
    letter = Letter.objects.get()
    assert (letter.slug, letter.status, letter.collective.name) == (
        "keep-the-library-open",
        "draft",
        "Readers of the Old Town",
    )
    assert kept() == []


@pytest.mark.parametrize("field", ["addressee", "title", "body", "collective", "email"])
def test_what_is_missing_sends_no_email_and_keeps_nothing(person: Person, field: str) -> None:
    page = begin(person, **{field: " "})
    assert page.status_code == 422
    assert "There is a problem" in words(page)
    assert "Five evenings" in page.content.decode() or field == "body"
    assert mailed_to(NEW) == []
    assert kept() == []
    assert not User.objects.exists()


def test_nothing_is_a_draft_before_the_code_and_the_text_goes_after_two_hours(person: Person) -> None:
    begin(person)
    assert [each["title"] for each in kept()] == ["Keep the library open"]
    assert not Letter.objects.exists()
    assert not Collective.objects.exists()
    [session] = [each for each in Session.objects.all() if BEGUN in SessionStore().decode(each.session_data)]
    assert session.expire_date <= timezone.now() + timedelta(seconds=BEGUN_FOR)
    # What is stored can be read with ADDRESS_KEYS only.
    assert "library" not in session.session_data


def test_a_text_without_an_account_is_bounded(person: Person) -> None:
    page = begin(person, body="a" * (LONGEST_WITHOUT_ACCOUNT + 1))
    assert "at most 30,000 characters" in words(page)
    assert kept() == []
    assert "Check your email" in words(begin(person, body="a" * LONGEST_WITHOUT_ACCOUNT))


def test_it_cannot_send_more_email_than_the_sign_up_page(person: Person, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT = settings.LIMIT_ACCOUNT_NETWORK_HARD = parse("2/hour")
    answers = [begin(Person(), email=f"nina-{number}@example.org") for number in range(4)]
    assert [answer.status_code for answer in answers][2:] == [429, 429]
    assert mailed_to("nina-3@example.org") == []
    # What was refused is not kept either.
    assert len(kept()) == 2


def test_the_answer_does_not_tell_who_has_an_account(person: Person) -> None:
    make_account(NEW)
    known = words(begin(person))
    forget_tries()
    new = words(begin(Person(), email="nora@example.org"))
    assert known == new.replace("nora@", "nina@")
    assert len(kept()) == 2
    assert "already" in mailed_to(NEW)[0]
