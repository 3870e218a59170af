"""A refusal that no view expects gives a page with a sentence, never a server error.

Race: a role is taken away after a view has checked it, and before the operation checks it again.
"""

from collections.abc import Collection, Mapping, Sequence

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, RequestFactory

from letters.models import Collective, Membership, User
from letters.shared.limits import TooMany
from letters.shared.refused import Refusal, Refused
from petition.middleware import PlainRefusals
from tests.people import FROM_OUR_PAGE, browser_of, words
from tests.test_permissions import ROUTES, ROWS, World, url_of, world

__all__ = ["world"]

TEXT = {"title": "Night trains", "addressee": "To the minister", "body": "Keep them running, please."}
NEWS = {"title": "News", "body": "We are heard.", "language": "en", "is_public": "on"}
ANSWER = {"respondent": "The minister", "answered_on": "2025-03-03", "body": "We will see.", "language": "en"}
HANDED_OVER = {"on": "2025-03-03", "to": "The minister", "signature_count": "0"}
SETTINGS: dict[str, object] = {
    "goal": "10",
    **dict.fromkeys(["ask_affiliation", "ask_role", "ask_country", "ask_comment"], "off"),
    "displays": ["public", "organizers", "nobody"],
    "domains": "",
    "addressee_domains": "",
}
# What is sent to each URL whose operation checks a role: otherwise the form alone would refuse it.
FORMS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "edit_letter": [TEXT, {**TEXT, "action": "publish"}, {**TEXT, "action": "revise"}],
    "set_up_letter": [SETTINGS],
    "move_letter": [{"action": action} for action in ("close", "reopen", "publish", "unschedule")],
    "withdraw_letter": [{"reason": "It is over."}],
    "letter_delivery": [HANDED_OVER],
    "paper_counts": [{"number": "5", "counted_on": "2025-03-03", "counted_by": "Ada"}],
    "letter_mirrors": [{"url": "https://copies.example.org/"}],
    "export_letter": [{"language": "en"}],
    "remove_letter_delivery": [{}],
    "first_signatories": [{"pasted": "Ada <ada@example.org>"}],
    "manage_invitations": [
        *({"action": action} for action in ("remind", "cancel")),
        {"action": "withdraw", "email": "ada@example.org"},
    ],
    "save_text": [TEXT],
    "revise_letter": [{"action": "start"}, {"action": "discard"}],
    "translate_letter": [TEXT],
    "drop_translation": [{}],
    "readdress_letter": [{"slug": "sleepers"}],
    "letter_cover": [{"picture": "0" * 32}],
    "ask_to_carry_over": [{}],
    "exports": [{"format": "csv"}],
    "new_update": [NEWS],
    "test_update": [{}],
    "send_update": [{"seen": "x"}],
    "move_update": [{"action": action} for action in ("pause", "stop", "show", "hide", "bin", "delete", "restore")],
    "new_answer": [ANSWER],
    "edit_answer": [ANSWER],
    "move_answer": [{"action": "publish"}, {"action": "hide"}],
    "describe_collective": [{"name": "Us", "slug": "us", "timezone": "UTC"}],
    "collective_domains": [{"domain": "engines.example", "mailbox": "admin"}],
    "invite_member": [{"email": "nina2@example.org", "role": "editor"}],
    "revoke_invitation": [{}],
    "change_member": [{"action": "role", "role": "editor"}, {"action": "remove"}],
    "moderate_letter": [
        {"action": verb, "ticked": ["1"], "reason": "A joke."} for verb in ("accept", "decline", "reject", "restore")
    ],
}
BEHIND_ACCOUNTS = [
    name for name in ROWS if ROUTES[name].startswith(("organize/", "moderate/")) and ROWS[name].post != "405"
]
POSTS = [(name, form) for name in BEHIND_ACCOUNTS for form in FORMS.get(name, [{}])]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[User]:
    """Take all roles away after the view's check. Returns the people who were checked."""
    asked: list[User] = []

    def no_more(self: Collective, person: User, roles: Collection[str]) -> Refusal:
        asked.append(person)
        return Refusal.NOT_YOURS

    monkeypatch.setattr(Collective, "why_not", no_more)
    return asked


