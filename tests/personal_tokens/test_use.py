"""Who can use a personal token, and until when. Everyone else gets the same answer as with no token at all."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Collective, Letter, Membership, PersonalToken, Scope, User
from letters.organizer.collectives.operations import change_role, create_collective, remove_member
from letters.organizer.personal_tokens.operations import forget_tokens, revoke_token
from petition.logs import without_secrets
from tests.conftest import LetterMaker
from tests.people import NOW, browser_of
from tests.personal_tokens.conftest import API, LETTER, Program, ProgramMaker

pytestmark = pytest.mark.django_db
ALL = [API, LETTER, f"{LETTER}signatures/", f"{LETTER}counts/", f"{LETTER}updates/"]
UNKNOWN = f"und_{'0' * 64}"


def refusal(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """Everything that an answer says."""
    return answer.status_code, answer.content, dict(answer.headers)


@pytest.fixture
def as_without(letter: Letter) -> tuple[int, bytes, dict[str, str]]:
    """What a program without a token gets."""
    answer = Client().get(LETTER)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["type"].endswith("#problem-token")
    return refusal(answer)


@pytest.mark.parametrize("url", ALL)
def test_a_token_opens_what_its_member_can_see(letter: Letter, program: Program, url: str) -> None:
    assert program.get(url).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        *["", " ", "Bearer", "Bearer ", f"Bearer{UNKNOWN}", UNKNOWN, f"Basic {UNKNOWN}", f"Token {UNKNOWN}"],
        *[f"Bearer {UNKNOWN}", f"bearer {UNKNOWN}", f"Bearer {UNKNOWN}, Bearer {UNKNOWN}", f"Bearer {UNKNOWN} x"],
        *[
            "Bearer \x00",
            f"Bearer {'a' * 10_000}",
            f"Bearer {UNKNOWN}\x00",
            "Bearer und_ü",
            f"Bearer {UNKNOWN.upper()}",
        ],
        *["Bearer ' or 1=1 --", "Digest username=x", ",", "Bearer =?utf-8?q?x?="],
    ],
)
def test_whatever_else_is_sent_the_answer_is_the_same(as_without: object, header: str) -> None:
    client = Client(raise_request_exception=False)
    assert refusal(client.get(LETTER, HTTP_AUTHORIZATION=header)) == as_without


def test_the_scheme_may_be_in_lower_case(letter: Letter, program: Program) -> None:
    assert program.get(LETTER, Authorization=f"bearer {program.secret}").status_code == 200


def test_two_headers_are_one_too_many(letter: Letter, program: Program, as_without: object) -> None:
    """Security: a proxy and this site could otherwise read different ones. Servers join two headers with a comma."""
    both = f"Bearer {program.secret}, Bearer {program.secret}"
    assert refusal(program.get(LETTER, Authorization=both)) == as_without


def test_a_cookie_opens_nothing(letter: Letter, organizer: User, as_without: object) -> None:
    """Security: no other website can make the browser of a member read anything here."""
    assert refusal(browser_of(organizer).get(LETTER)) == as_without


def test_a_revoked_token_ends_at_once(letter: Letter, program: Program, organizer: User, as_without: object) -> None:
    revoke_token(letter.collective, program.token.pk, by=organizer, now=timezone.now())
    assert refusal(program.get(LETTER)) == as_without


def test_an_expired_token_ends(letter: Letter, program: Program, as_without: object) -> None:
    PersonalToken.objects.update(created_at=NOW, expires_at=timezone.now())
    assert refusal(program.get(LETTER)) == as_without


def test_a_token_ends_with_the_membership_and_does_not_come_back(
    letter: Letter, program_of: ProgramMaker, teammate: User, organizer: User, as_without: object
) -> None:
    program = program_of(teammate)
    remove_member(letter.collective.memberships.get(user=teammate), by=organizer, now=timezone.now())
    assert refusal(program.get(LETTER)) == as_without
    Membership.objects.create(collective=letter.collective, user=teammate, role="owner", created_at=NOW)
    assert refusal(program.get(LETTER)) == as_without


def test_a_token_has_the_role_that_its_member_has_now(
    letter: Letter, program_of: ProgramMaker, teammate: User, organizer: User
) -> None:
    program = program_of(teammate)
    change_role(letter.collective.memberships.get(user=teammate), role="moderator", by=organizer, now=timezone.now())
    assert [program.get(url).status_code for url in ALL] == [200, 404, 200, 200, 404]


def test_no_token_works_while_the_collective_is_suspended(letter: Letter, program: Program, as_without: object) -> None:
    Collective.objects.update(suspended_at=NOW)
    assert refusal(program.get(LETTER)) == as_without


def test_no_token_works_while_the_account_is_not_active(letter: Letter, program: Program, as_without: object) -> None:
    User.objects.update(is_active=False)
    assert refusal(program.get(LETTER)) == as_without


def test_where_a_second_factor_is_required_its_member_must_have_one(
    letter: Letter, program: Program, organizer: User, as_without: object, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    assert refusal(program.get(LETTER)) == as_without
    Authenticator.objects.create(user=organizer, type=Authenticator.Type.TOTP, data={})
    assert program.get(LETTER).status_code == 200


# Each person's program, and each address: the answers with a token for everything.
ROLES = {
    "organizer": [200, 200, 200, 200, 200],
    "teammate": [200, 200, 200, 200, 200],
    "moderator": [200, 404, 200, 200, 404],
}


@pytest.mark.parametrize("person", ROLES)
def test_each_role_reads_what_its_pages_show(
    letter: Letter, program_of: ProgramMaker, person: str, request: pytest.FixtureRequest
) -> None:
    program = program_of(request.getfixturevalue(person))
    assert [program.get(url).status_code for url in ALL] == ROLES[person]


def test_the_token_of_another_collective_finds_nothing(
    letter: Letter, program_of: ProgramMaker, stranger: User
) -> None:
    theirs = program_of(stranger, collective=Collective.objects.get(slug="the-other-side"))
    assert theirs.read(API)["letters"] == []
    for url in ALL[1:]:
        nothing = theirs.get(url.replace("night-trains", "no-such-letter"))
        assert nothing.status_code == 404
        assert refusal(theirs.get(url)) == refusal(nothing)


def test_a_member_of_two_collectives_needs_two_tokens(
    letter: Letter, program_of: ProgramMaker, organizer: User
) -> None:
    other = create_collective(name="Sleepers", slug="sleepers", by=organizer, now=NOW)
    assert program_of(organizer, collective=other).get(LETTER).status_code == 404


def test_a_letter_that_moves_away_is_closed_to_the_token(letter: Letter, program: Program, organizer: User) -> None:
    other = create_collective(name="Sleepers", slug="sleepers", by=organizer, now=NOW)
    Letter.objects.update(collective=other)
    assert program.get(LETTER).status_code == 404


def test_a_token_for_one_letter_opens_no_other(
    letter: Letter, published: LetterMaker, program_of: ProgramMaker, organizer: User
) -> None:
    published("other-trains")
    program = program_of(organizer, letter=letter)
    assert [each["slug"] for each in program.read(API)["letters"]] == ["night-trains"]
    assert program.get(LETTER).status_code == 200
    assert program.get(f"{API}other-trains/").status_code == 404


def test_a_draft_in_the_bin_is_closed(letter: Letter, draft: LetterMaker, program: Program) -> None:
    thrown_away = draft("thrown-away")
    assert program.get(f"{API}{thrown_away.slug}/").status_code == 200
    Letter.objects.filter(slug="thrown-away").update(binned_at=NOW)
    assert program.get(f"{API}{thrown_away.slug}/").status_code == 404


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_opens_only_its_own_addresses(
    letter: Letter, program_of: ProgramMaker, organizer: User, scope: Scope
) -> None:
    program = program_of(organizer, scopes=[scope])
    needed = [Scope.LETTERS, Scope.LETTERS, Scope.SIGNATURES, Scope.COUNTS, Scope.UPDATES]
    assert [program.get(url).status_code for url in ALL] == [200 if each == scope else 403 for each in needed]
    others = next(url for url, each in zip(ALL, needed, strict=True) if each != scope)
    assert program.get(others).json()["type"].endswith("#problem-scope")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("url", ALL)
def test_no_token_writes_anything(letter: Letter, program: Program, url: str, method: str) -> None:
    headers = {"Authorization": f"Bearer {program.secret}", "Content-Type": "application/json"}
    answer = Client().generic(method, url, content_type="application/json", headers=headers)
    assert answer.status_code == 405
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "url",
    [
        f"{LETTER}?token=SECRET",
        "/api/v1/letters/?x=SECRET",
        f"{LETTER}?SECRET",
        f"{API}SECRET/",
        f"{LETTER}?a=%75nd_REST",
    ],
)
def test_a_token_in_an_address_is_refused(letter: Letter, program: Program, url: str) -> None:
    """Security: addresses end up in logs, in Referer and in the history of browsers."""
    answer = program.get(url.replace("SECRET", program.secret).replace("REST", program.secret[4:]))
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("#problem-token-in-address")
    assert "Revoke this token now" in answer.json()["detail"]
    assert program.secret.encode() not in answer.content


def test_no_log_contains_a_token(letter: Letter, program: Program, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        program.get(LETTER)
        program.get(f"{LETTER}?token={program.secret}")
        program.get(f"{LETTER}nothing/")
    assert program.secret not in caplog.text
    assert without_secrets(f"GET /api/?t={program.secret} HTTP/1.1") == "GET /api/?t=(token) HTTP/1.1"


def test_nothing_keeps_an_answer_and_no_website_reads_it(letter: Letter, program: Program) -> None:
    for url in [*ALL, f"{LETTER}nothing/", f"{API}nothing/"]:
        answer = program.get(url, Origin="https://example.org")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert "ETag" not in answer.headers
        assert not answer.cookies


def test_each_token_has_a_limit_of_its_own(
    letter: Letter, program_of: ProgramMaker, organizer: User, settings: Settings
) -> None:
    settings.LIMIT_PERSONAL_TOKENS = parse("2/hour")
    first, second = program_of(organizer), program_of(organizer)
    assert first.get(LETTER).headers["RateLimit-Policy"] == '"requests";q=2;w=3600'
    first.get(LETTER)
    answer = first.get(LETTER)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit"].startswith('"requests";r=0;t=')
    assert second.get(LETTER).status_code == 200


def test_the_last_use_is_a_day_and_never_a_moment(letter: Letter, program: Program) -> None:
    program.get(LETTER)
    stored = PersonalToken.objects.values().get()
    assert stored["last_used_on"] == timezone.now().astimezone(letter.collective.zone()).date()
    moments = {name for name, value in stored.items() if hasattr(value, "hour")}
    assert moments == {"created_at", "expires_at"}


def test_a_stolen_database_contains_no_token(letter: Letter, program: Program) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token::text FROM letters_personaltoken AS token")
        (row,) = cursor.fetchone()
        cursor.execute("SELECT event::text FROM letters_auditevent AS event")
        kept = row + " ".join(text for (text,) in cursor.fetchall())
    assert program.secret not in kept
    assert program.secret[8:] not in kept
    assert re.search(r"\bund_[0-9a-f]{4}\b", kept)


def test_a_former_address_of_a_letter_leads_nowhere(letter: Letter, program_of: ProgramMaker, stranger: User) -> None:
    letter.former_slugs.create(slug="sleeper-trains", created_at=NOW)
    theirs = program_of(stranger, collective=Collective.objects.get(slug="the-other-side"))
    assert theirs.get(f"{API}sleeper-trains/").status_code == 404


def test_tokens_that_ended_a_month_ago_are_deleted(program: Program) -> None:
    end = program.token.expires_at
    assert forget_tokens(now=end + timedelta(days=29)) == 0
    assert forget_tokens(now=end + timedelta(days=31)) == 1
