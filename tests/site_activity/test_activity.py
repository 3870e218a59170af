"""People who moderate the site read what happened on all of it, and of signers no more than owners do."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from letters.base.audit_log.operations import record
from letters.models import Letter, Membership, User
from letters.organizer.letter_editor.operations import (
    close_letter,
    start_revision,
    translate_letter,
)
from letters.organizer.site_activity.queries import NOT_LISTED
from letters.organizer.site_activity.verbs import VERBS
from letters.signer.signing.operations import disown_signature
from tests.collectives.test_record import OF_THE_SITE
from tests.conftest import LetterMaker
from tests.people import EN, browser_of, sign, words

pytestmark = pytest.mark.django_db

PAGE = "/site/activity/"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, now: object) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the site."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


def lines(warden: User, **asked: str) -> list[str]:
    """Return the sentences of the page, newest first."""
    answer = browser_of(warden).get(PAGE, asked)
    assert answer.status_code == 200
    html = answer.content.decode().partition('class="record"')[2]
    found = re.findall(r"<li>\s*<p>(.*?)</p>", html, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", "", each).split()) for each in found]


def test_all_acts_of_all_collectives_are_listed_newest_first(letter: Letter, stranger: User, warden: User) -> None:
    shown = lines(warden)
    assert shown[0] == "Sven created the collective."
    assert "Olga published Keep the night trains running." in shown
    page = words(browser_of(warden).get(PAGE))
    assert "The Other Side" in page
    assert "Friends of the Night Train" in page


def test_filters_narrow_the_list_down(letter: Letter, stranger: User, teammate: User, warden: User) -> None:
    close_letter(letter, by=teammate, now=timezone.now())
    assert lines(warden, verb="close_letter") == ["Tariq closed Keep the night trains running."]
    assert lines(warden, letter=letter.slug, verb="publish_letter") == ["Olga published Keep the night trains running."]
    assert set(lines(warden, collective="the-other-side")) == {"Sven created the collective."}
    assert lines(warden, day="2001-01-01") == []
    day = timezone.now().date().isoformat()
    assert len(lines(warden, day=day)) == len(lines(warden))


def test_the_acts_of_a_person_are_found_from_a_line_and_never_by_address(
    letter: Letter, teammate: User, warden: User
) -> None:
    close_letter(letter, by=teammate, now=timezone.now())
    html = browser_of(warden).get(PAGE).content.decode()
    (handle, *_) = re.findall(r'\?person=([^"]+)"', html)
    assert lines(warden, person=handle) == ["Tariq closed Keep the night trains running."]
    assert "tariq@example.org" not in html
    assert "wrong" not in words(browser_of(warden).get(PAGE, {"person": "tariq@example.org"}))


@pytest.mark.parametrize("asked", [{}, {"letter": "night-trains"}, {"verb": "disown_signature"}, {"day": "2025-03-03"}])
def test_what_signers_did_is_not_in_the_list_of_the_site(letter: Letter, warden: User, asked: dict[str, str]) -> None:
    disown_signature(sign(letter, "ada@example.org"), now=timezone.now())
    assert not [each for each in lines(warden, **asked) if "did not sign" in each]


def test_of_one_collective_the_acts_of_signers_have_days_and_no_times(letter: Letter, warden: User) -> None:
    for address in ("ada@example.org", "bea@example.org"):
        disown_signature(sign(letter, address), now=timezone.now())
    answer = browser_of(warden).get(PAGE, {"collective": letter.collective.slug})
    found = [each for each in lines(warden, collective=letter.collective.slug) if "did not sign" in each]
    assert found == [
        "2 people whose addresses had been used said that they did not sign Keep the night trains running."
    ]
    line = answer.content.decode().partition("did not sign")[2].partition("</li>")[0]
    assert "<time" not in line
    rows = list(csv.reader(io.StringIO(_file(warden, collective=letter.collective.slug))))
    (row,) = [row for row in rows if "did not sign" in row[2]]
    assert row[1] == ""


def _file(warden: User, **asked: str) -> str:
    answer = browser_of(warden).get(f"{PAGE}activity.csv", asked)
    return b"".join(answer).decode("utf-8-sig")


def test_the_file_has_what_the_page_shows_and_the_collective(letter: Letter, stranger: User, warden: User) -> None:
    heading, *rows = csv.reader(io.StringIO(_file(warden)))
    assert [row[2] for row in rows] == lines(warden)
    assert heading[-1] == "Collective"
    assert rows[0][-1] == "The Other Side"


def test_titles_that_are_not_public_are_not_shown(
    letter: Letter, draft: LetterMaker, organizer: User, warden: User
) -> None:
    secret = draft("secret")
    translate_letter(secret, text=replace(EN, title="A secret plan"), by=organizer, now=timezone.now())
    start_revision(letter, by=organizer, now=timezone.now())
    for asked in ({}, {"collective": letter.collective.slug}):
        html = browser_of(warden).get(PAGE, asked).content.decode()
        assert "A secret plan" not in html
        assert "secret" not in html
    assert browser_of(warden).get(PAGE, {"letter": "secret"}).status_code == 422


def test_a_long_list_has_pages(letter: Letter, organizer: User, warden: User) -> None:
    for _ in range(60):
        record("close_letter", letter, by=organizer, now=timezone.now())
    html = browser_of(warden).get(PAGE, {"verb": "close_letter"}).content.decode()
    assert html.count("<li>\n    <p>") == 50
    (older,) = re.findall(r'rel="next" href="\?verb=close_letter&amp;before=([^"]+)"', html)
    assert len(lines(warden, verb="close_letter", before=older)) == 10


def test_the_list_goes_back_a_month(letter: Letter, organizer: User, warden: User) -> None:
    record("reopen_letter", letter, by=organizer, now=timezone.now() - timedelta(days=40))
    assert lines(warden, verb="reopen_letter") == []
    day = (timezone.now() - timedelta(days=40)).date().isoformat()
    assert len(lines(warden, verb="reopen_letter", day=day)) == 1


def test_every_kind_of_event_can_be_chosen() -> None:
    assert set(VERBS) >= OF_THE_SITE - set(NOT_LISTED)


def test_what_a_moderator_did_for_a_signer_is_not_listed(letter: Letter, warden: User) -> None:
    record("act_for_lost_mailbox", warden, by=warden, now=timezone.now(), reason="A contract.")
    assert "A contract." not in words(browser_of(warden).get(PAGE))


@pytest.mark.parametrize("asked", [{"collective": "nobody"}, {"letter": "x" * 300}, {"day": "soon"}, {"verb": "\x00"}])
def test_a_wrong_filter_is_explained(warden: User, asked: dict[str, str]) -> None:
    assert browser_of(warden).get(PAGE, asked).status_code == 422


def test_owners_and_staff_do_not_read_it(letter: Letter, organizer: User) -> None:
    staff = User.objects.create_user("clerk@example.org", is_staff=True)
    assert Membership.objects.filter(user=organizer, role="owner").exists()
    for person in (organizer, staff):
        assert browser_of(person).get(PAGE).status_code == 404
