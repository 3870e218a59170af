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

from letters.models import AddresseeAnswer, Collective, Export, Letter, Membership, Picture, Signature, Update, User
from letters.organizer.collectives.operations import invite_member
from letters.shared.addresses import read_address
from letters.shared.tokens import make_check_token
from tests.people import FROM_OUR_PAGE, NOW, browser_of, sign_and_confirm

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
    """What there is to be found at the addresses: a letter with a signature, and one of each thing that it can have."""

    letter: Letter
    signature: Signature
    # By the name that it has in an address.
    ids: dict[str, Any]

    def token(self, purpose: str) -> str:
        if purpose == "join":
            return str(self.ids["join"].link().split("/")[3])
        if purpose == "check":
            pk, salt, now = self.signature.pk, self.signature.salt, timezone.now()
            return make_check_token(signature_id=pk, salt=salt, submission_id=1, address="ada@example.org", now=now)
        return self.signature.link(purpose, now=timezone.now()).split("/")[3]


# Everybody else is sent to sign in, and who may not know of the letter is told that there is none.
WRITERS = "302 200 404 200 404 404"
MODERATORS = "302 404 200 200 404 404"
OWNERS = "302 404 404 200 404 404"
MEMBERS = "302 200 200 200 404 404"
ANYBODY_SIGNED_IN = "302 200 200 200 200 200"
OF_COLLECTIVE = {"slug": "night-train"}
ITALIAN = {"language": "it"}


def writers(code: int) -> str:
    """What those who write get who send it; everybody else as above."""
    return WRITERS.replace("200", str(code))


def owners(code: int) -> str:
    return OWNERS.replace("200", str(code))


