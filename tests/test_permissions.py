"""Who may open what: every address by its name, and what it answers to each kind of person. A new one needs a row here.

The addresses under /accounts/ have a test of their own (tests/accounts/test_every_page.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from letters.models import Letter, Signature, User
from tests.people import FROM_OUR_PAGE, browser_of, sign_and_confirm

# In the order of the columns below. A signer has no account, so to these pages a signer is somebody unknown.
PEOPLE = ["unknown", "teammate", "moderator", "organizer", "stranger", "staff"]


@dataclass(frozen=True)
class Row:
    """What an address answers to GET and to an empty POST, to each of PEOPLE, or the same to all."""

    get: str
    post: str
    # What stands in the address besides the letter's slug: a token for this purpose, and whatever else.
    purpose: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """What there is to be found at the addresses."""

    letter: Letter
    signature: Signature

    def token(self, purpose: str) -> str:
        return self.signature.link(purpose, now=timezone.now()).split("/")[3]


# Everybody else is sent to sign in, and who may not know of the letter is told that there is none.
WRITERS = "302 200 404 200 404 404"
MODERATORS = "302 404 200 200 404 404"
ANYBODY_SIGNED_IN = "302 200 200 200 200 200"
ITALIAN = {"language": "it"}

ROWS = {
    # Signing: no account, no cookie; the mail is the authority.
    "sign": Row("405", "422"),
    "translated_sign": Row("405", "422", more=ITALIAN),
    "link": Row("200", "422"),
    "translated_link": Row("200", "422", more=ITALIAN),
    "check": Row("200", "422", "check"),
    "translated_check": Row("200", "422", "check", more=ITALIAN),
    "confirm": Row("200", "303", "confirm"),
    "not-me": Row("200", "303", "not-me"),
    "manage": Row("200", "422", "manage"),
    "my-data": Row("200", "405", "manage"),
    # Public pages
    "home": Row("200", "405"),
    "translated_home": Row("200", "405", more=ITALIAN),
    "letter": Row("200", "405"),
    "translated_letter": Row("200", "405", more=ITALIAN),
    "signatures": Row("200", "405"),
    "translated_signatures": Row("200", "405", more=ITALIAN),
    "count": Row("200", "405"),
    "healthz": Row("200", "405"),
    # Providers of mail show a secret; without one configured there is no such address.
    "tracking": Row("405", "404", more={"provider": "postmark"}),
    # Organizing
    "organize": Row(ANYBODY_SIGNED_IN, "405"),
    "start_letter": Row(ANYBODY_SIGNED_IN, "302 422 422 422 422 422"),
    "live_preview": Row("405", ANYBODY_SIGNED_IN),
    "edit_letter": Row(WRITERS, "302 422 404 422 404 404"),
    "preview_letter": Row(WRITERS, "405"),
    "set_up_letter": Row(WRITERS, "302 422 404 422 404 404"),
    "move_letter": Row("405", "302 404 404 404 404 404"),
    "withdraw_letter": Row("405", "302 422 404 422 404 404"),
    "handover": Row(WRITERS, "302 422 404 422 404 404"),
    "remove_handover": Row("405", "302 302 404 302 404 404", more={"handover_id": 1}),
    "export_letter": Row("405", "302 302 404 302 404 404"),
    # Moderating
    "moderate": Row(ANYBODY_SIGNED_IN, "405"),
    "moderate_letter": Row(MODERATORS, "302 404 422 422 404 404"),
    "moderate_list": Row(MODERATORS, "302 404 422 422 404 404", more={"shown": "waiting"}),
}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every address outside /accounts/ and /admin/ that has a name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern) and pattern.name and not route.startswith(("accounts/", "admin/")):
            yield pattern.name, route


# The mailbox is a laptop's alone (tests/petition/test_mailbox.py).
ROUTES = {name: route for name, route in addresses() if not route.startswith("mailbox/")}


@pytest.fixture
def world(letter: Letter) -> World:
    return World(letter, sign_and_confirm(letter))


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("stella@example.org", name="Stella", is_staff=True)


def browser(person: str, request: pytest.FixtureRequest) -> Client:
    return Client() if person == "unknown" else browser_of(request.getfixturevalue(person))


def url_of(name: str, world: World) -> str:
    row = ROWS[name]
    slug = {"slug": world.letter.slug} if "<slug:slug>" in ROUTES[name] or "P<slug>" in ROUTES[name] else {}
    token = {"token": world.token(row.purpose)} if row.purpose else {}
    return reverse(name, kwargs={**slug, **token, **row.more})


def expected(row: str, person: str) -> int:
    codes = row.split()
    return int(codes[0] if len(codes) == 1 else codes[PEOPLE.index(person)])


def test_every_address_has_a_row() -> None:
    assert set(ROUTES) == set(ROWS)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", ROWS)
def test_who_may_open_it(name: str, person: str, world: World, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).get(url_of(name, world))
    assert answer.status_code == expected(ROWS[name].get, person)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", ROWS)
def test_who_may_send_it(name: str, person: str, world: World, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).post(url_of(name, world), headers=FROM_OUR_PAGE)
    assert answer.status_code == expected(ROWS[name].post, person)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_staff(person: str, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).get("/admin/")
    assert answer.status_code == (200 if person == "staff" else 302)
