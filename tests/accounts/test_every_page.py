"""Every URL under /accounts/ answers GET and POST with a page in our design, and no cache keeps it."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from letters.models import Letter, User
from tests.accounts.people import PASSWORD, Person
from tests.people import Reader

pytestmark = pytest.mark.django_db

# A label in the style of allauth: "New Password".
CAPITALS = re.compile(r"<label[^>]*>\s*[^<]*[a-z] \(?[A-Z][a-z]+")
# Responses that are not pages.
NO_PAGE = {"mfa_download_recovery_codes"}


def mounted(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every address under /accounts/."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from mounted(pattern, route)
        elif isinstance(pattern, URLPattern) and route.startswith("accounts/"):
            yield str(pattern.name), route


ADDRESSES = dict(mounted())


def address_of(name: str) -> str:
    return reverse(name, kwargs={"pk": 7} if "<int:pk>" in ADDRESSES[name] else {})


def test_only_these_account_pages_exist() -> None:
    assert {"account_home", "account_login", "account_signup", "mfa_index", "usersessions_list"} <= ADDRESSES.keys()
    assert not any("social" in name or "3rdparty" in route for name, route in ADDRESSES.items())


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_stranger_opens_these_pages(person: Person, name: str) -> None:
    asked(person, name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_signed_in_person_opens_these_pages(signed_in: Person, name: str) -> None:
    asked(signed_in, name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_person_who_has_just_authenticated_opens_these_pages(signed_in: Person, orla: User, name: str) -> None:
    signed_in.send("/accounts/reauthenticate/", password=PASSWORD)
    asked(signed_in, name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_person_in_the_middle_of_signing_up_opens_these_pages(person: Person, name: str) -> None:
    person.sign_up("nina@example.org")
    asked(person, name)


def asked(person: Person, name: str) -> None:
    url = address_of(name)
    person.get(url, Accept="application/json")
    answer = person.get(url)
    assert answer.status_code in {200, 302, 403, 404, 405}, answer.status_code
    if answer.status_code == 200 and name not in NO_PAGE:
        assert b'class="wordmark"' in answer.content
        assert b"letters/base" in answer.content
        assert b"<script>" not in answer.content
        assert b" style=" not in answer.content
        assert CAPITALS.search(answer.content.decode()) is None
    assert "no-store" in answer.headers.get("Cache-Control", "no-store")
    token = person.client.cookies.get("csrftoken")
    sent = {"csrfmiddlewaretoken": token.value if token else ""}
    for fields in (sent, {**sent, "credential": "{}", "code": "x", "email": "nobody", "action": "resend"}):
        assert person.client.post(url, fields).status_code < 500


def test_no_form_can_be_sent_without_a_token(signed_in: Person) -> None:
    assert signed_in.client.post("/accounts/logout/").status_code == 403
    assert signed_in.is_signed_in()


# The letters' own pages


@pytest.mark.parametrize("page", ["", "signatures/", "count/", "sign/"])
def test_signed_in_people_get_the_same_public_pages_as_everyone(signed_in: Person, letter: Letter, page: str) -> None:
    signed_in.get("/accounts/logout/")
    url = f"/letters/{letter.slug}/{page}"
    signed_in.client.cookies.pop("messages", None)
    theirs, anyones = signed_in.get(url), Reader().get(url)
    assert theirs.content == anyones.content
    assert not theirs.cookies
    assert dict(theirs.headers) == dict(anyones.headers)
    assert "Cookie" not in theirs.headers.get("Vary", "")


def test_the_list_of_letters_is_the_same_for_everyone(signed_in: Person, letter: Letter) -> None:
    theirs, anyones = signed_in.get("/"), Reader().get("/")
    assert theirs.content == anyones.content
    assert not theirs.cookies


def test_a_public_page_runs_no_query_about_its_reader(signed_in: Person, letter: Letter) -> None:
    with CaptureQueriesContext(connection) as captured:
        signed_in.get(letter.url_of("letter"))
    assert not [query for query in captured.captured_queries if "session" in query["sql"]]


# What is shown is what is stored


def test_a_passkey_with_a_name_that_is_html_is_harmless(signed_in: Person, orla: User) -> None:
    WebAuthn.add(orla, "<script>alert(1)</script>", {})
    page = signed_in.get("/accounts/2fa/webauthn/").content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;" in page
