"""A letter can be started before its writer has an account: text first, email address last, one code."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Collective, Letter, User
from letters.organizer.letter_editor.forms import texts
from letters.organizer.letter_editor.forms.texts import MAX_LENGTH_WITHOUT_ACCOUNT
from letters.organizer.letter_editor.views.starting import BEGUN, BEGUN_FOR
from letters.shared.sessions import SessionStore
from tests.accounts.people import Person, emailed_code, forget_tries, mailed_to, make_account
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
    """Return what sessions store of letters."""
    decoded = [SessionStore().decode(session.session_data) for session in Session.objects.all()]
    return [data[BEGUN] for data in decoded if BEGUN in data]


def test_the_page_asks_for_the_text_first_and_for_the_address_last(person: Person) -> None:
    page = person.get(START).content.decode()
    places = [page.index(f'name="{name}"') for name in ("addressee", "title", "body", "collective", "email")]
    assert places == sorted(places)
    assert 'type="password"' not in page
    assert 'href="/accounts/login/?next=/organize/new/"' in page


def test_one_code_makes_the_text_a_draft(person: Person) -> None:
    assert f"We have emailed a code to {NEW}" in words(begin(person))
    assert not Letter.objects.exists()
    page = person.type_code(emailed_code(NEW))
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
def test_an_incomplete_form_sends_no_email_and_keeps_nothing(person: Person, field: str) -> None:
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
    # Only ADDRESS_KEYS can decrypt what is stored.
    assert "library" not in session.session_data


def test_a_text_without_an_account_is_bounded(person: Person) -> None:
    page = begin(person, body="a" * (MAX_LENGTH_WITHOUT_ACCOUNT + 1))
    assert "at most 30,000 characters" in words(page)
    assert kept() == []
    assert "Check your email" in words(begin(person, body="a" * MAX_LENGTH_WITHOUT_ACCOUNT))


def test_texts_without_an_account_are_counted_before_they_are_parsed(person: Person, settings: Settings) -> None:
    settings.LIMIT_REQUESTS = parse("2/hour")
    assert [begin(person, body="> " * 30).status_code for _ in range(3)] == [422, 422, 429]


def test_a_long_text_without_an_account_is_not_parsed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "problem_of", lambda _: pytest.fail("it was parsed"))
    assert begin(person, body="a" * (MAX_LENGTH_WITHOUT_ACCOUNT + 1)).status_code == 422


def test_writing_first_cannot_send_more_email_than_the_sign_up_page(person: Person, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT = settings.LIMIT_ACCOUNT_NETWORK_HARD = parse("2/hour")
    answers = [begin(Person(), email=f"nina-{number}@example.org") for number in range(4)]
    assert [answer.status_code for answer in answers][2:] == [429, 429]
    assert mailed_to("nina-3@example.org") == []
    # A refused text is not stored either.
    assert len(kept()) == 2


def test_the_answer_does_not_reveal_who_has_an_account(person: Person) -> None:
    make_account(NEW)
    known = words(begin(person))
    forget_tries()
    new = words(begin(Person(), email="nora@example.org"))
    assert known == new.replace("nora@", "nina@")
    assert len(kept()) == 2
    assert "already" in mailed_to(NEW)[0]


def sign_in_there(email: str, text: dict[str, str]) -> Person:
    """Sign in and keep the session in which a text was typed, as a sign-in through a provider does."""
    person, account = Person(), User.objects.get(email=email)
    person.sign_in(email)
    for row in Session.objects.all():
        data = SessionStore().decode(row.session_data)
        if data.get("_auth_user_id") == str(account.pk):
            Session.objects.filter(pk=row.pk).update(session_data=SessionStore().encode({**data, BEGUN: text}))
    return person


def test_someone_else_who_signs_in_there_does_not_read_the_text(person: Person) -> None:
    """On a shared computer, a colleague must not learn that a letter is being written."""
    make_account("orla@example.org")
    begin(person)
    (text,) = kept()
    colleague = sign_in_there("orla@example.org", text)
    page = colleague.get(START)
    assert page.status_code == 200
    assert "library" not in page.content.decode()
    # Nor is it kept for a later visit.
    assert len(kept()) == 1


def test_whoever_has_an_account_already_gets_the_text_when_signing_in(person: Person) -> None:
    make_account(NEW)
    begin(person, email="Nina@Example.org")
    (text,) = kept()
    assert "Keep the library open" in sign_in_there(NEW, text).get(START).content.decode()
