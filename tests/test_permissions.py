"""Every URL, by its name, answers each kind of person as its row here says. A new URL needs a row.

The addresses under /accounts/ have a test of their own (tests/accounts/test_every_page.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from letters.models import AddresseeAnswer, Collective, Export, Letter, Membership, Picture, Signature, Update, User
from letters.organizer.collectives.operations import invite_member
from letters.organizer.notifications.queries import purpose_of
from letters.organizer.webhooks.operations import add_webhook
from letters.shared.addresses import read_address
from letters.shared.tokens import make_check_token, make_dated_handle, make_name_report_token
from tests.people import FROM_OUR_PAGE, NOW, browser_of, sign_and_confirm

# In the order of the columns below. A signer has no account, so to these pages a signer is unknown.
PEOPLE = ["unknown", "teammate", "moderator", "organizer", "stranger", "staff", "warden"]


@dataclass(frozen=True)
class Row:
    """The answers of a URL to GET and to an empty POST, for each of PEOPLE, or the same for all."""

    get: str
    post: str
    # What the URL contains besides the letter's slug: a token for this purpose, and other parts.
    purpose: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """The objects behind the URLs: a letter with a signature, and one of each kind that it can have."""

    letter: Letter
    signature: Signature
    # By their names in URLs.
    ids: dict[str, Any]

    def token(self, purpose: str) -> str:
        if purpose == "join":
            return str(self.ids["join"].link().split("/")[3])
        if purpose == "switch_emails_off":
            return make_dated_handle(purpose_of("daily"), self.ids[purpose], now=timezone.now())
        if purpose == "check":
            pk, salt, now = self.signature.pk, self.signature.salt, timezone.now()
            return make_check_token(signature_id=pk, salt=salt, submission_id=1, address="ada@example.org", now=now)
        if purpose == "name-report":
            pk, salt, now = self.signature.pk, self.signature.salt, timezone.now()
            return make_name_report_token(signature_id=pk, salt=salt, now=now, address="ada@example.org")
        return self.signature.link(purpose, now=timezone.now()).split("/")[3]


# Everyone else is sent to sign in, and people who may not know of the letter get a 404.
WRITERS = "302 200 404 200 404 404 404"
MODERATORS = "302 404 200 200 404 404 404"
OWNERS = "302 404 404 200 404 404 404"
MEMBERS = "302 200 200 200 404 404 404"
ANYONE_SIGNED_IN = "302 200 200 200 200 200 200"
# People who moderate the whole site.
WARDENS = "302 404 404 404 404 404 200"
OF_COLLECTIVE = {"slug": "night-train"}
ITALIAN = {"language": "it"}


def writers(code: int) -> str:
    """Return the answers to a POST by owners and editors; everyone else gets the same as above."""
    return WRITERS.replace("200", str(code))


def owners(code: int) -> str:
    return OWNERS.replace("200", str(code))


ROWS = {
    # Signing: no account, no cookie; the email is the authority.
    "sign": Row("303", "422"),
    "translated_sign": Row("303", "422", more=ITALIAN),
    "thanks": Row("200", "405"),
    "translated_thanks": Row("200", "405", more=ITALIAN),
    "thanked": Row("200", "405"),
    "link": Row("200", "422"),
    "translated_link": Row("200", "422", more=ITALIAN),
    "check": Row("200", "422", "check"),
    "translated_check": Row("200", "422", "check", more=ITALIAN),
    # A used link shows nothing that a stranger may not see, and does nothing.
    "confirm": Row("200", "200", "confirm"),
    "confirm-by-code": Row("200", "200", "confirm-by-code"),
    "not-me": Row("200", "303", "not-me"),
    "manage": Row("200", "422", "manage"),
    "my-data": Row("200", "405", "manage"),
    "my-link": Row("200", "405", "manage"),
    # The signature is not published yet.
    "my-receipt": Row("404", "405", "manage"),
    # Reports: no account, no cookie.
    "report_letter": Row("200", "422"),
    "translated_report_letter": Row("200", "422", more=ITALIAN),
    "report_signature": Row("200", "422"),
    "translated_report_signature": Row("200", "422", more=ITALIAN),
    # The list does not show the name yet.
    "name-report": Row("410", "410", "name-report"),
    "translated_name-report": Row("410", "410", "name-report", more=ITALIAN),
    "report_name": Row("200", "422"),
    "translated_report_name": Row("200", "422", more=ITALIAN),
    # Organisations: no account, no cookie. This letter takes none, and the token is that of a person.
    "sign_for_organisation": Row("404", "404"),
    "translated_sign_for_organisation": Row("404", "404", more=ITALIAN),
    "organisation": Row("404", "404", "organisation"),
    "organisation-link": Row("404", "404", "organisation-link"),
    # Public pages
    "verify": Row("200", "405"),
    "translated_verify": Row("200", "405", more=ITALIAN),
    # A letter whose form does not say that numbers by country are public.
    "breakdown": Row("404", "405"),
    "translated_breakdown": Row("404", "405", more=ITALIAN),
    "breakdown_json": Row("404", "405"),
    "organisations": Row("200", "405"),
    "translated_organisations": Row("200", "405", more=ITALIAN),
    "organisations_csv": Row("200", "405"),
    "organisations_json": Row("200", "405"),
    "home": Row("200", "405"),
    "translated_home": Row("200", "405", more=ITALIAN),
    "about": Row("200", "405"),
    "translated_about": Row("200", "405", more=ITALIAN),
    "how-we-count": Row("200", "405"),
    "translated_how-we-count": Row("200", "405", more=ITALIAN),
    "privacy": Row("200", "405"),
    "translated_privacy": Row("200", "405", more=ITALIAN),
    # Without a text by the people who run the site, these do not exist.
    **{name: Row("404", "405") for name in ("imprint", "rules", "accessibility", "contact")},
    **{
        f"translated_{name}": Row("404", "405", more=ITALIAN)
        for name in ("imprint", "rules", "accessibility", "contact")
    },
    "letter": Row("200", "405"),
    "translated_letter": Row("200", "405", more=ITALIAN),
    "signatures": Row("200", "405"),
    "signatures_json": Row("200", "405"),
    "all_signatures_json": Row("200", "405"),
    "count_history": Row("200", "405"),
    "translated_count_history": Row("200", "405", more=ITALIAN),
    "count_history_csv": Row("200", "405"),
    "count_history_json": Row("200", "405"),
    "translated_signatures": Row("200", "405", more=ITALIAN),
    "count": Row("200", "405"),
    "qr": Row("200", "405"),
    "translated_qr": Row("200", "405", more=ITALIAN),
    # The logs: no account, no cookie. That of this site is not signed here.
    "log_keys": Row("404", "405"),
    **{
        name: Row("404", "405", more={"name": "site", **place})
        for name, place in {
            "log_keys_of": {},
            "log_checkpoint": {},
            "log_entries": {"number": "000"},
            "log_some_entries": {"number": "000", "width": "7"},
            "log_tile": {"level": "0", "number": "000"},
            "log_partial_tile": {"level": "0", "number": "000", "width": "7"},
        }.items()
    },
    # The API: no account, no cookie. The form of a browser is not JSON.
    **{
        f"api_{name}": Row("200", "415")
        for name in ("letters", "letter", "revision", "count", "count_history", "signatures", "updates", "update")
    },
    "api_organisations": Row("200", "415"),
    # With a personal token in a header, never with the cookie of a browser (tests/personal_tokens/test_use.py).
    **{
        f"api_own_{name}": Row("401", "415")
        for name in ("letters", "letter", "signatures", "counts", "updates", "update")
    },
    "api_openapi": Row("200", "415"),
    "api_docs": Row("200", "405"),
    "healthz": Row("200", "405"),
    # No worker and no clock run here.
    "readyz": Row("503", "405"),
    "source": Row("200", "405"),
    # No authority has stamped anything here.
    "stamped_days": Row("200", "405"),
    "time_stamp": Row("404", "405", more={"day": "2026-11-30"}),
    "stamped_checkpoint": Row("404", "405", more={"day": "2026-11-30"}),
    # Email providers send a secret. If none is configured, there is no such URL.
    "tracking": Row("405", "404", more={"provider": "postmark"}),
    # Organizing
    "organize": Row(ANYONE_SIGNED_IN, "405"),
    # People without an account write first.
    "start_letter": Row("200", "422"),
    "letter_is_live": Row(WRITERS, "405"),
    "live_preview": Row("405", ANYONE_SIGNED_IN),
    "edit_letter": Row(WRITERS, writers(422)),
    "preview_letter": Row(WRITERS, "405"),
    "offer_letter": Row(OWNERS, owners(422)),
    "cancel_offer": Row("405", owners(302)),
    # There is no offer.
    "letter_offer": Row(ANYONE_SIGNED_IN.replace("200", "404"), "302 404 404 404 404 404 404", more={"move_id": 1}),
    "draft_links": Row(WRITERS, writers(422)),
    "revoke_draft_link": Row("405", writers(404), more={"link_id": 1}),
    # An unknown link.
    "draft": Row("404", "405", more={"token": "x"}),
    "framed_preview": Row(WRITERS, WRITERS, more=ITALIAN),
    "set_up_letter": Row(WRITERS, writers(422)),
    "move_letter": Row("405", "302 404 404 404 404 404 404"),
    "withdraw_letter": Row("405", owners(422)),
    "restore_letter": Row("405", owners(302)),
    "delete_letter": Row("405", writers(302)),
    "bin": Row(ANYONE_SIGNED_IN, "405"),
    # A draft that is not in the bin.
    "restore_draft": Row("405", writers(404)),
    "delete_for_good": Row("405", writers(404)),
    "letter_delivery": Row(WRITERS, writers(422)),
    "export_letter": Row("405", writers(302)),
    "remove_letter_delivery": Row("405", writers(302)),
    "paper_counts": Row(WRITERS, writers(422)),
    # No such number.
    "correct_paper_count": Row(WRITERS.replace("200", "404"), writers(404)),
    "withdraw_paper_count": Row("405", writers(409)),
    "letter_mirrors": Row(WRITERS, writers(422)),
    # No such copy.
    "remove_mirror": Row("405", writers(302), more={"mirror_id": 1}),
    # A copy of a letter: none is made yet.
    "mirrors": Row("200", "405"),
    "translated_mirrors": Row("200", "405", more=ITALIAN),
    "mirror_zip": Row("503", "405"),
    "mirror_file": Row("404", "405", more={"version": 1, "digest": "a" * 12}),
    "mirror_note": Row("404", "405", more={"version": 1, "digest": "a" * 12}),
    "site_paper_counts": Row(WARDENS, WARDENS.replace("200", "404")),
    "emails_you_get": Row(ANYONE_SIGNED_IN, "302 302 302 302 302 302 302"),
    "switch_emails_off": Row("200", "200", "switch_emails_off", more={"kind": "daily"}),
    # Inviting first signatories
    "first_signatories": Row(WRITERS, writers(422)),
    "preview_invitation": Row("405", WRITERS),
    "invite_list": Row(writers(302), writers(302)),
    "manage_invitations": Row("405", writers(404)),
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
    "carry_over_as_email": Row(WRITERS, "405"),
    "ask_to_carry_over": Row(writers(302), writers(302)),
    "carry-over": Row("200", "409", "carry-over"),
    # Overview, and files
    "dashboard": Row(MEMBERS, "405"),
    "organize_signatures": Row(MEMBERS, "405"),
    "featured_signers": Row(WRITERS, "405"),
    "feature_signer": Row("405", writers(302), more={"number": 1}),
    "stop_featuring": Row("405", writers(302), more={"number": 1}),
    "remind_unconfirmed": Row("405", writers(302)),
    "exports": Row(WRITERS, writers(422)),
    "download_export": Row("405", writers(302)),
    "signatures_csv": Row("200", "405"),
    # Updates to signers, and the answer
    "write_to_signers": Row(WRITERS, "405"),
    "letter_answers": Row(WRITERS, "405"),
    "new_update": Row(WRITERS, writers(422)),
    "edit_update": Row(WRITERS, writers(302)),
    "preview_update": Row(WRITERS, "405"),
    "update_as_email": Row(WRITERS, "405"),
    "update_as_page": Row(WRITERS, "405"),
    "translate_update": Row(WRITERS.replace("200", "302"), WRITERS.replace("200", "302"), more=ITALIAN),
    "correct_update": Row("405", writers(422)),
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
    "collectives": Row(ANYONE_SIGNED_IN, "302"),
    "new_collective": Row(ANYONE_SIGNED_IN, "302 422 422 422 422 422 422"),
    "collective": Row(MEMBERS, "405", more=OF_COLLECTIVE),
    "describe_collective": Row(OWNERS, owners(422), more=OF_COLLECTIVE),
    "collective_domains": Row(OWNERS, owners(422), more=OF_COLLECTIVE),
    "change_domain": Row("405", owners(404), more=OF_COLLECTIVE | {"pk": 1}),
    "record_of_collective": Row(OWNERS, "405", more=OF_COLLECTIVE),
    "personal_tokens": Row(MEMBERS, "405", more=OF_COLLECTIVE),
    "new_personal_token": Row(MEMBERS, MEMBERS.replace("200", "422"), more=OF_COLLECTIVE),
    # The token is revoked already, or another member's.
    "revoke_personal_token": Row("405", owners(302), more={**OF_COLLECTIVE, "token_id": 1}),
    "webhooks": Row(OWNERS, owners(422), more=OF_COLLECTIVE),
    "webhook": Row(OWNERS, owners(404), more=OF_COLLECTIVE),
    "send_webhook_again": Row("405", owners(302), more=OF_COLLECTIVE),
    "record_csv": Row(OWNERS, "405", more=OF_COLLECTIVE),
    "invite_member": Row("405", owners(422), more=OF_COLLECTIVE),
    "revoke_invitation": Row("405", owners(302), more=OF_COLLECTIVE),
    "change_member": Row("405", writers(404), more=OF_COLLECTIVE),
    "leave_collective": Row("405", "302 302 302 409 404 404 404", more=OF_COLLECTIVE),
    "join": Row("200", "302 409 409 409 302 302 302", "join"),
    # Organisations: there is none to decide about.
    "organize_organisations": Row(MEMBERS, MEMBERS.replace("200", "404")),
    "moderate_organisations": Row(ANYONE_SIGNED_IN, ANYONE_SIGNED_IN.replace("200", "404")),
    # Moderation
    "moderate": Row(ANYONE_SIGNED_IN, "405"),
    "review_next": Row(ANYONE_SIGNED_IN, "405"),
    "review_signals": Row(ANYONE_SIGNED_IN, "405"),
    "review_decide": Row("405", "302"),
    "review_search": Row(ANYONE_SIGNED_IN, "405"),
    "wave": Row("302 200 200 200 404 404 200", "302 404 302 302 404 404 302"),
    "second_opinion": Row("405", "302"),
    # Only people who moderate the site.
    "second_opinions": Row(WARDENS, "302 404 404 404 404 404 302"),
    "search_address": Row("405", "302 404 404 404 404 404 422"),
    "bulk_decisions": Row("302 404 200 200 404 404 200", "302 404 422 422 404 404 422"),
    # No such decision.
    "bulk_decision": Row("302 404 404 404 404 404 404", "302 404 404 404 404 404 404", more={"pk": 1}),
    # Rules: the stranger moderates a collective too.
    "block_rules": Row(ANYONE_SIGNED_IN, "405"),
    "new_block_rule": Row("302 404 200 200 200 404 200", "302 404 422 422 422 404 422"),
    # No such rule.
    "block_rule": Row("302 404 404 404 404 404 404", "302 404 404 404 404 404 404", more={"pk": 1}),
    "moderate_letter": Row(MODERATORS, "302 404 422 422 404 404 404"),
    "moderate_list": Row(MODERATORS, "302 404 422 422 404 404 404", more={"shown": "waiting"}),
    # Letters of the whole site
    "moderation_numbers": Row(WARDENS, "405", more={"year": 2025}),
    "lost_mailbox": Row(WARDENS, WARDENS.replace("200", "422")),
    "site_letters": Row(WARDENS, "405"),
    "letters_to_review": Row(WARDENS, "405"),
    # Nothing waits under this number. A form that was open is told so.
    "review_letter": Row(WARDENS.replace("200", "404"), WARDENS.replace("200", "302"), more={"review_id": 0}),
    "site_activity": Row(WARDENS, "405"),
    "site_activity_csv": Row(WARDENS, "405"),
    "site_names": Row(WARDENS, WARDENS.replace("200", "422")),
    "site_moderators": Row("302 404 404 404 404 404 404", "302 404 404 404 404 404 404"),
    "site_status": Row("302 404 404 404 404 404 404", "405"),
    "site_domains": Row(WARDENS, WARDENS.replace("200", "422")),
    "site_letter": Row(WARDENS, WARDENS.replace("200", "422")),
    # No such account.
    "site_notes_about": Row("302 404 404 404 404 404 404", "302 404 404 404 404 404 404", more={"handle": "none"}),
    "site_notes": Row(WARDENS, WARDENS.replace("200", "422")),
    # A letter that was never down.
    "letter_takedown": Row("302 404 404 404 404 404 404", "302 404 404 404 404 404 404"),
}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every named URL outside /accounts/ and /admin/."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern) and pattern.name and not route.startswith(("accounts/", "admin/")):
            yield pattern.name, route


# Only a laptop has the mailbox (tests/petition/test_mailbox.py).
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
    webhook, _ = add_webhook(collective, url="https://example.org/", by=organizer, now=NOW)
    delivery = webhook.deliveries.create(kind="test", message_id="msg_1", created_at=NOW, next_attempt_at=NOW)
    address = read_address("nina@example.org")
    assert address
    now = timezone.now()
    invitation = invite_member(collective, address=address, role="editor", by=organizer, now=now)
    ids = {
        "update_id": update.pk,
        "answer_id": answer.pk,
        "export_id": export.pk,
        "webhook_id": webhook.pk,
        "delivery_id": delivery.pk,
        "letter_delivery_id": 1,
        "paper_id": 1,
        "pk": Membership.objects.get(user=teammate).pk,
        "digest": picture.digest,
        "size": "1x1",
        "number": 1,
        "join": invitation,
        "switch_emails_off": organizer.pk,
    }
    return World(letter, sign_and_confirm(letter), ids)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("stella@example.org", name="Stella", is_staff=True)


@pytest.fixture
def warden(db: None) -> User:
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


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


def test_every_url_has_a_row() -> None:
    assert set(ROUTES) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_only_these_people_can_open_a_page(name: str, world: World, request: pytest.FixtureRequest) -> None:
    answers = {person: browser(person, request).get(url_of(name, world)).status_code for person in PEOPLE}
    assert answers == {person: expected(ROWS[name].get, person) for person in PEOPLE}


@pytest.mark.parametrize("name", ROWS)
def test_only_these_people_can_send_a_form(name: str, world: World, request: pytest.FixtureRequest) -> None:
    browsers, url = {person: browser(person, request) for person in PEOPLE}, url_of(name, world)
    answers = {person: _status_of_form(each, url) for person, each in browsers.items()}
    assert answers == {person: expected(ROWS[name].post, person) for person in PEOPLE}


def _status_of_form(client: Client, url: str) -> int:
    """Send an empty form, and undo what it changed, so that each person finds the same."""
    with transaction.atomic():
        status = client.post(url, headers=FROM_OUR_PAGE).status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_staff(person: str, request: pytest.FixtureRequest) -> None:
    answer = browser(person, request).get("/admin/")
    assert answer.status_code == (200 if person == "staff" else 302)
