"""Signing in with a password or an emailed code, and limits on both."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from letters.base.accounts.tasks import tidy
from letters.models import User
from letters.shared.sessions import stored_key
from tests.accounts.people import PASSWORD, Person, emailed_code, mailed_to, make_account, other_than
from tests.people import words

pytestmark = pytest.mark.django_db

UNKNOWN = "nobody@example.org"


def test_the_password_signs_in(person: Person, orla: User) -> None:
    page = person.sign_in(orla.email.upper())
    assert page.redirect_chain == [("/accounts/", 302)]
    assert orla.email in words(page)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(person: Person, orla: User) -> None:
    pages = [words(person.sign_in(email, "not this one at all")) for email in (orla.email, UNKNOWN)]
    assert pages[0] == pages[1]
    assert "email address or password is wrong" in pages[0]
    assert not person.is_signed_in()


def test_an_emailed_code_signs_in(person: Person, orla: User) -> None:
    page = person.send("/accounts/login/code/", email=orla.email)
    assert f"We have emailed a code to {orla.email}" in words(page)
    page = person.type_code(other_than(emailed_code(orla.email)), "/accounts/login/code/confirm/")
    assert "That code is wrong" in words(page)
    person.type_code(emailed_code(orla.email), "/accounts/login/code/confirm/")
    assert person.is_signed_in()


@pytest.mark.parametrize("url", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_a_code_for_an_unknown_address_looks_the_same(orla: User, url: str) -> None:
    pages = []
    for email in (orla.email, UNKNOWN):
        visitor = Person()
        page = visitor.send(url, email=email)
        wrong = visitor.type_code(
            "000000" if email == UNKNOWN else other_than(emailed_code(email)), page.request["PATH_INFO"]
        )
        pages.append([(each.redirect_chain, words(each).replace(email, "(address)")) for each in (page, wrong)])
    assert pages[0] == pages[1]
    assert "no account uses it" in mailed_to(UNKNOWN)[-1]


def test_a_new_password_is_chosen_with_a_code_and_signs_in(person: Person, orla: User) -> None:
    person.send("/accounts/password/reset/", email=orla.email)
    person.type_code(emailed_code(orla.email), "/accounts/password/reset/confirm/")
    new = "another twelve characters"
    person.send("/accounts/password/reset/complete/", password1=new, password2=new)
    assert person.is_signed_in()
    orla.refresh_from_db()
    assert orla.check_password(new)
    assert "Your password has changed" in mailed_to(orla.email)[-1]


def test_signing_in_leads_to_the_page_that_was_wanted_and_never_to_another_site(orla: User) -> None:
    assert Person().sign_in(orla.email, way_on="/accounts/sessions/").redirect_chain == [("/accounts/sessions/", 302)]
    assert Person().sign_in(orla.email, way_on="https://evil.example/").redirect_chain == [("/accounts/", 302)]


def test_a_session_ends_after_two_weeks(signed_in: Person) -> None:
    cookie = signed_in.client.cookies["sessionid"]
    assert cookie["max-age"] == 14 * 24 * 3600
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_signing_out_needs_a_button(signed_in: Person) -> None:
    signed_in.get("/accounts/logout/")
    assert signed_in.is_signed_in()
    signed_in.send("/accounts/logout/")
    assert not signed_in.is_signed_in()


def test_an_account_made_with_createsuperuser_signs_in_at_once(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", email="Root@Example.org", verbosity=0)
    person.sign_in("root@example.org")
    assert person.is_signed_in()
    assert mailed_to("root@example.org") == []
    # An emailed code opens the account, too.
    other = Person()
    other.send("/accounts/login/code/", email="root@example.org")
    other.type_code(emailed_code("root@example.org"), "/accounts/login/code/confirm/")
    assert other.is_signed_in()


def test_ended_sessions_leave_no_trace(signed_in: Person) -> None:
    Session.objects.update(expire_date=timezone.now())
    tidy(now=timezone.now())
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


# Limits


def test_even_the_right_password_waits_after_five_wrong_ones(person: Person, orla: User) -> None:
    for _ in range(5):
        person.sign_in(orla.email, "not this one at all")
    assert "tried too many times" in words(person.sign_in(orla.email))
    assert not person.is_signed_in()


@pytest.mark.parametrize("url", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_nobody_gets_more_than_five_emails_an_hour_whoever_asks(orla: User, url: str) -> None:
    pages = [Person().send(url, email=orla.email) for _ in range(6)]
    assert len(mailed_to(orla.email)) == 5
    assert "too many times" in words(pages[-1]).lower()


def test_too_many_requests_get_a_page_in_words_and_leave_nothing_half_written(person: Person) -> None:
    new = "nina@example.org"
    person.sign_up(new)
    page = Person().sign_up(new)  # within ten seconds
    assert page.status_code == 429
    assert "Try again later" in words(page)
    assert b'class="wordmark"' in page.content
    assert User.objects.filter(email=new).count() == 1
    # The first sign-up is still valid: the deletion that made room for the second was rolled back with it.
    person.type_code(emailed_code(new))
    assert person.is_signed_in()


def test_the_limits_do_not_count_the_proxy_as_one_visitor(person: Person, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(31):
        answer = person.client.post("/accounts/login/", headers={"X-Forwarded-For": f"6.6.6.6, 192.0.2.{number}"})
        assert answer.status_code != 429


# Where one is signed in


def test_the_list_of_browsers_signs_out_one_or_all_others(orla: User) -> None:
    here, there, elsewhere = people = [Person() for _ in range(3)]
    for each in people:
        each.sign_in(orla.email)
    there_key = there.client.cookies["sessionid"].value
    there_id = UserSession.objects.get(session_key=stored_key(there_key)).pk
    assert words(here.get("/accounts/sessions/")).count("Signed in on") == 3
    listed = words(here.get("/accounts/sessions/"))
    assert re.search(r"Signed in on \w+, \w+ \d+, \d{4}, \d+:\d\d\s[AP]M \(UTC\)", listed)

    page = here.send(f"/accounts/sessions/{there_id}/end/", page="/accounts/sessions/")
    assert "signed that browser out" in words(page)
    assert [each.is_signed_in() for each in people] == [True, False, True]

    here.send("/accounts/sessions/")
    assert [each.is_signed_in() for each in people] == [True, False, False]
    assert "This browser" in words(here.get("/accounts/sessions/"))
    assert not elsewhere.is_signed_in()


def test_nobody_can_end_another_persons_session(signed_in: Person) -> None:
    make_account("sven@example.org")
    other = Person()
    other.sign_in("sven@example.org")
    theirs = UserSession.objects.get(user__email="sven@example.org").pk
    assert signed_in.send(f"/accounts/sessions/{theirs}/end/", page="/accounts/logout/").status_code == 404
    assert other.is_signed_in()


# What belongs to the account


def show_that_it_is_me(person: Person, way_on: str) -> None:
    person.send(f"/accounts/reauthenticate/?next={way_on}", password=PASSWORD)


def test_the_address_changes_when_the_new_one_is_confirmed(signed_in: Person, orla: User) -> None:
    new = "orla@elsewhere.example"
    show_that_it_is_me(signed_in, "/accounts/email/")
    signed_in.send("/accounts/email/", email=new, action_add="")
    orla.refresh_from_db()
    assert orla.email == "orla@example.org"
    signed_in.type_code(emailed_code(new))
    orla.refresh_from_db()
    assert orla.email == new
    assert "to orla@elsewhere.example" in mailed_to("orla@example.org")[-1]
    assert Person().sign_in(new).status_code == 200


def test_another_persons_address_can_be_neither_taken_nor_found_out(signed_in: Person) -> None:
    make_account("sven@example.org")
    show_that_it_is_me(signed_in, "/accounts/email/")
    pages = []
    for email in ("sven@example.org", "free@example.org"):
        page = signed_in.send("/accounts/email/", email=email, action_add="")
        pages.append(words(page).replace(email, "(address)"))
    assert pages[0] == pages[1]


def test_changing_the_password_asks_for_the_old_one_and_sends_an_email(signed_in: Person, orla: User) -> None:
    new = "another twelve characters"
    page = signed_in.send("/accounts/password/change/", oldpassword="wrong", password1=new, password2=new)
    assert "password is wrong" in words(page)
    signed_in.send("/accounts/password/change/", oldpassword=PASSWORD, password1=new, password2=new)
    orla.refresh_from_db()
    assert orla.check_password(new)
    assert signed_in.is_signed_in()
    assert "Your password has changed" in mailed_to(orla.email)[-1]