@pytest.mark.parametrize(("name", "form"), POSTS, ids=[f"{name}-{place}" for place, (name, _) in enumerate(POSTS)])
def test_no_page_fails_when_a_role_is_lost_behind_its_guard(
    name: str, form: Mapping[str, object], world: World, organizer: User, lost: list[User]
) -> None:
    person = browser_of(organizer)
    person.raise_request_exception = False
    answer = person.post(url_of(name, world), dict(form), headers=FROM_OUR_PAGE)
    assert answer.status_code < 500 or answer.status_code == 503
    if answer.status_code in {404, 409} and not answer.headers["Content-Type"].startswith("application/json"):
        assert b"<h1" in answer.content


def test_the_operations_of_most_pages_are_asked(world: World, organizer: User, lost: list[User]) -> None:
    """Otherwise the test above would prove nothing, because an invalid form never reaches its operation."""
    person = browser_of(organizer)
    person.raise_request_exception = False
    reached = set()
    for name in FORMS:
        lost.clear()
        person.post(url_of(name, world), dict(FORMS[name][0]), headers=FROM_OUR_PAGE)
        if lost:
            reached.add(name)
    assert len(reached) >= len(FORMS) - 6, {*FORMS} - reached


def test_a_person_who_lost_the_role_gets_a_404(world: World, organizer: User, lost: list[User]) -> None:
    page = browser_of(organizer).post(url_of("set_up_letter", world), SETTINGS, headers=FROM_OUR_PAGE)
    assert page.status_code == 404
    assert "Page not found" in words(page)


def test_no_picture_is_stored_for_a_person_who_lost_the_role(world: World, organizer: User, lost: list[User]) -> None:
    person = browser_of(organizer)
    person.raise_request_exception = False
    file = SimpleUploadedFile("a.png", b"no picture")
    assert person.post(url_of("letter_pictures", world), {"file": file, "alt": "A"}).status_code < 500


def refusal_of(problem: Exception) -> tuple[int, dict[str, str], str]:
    request: HttpRequest = RequestFactory().post("/organize/new/")
    page = PlainRefusals(lambda _: None).process_exception(request, problem)  # type: ignore[arg-type, return-value]
    assert page is not None
    return page.status_code, dict(page.headers), page.content.decode()


@pytest.mark.parametrize(
    ("problem", "status", "sentence"),
    [
        (Refused(Refusal.NOT_YOURS), 404, "Page not found"),
        (Refused(Refusal.LETTER_WITHDRAWN), 409, "Something changed after you opened this page"),
        (Refused(Refusal.NO_WORKER), 503, "Part of this site is not responding"),
        (TooMany(Refusal.MANY_REQUESTS, seconds=61), 429, "Try again in about 2 minutes."),
        (RecursionError(), 400, "We could not read this"),
    ],
)
def test_each_refusal_has_its_status_and_its_sentence(problem: Exception, status: int, sentence: str) -> None:
    found, headers, text = refusal_of(problem)
    assert found == status
    assert sentence in text
    assert headers["Cache-Control"] == "no-store"
    assert headers.get("Retry-After") == ("61" if status == 429 else None)


def test_a_role_that_is_taken_away_for_real_is_refused_by_the_guard(world: World, organizer: User) -> None:
    person = browser_of(organizer)
    Membership.objects.filter(user=organizer).delete()
    assert person.post(url_of("set_up_letter", world), SETTINGS, headers=FROM_OUR_PAGE).status_code == 404


NESTED = "[" * 100_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("/accounts/2fa/webauthn/login/", {"credential": NESTED}),
        ("/accounts/login/", {"login": NESTED, "password": NESTED}),
        ("/organize/preview/", {"body": NESTED}),
        ("/letters/night-trains/sign/", {"name": NESTED, "proof": NESTED, "email": NESTED}),
    ],
)
def test_deeply_nested_json_is_refused_with_a_sentence(
    url: str, form: dict[str, str], world: World, organizer: User
) -> None:
    person = Client() if url.startswith("/accounts/") else browser_of(organizer)
    person.raise_request_exception = False
    assert person.post(url, form, headers=FROM_OUR_PAGE).status_code < 500