ROWS = {
    # Signing: no account, no cookie; the mail is the authority.
    "sign": Row("303", "422"),
    "translated_sign": Row("303", "422", more=ITALIAN),
    "thanks": Row("200", "405"),
    "translated_thanks": Row("200", "405", more=ITALIAN),
    "thanked": Row("200", "405"),
    "link": Row("200", "422"),
    "translated_link": Row("200", "422", more=ITALIAN),
    "check": Row("200", "422", "check"),
    "translated_check": Row("200", "422", "check", more=ITALIAN),
    # Used: nothing more than a stranger may see, and nothing to be done.
    "confirm": Row("200", "200", "confirm"),
    "confirm-by-code": Row("200", "200", "confirm-by-code"),
    "not-me": Row("200", "303", "not-me"),
    "manage": Row("200", "422", "manage"),
    "my-data": Row("200", "405", "manage"),
    "my-link": Row("200", "405", "manage"),
    # Public pages
    "home": Row("200", "405"),
    "translated_home": Row("200", "405", more=ITALIAN),
    "about": Row("200", "405"),
    "translated_about": Row("200", "405", more=ITALIAN),
    "how-we-count": Row("200", "405"),
    "translated_how-we-count": Row("200", "405", more=ITALIAN),
    "privacy": Row("200", "405"),
    "translated_privacy": Row("200", "405", more=ITALIAN),
    "letter": Row("200", "405"),
    "translated_letter": Row("200", "405", more=ITALIAN),
    "signatures": Row("200", "405"),
    "translated_signatures": Row("200", "405", more=ITALIAN),
    "count": Row("200", "405"),
    "qr": Row("200", "405"),
    "translated_qr": Row("200", "405", more=ITALIAN),
    "healthz": Row("200", "405"),
    # No worker and no clock run here.
    "readyz": Row("503", "405"),
    "source": Row("200", "405"),
    # Providers of mail show a secret; without one configured there is no such address.
    "tracking": Row("405", "404", more={"provider": "postmark"}),
    # Organizing
    "organize": Row(ANYBODY_SIGNED_IN, "405"),
    # People without an account write first.
    "start_letter": Row("200", "422"),
    "letter_is_live": Row(WRITERS, "405"),
    "live_preview": Row("405", ANYBODY_SIGNED_IN),
    "edit_letter": Row(WRITERS, writers(422)),
    "preview_letter": Row(WRITERS, "405"),
    "set_up_letter": Row(WRITERS, writers(422)),
    "move_letter": Row("405", "302 404 404 404 404 404"),
    "withdraw_letter": Row("405", owners(422)),
    "restore_letter": Row("405", owners(302)),
    "letter_delivery": Row(WRITERS, writers(422)),
    "export_letter": Row("405", writers(302)),
    "remove_letter_delivery": Row("405", writers(302)),
    # Inviting first signatories
    "first_signers": Row(WRITERS, writers(422)),
    "invite_list": Row(writers(302), writers(302)),
    "tend_round": Row("405", writers(404)),
    "invitation": Row("200", "200", "invitation"),
    "decline": Row("200", "303", "decline"),
    # Writing, translating, publishing
    "save_text": Row("405", writers(422), more=ITALIAN),
    "revise_letter": Row("405", writers(404)),
    "letter_translations": Row(WRITERS, "405"),
    "translate_letter": Row(WRITERS, writers(422), more=ITALIAN),
    "drop_translation": Row("405", writers(302), more=ITALIAN),
    "readdress_letter": Row(WRITERS, writers(422)),
    "letter_pictures": Row(WRITERS, writers(422)),
    "letter_cover": Row("405", writers(302)),
    "picture": Row("200", "405"),
    # The history of a letter, and whether signers carry over
    "history": Row("200", "405"),
    "translated_history": Row("200", "405", more=ITALIAN),
    "past_text": Row("200", "405"),
    "translated_past_text": Row("200", "405", more=ITALIAN),
    "letter_history": Row(WRITERS, "405"),
    "ask_to_carry_over": Row(writers(302), writers(302)),
    "carry-over": Row("200", "409", "carry-over"),
    # How it fares, and files
    "dashboard": Row(MEMBERS, "405"),
    "organize_signatures": Row(MEMBERS, "405"),
    "exports": Row(WRITERS, writers(422)),
    "download_export": Row("405", writers(302)),
    "signatures_csv": Row("200", "405"),
    # Writing to signers, and the answer
    "write_to_signers": Row(WRITERS, "405"),
    "letter_answers": Row(WRITERS, "405"),
    "new_update": Row(WRITERS, writers(422)),
    "edit_update": Row(WRITERS, writers(302)),
    "preview_update": Row(WRITERS, "405"),
    "test_update": Row("405", writers(302)),
    "send_update": Row(writers(302), writers(302)),
    "move_update": Row("405", writers(404)),
    "update_progress": Row(WRITERS, "405"),
    "new_answer": Row(WRITERS, writers(422)),
    "edit_answer": Row(WRITERS, writers(422)),
    "move_answer": Row("405", writers(404)),
    "updates": Row("200", "405"),
    "translated_updates": Row("200", "405", more=ITALIAN),
    "update": Row("200", "405"),
    "translated_update": Row("200", "405", more=ITALIAN),
    "feed": Row("200", "405"),
    "translated_feed": Row("200", "405", more=ITALIAN),
    "unsubscribe": Row("200", "200", "unsubscribe"),
    # Collectives
    "collectives": Row(ANYBODY_SIGNED_IN, "302"),
    "new_collective": Row(ANYBODY_SIGNED_IN, "302 422 422 422 422 422"),
    "collective": Row(MEMBERS, "405", more=OF_COLLECTIVE),
    "describe_collective": Row(OWNERS, owners(422), more=OF_COLLECTIVE),
    "record_of_collective": Row(OWNERS, "405", more=OF_COLLECTIVE),
    "invite_member": Row("405", owners(422), more=OF_COLLECTIVE),
    "revoke_invitation": Row("405", owners(302), more=OF_COLLECTIVE),
    "change_member": Row("405", writers(404), more=OF_COLLECTIVE),
    "leave_collective": Row("405", "302 302 302 409 404 404", more=OF_COLLECTIVE),
    "join": Row("200", "302 409 409 409 302 302", "join"),
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
def world(letter: Letter, collective: Collective, organizer: User, teammate: User) -> World:
    made = {"letter": letter, "created_at": NOW}
    written = {"author": organizer, "language": "en", "body": "We are heard."}
    update = Update.objects.create(
        **made, **written, title="News", began_at=NOW, spread_at=NOW, ended_at=NOW, state="sent"
    )
    answer = AddresseeAnswer.objects.create(**made, **written, respondent="The minister", answered_on=NOW.date())
    export = Export.objects.create(**made, kind="signatures", format="csv", asked_by=organizer, next_attempt_at=NOW)
    picture = Picture.objects.create(**made, digest="0" * 32, width=1, height=1, alt="A train", full=b"", small=b"")
    address = read_address("nina@example.org")
    assert address
    now = timezone.now()
    invitation = invite_member(collective, address=address, role="editor", by=organizer, now=now)
    ids = {
        "update_id": update.pk,
        "answer_id": answer.pk,
        "export_id": export.pk,
        "letter_delivery_id": 1,
        "pk": Membership.objects.get(user=teammate).pk,
        "digest": picture.digest,
        "size": "1x1",
        "number": 1,
        "join": invitation,
    }
    return World(letter, sign_and_confirm(letter), ids)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("stella@example.org", name="Stella", is_staff=True)


def browser(person: str, request: pytest.FixtureRequest) -> Client:
    return Client() if person == "unknown" else browser_of(request.getfixturevalue(person))


def url_of(name: str, world: World) -> str:
    row = ROWS[name]
    slug = {"slug": world.letter.slug} if "<slug:slug>" in ROUTES[name] or "P<slug>" in ROUTES[name] else {}
    token = {"token": world.token(row.purpose)} if row.purpose else {}
    named = {key: value for key, value in world.ids.items() if f":{key}>" in ROUTES[name] or f"<{key}>" in ROUTES[name]}
    return reverse(name, kwargs={**slug, **named, **token, **row.more})


def expected(row: str, person: str) -> int:
    codes = row.split()
    return int(codes[0] if len(codes) == 1 else codes[PEOPLE.index(person)])


def test_every_address_has_a_row() -> None:
    assert set(ROUTES) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_who_may_open_it(name: str, world: World, request: pytest.FixtureRequest) -> None:
    answers = {person: browser(person, request).get(url_of(name, world)).status_code for person in PEOPLE}
    assert answers == {person: expected(ROWS[name].get, person) for person in PEOPLE}


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", ROWS)
def test_who_may_send_it(name: str, person: str, world: World, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).post(url_of(name, world), headers=FROM_OUR_PAGE)
    assert answer.status_code == expected(ROWS[name].post, person)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_staff(person: str, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).get("/admin/")
    assert answer.status_code == (200 if person == "staff" else 302)
