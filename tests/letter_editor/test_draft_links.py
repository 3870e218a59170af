"""A draft link expires and shows an outsider only the text."""

from datetime import timedelta

import pytest
from django.test import Client

from letters.base.audit_log.queries import events_of
from letters.models import DraftLink, Letter, Membership, User
from letters.organizer.letter_editor.operations import (
    create_draft_link,
    draft_links,
    publish_letter,
    revoke_draft_link,
)
from letters.shared.refused import Refused
from letters.shared.tokens import make_handle
from petition.logs import without_secrets
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Response, browser_of

pytestmark = pytest.mark.django_db

PAGE = "/organize/letters/night-trains/draft-links/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def letter(draft: LetterMaker) -> Letter:
    return draft()


@pytest.fixture
def link(letter: Letter, organizer: User) -> DraftLink:
    return create_draft_link(letter, label="Lawyer", days=7, by=organizer, now=NOW)


def opened(link: DraftLink, more: str = "") -> Response:
    """Open the link as a person without an account."""
    return Client().get(link.get_absolute_url() + more)


def test_the_link_shows_the_newest_text_and_its_translations(link: DraftLink, letter: Letter) -> None:
    assert f"<h1>{EN.title}</h1>" in opened(link).content.decode()
    assert '<article class="letter" lang="it"' in opened(link, "?language=it").content.decode()


def test_the_page_names_no_member_and_says_nothing_about_signatures(link: DraftLink, organizer: User) -> None:
    Letter.objects.update(signature_count=3, last_number=3)
    html = opened(link).content.decode()
    assert "This is a draft. Do not share it." in html
    for word in (organizer.name, organizer.email, "Lawyer", 'id="headline"', "<form", "/organize/", "<script"):
        assert word not in html
    assert "ignature" not in html.partition('<footer class="colophon">')[0]


def test_no_cache_no_search_engine_and_no_other_site_learns_the_link(link: DraftLink) -> None:
    headers = opened(link).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert not opened(link).cookies
    assert link.get_absolute_url().split("/")[2] not in without_secrets(f'GET {link.get_absolute_url()} "-" 200')


def test_the_database_has_no_token(link: DraftLink) -> None:
    token = link.get_absolute_url().split("/")[2]
    stored = DraftLink.objects.values().get()
    assert token not in str(stored)
    # A copy of the row opens nothing without the site's secret key.
    assert Client().get(f"/drafts/{bytes(stored['salt']).hex()}/").status_code == 404


def test_unknown_revoked_and_expired_links_answer_the_same(
    link: DraftLink, letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_draft_link(letter, label="Press", days=1, by=organizer, now=NOW)
    revoke_draft_link(letter, link_id=link.pk, by=organizer, now=NOW)
    revoked = opened(link)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + DAY)
    expired = opened(other)
    unknown = [Client().get(f"/drafts/{token}/") for token in ("x", "A" * 56, make_handle("draft", link.pk))]
    assert {each.status_code for each in (revoked, expired, *unknown)} == {404}
    assert len({each.content for each in (revoked, expired, *unknown)}) == 1
    assert {each.headers["Cache-Control"] for each in (revoked, expired, *unknown)} == {"no-store"}


def test_an_ended_link_does_not_reveal_that_the_letter_was_published(
    link: DraftLink, letter: Letter, organizer: User
) -> None:
    publish_letter(letter, by=organizer, now=NOW)
    assert opened(link).headers["Location"] == "/letters/night-trains/"
    revoke_draft_link(letter, link_id=link.pk, by=organizer, now=NOW)
    assert opened(link).status_code == 404


def test_a_link_made_by_a_person_who_may_no_longer_write_opens_nothing(
    letter: Letter, teammate: User, organizer: User
) -> None:
    link = create_draft_link(letter, label="Me, later", days=30, by=teammate, now=NOW)
    assert opened(link).status_code == 200
    Membership.objects.filter(user=teammate).update(role=Membership.Role.MODERATOR)
    assert opened(link).status_code == 404
    assert "No longer works" in browser_of(organizer).get(PAGE).content.decode()


def test_the_collective_reads_the_day_on_which_a_link_was_opened(link: DraftLink, organizer: User) -> None:
    assert "Not opened yet." in browser_of(organizer).get(PAGE).content.decode()
    opened(link)
    link.refresh_from_db()
    assert link.last_opened_on == link.letter.day_of(NOW)
    assert "Last opened on" in browser_of(organizer).get(PAGE).content.decode()


def test_a_writer_creates_copies_and_revokes_links(letter: Letter, teammate: User) -> None:
    desk = browser_of(teammate)
    desk.post(PAGE, {"label": "Translator", "days": "7"})
    link = DraftLink.objects.get()
    assert (link.label, link.expires_at, link.created_by) == ("Translator", NOW + 7 * DAY, teammate)
    assert link.get_absolute_url() in desk.get(PAGE).content.decode()
    desk.post(f"{PAGE}{link.pk}/revoke/")
    assert opened(link).status_code == 404
    assert link.get_absolute_url() not in desk.get(PAGE).content.decode()
    verbs = events_of(letter).values_list("verb", flat=True)
    assert {"create_draft_link", "revoke_draft_link"} <= set(verbs)


@pytest.mark.parametrize("fields", [{"label": "", "days": "7"}, {"label": "Lawyer", "days": "3650"}])
def test_a_link_has_a_label_and_an_end(letter: Letter, organizer: User, fields: dict[str, str]) -> None:
    assert browser_of(organizer).post(PAGE, fields).status_code == 422
    assert not DraftLink.objects.exists()


def test_moderators_and_strangers_create_and_revoke_nothing(
    link: DraftLink, letter: Letter, moderator: User, stranger: User
) -> None:
    for person in (moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            create_draft_link(letter, label="Me", days=7, by=person, now=NOW)
        with pytest.raises(Refused, match="not_yours"):
            revoke_draft_link(letter, link_id=link.pk, by=person, now=NOW)


def test_nobody_revokes_a_link_to_another_letter(link: DraftLink, draft: LetterMaker, organizer: User) -> None:
    with pytest.raises(DraftLink.DoesNotExist):
        revoke_draft_link(draft("sleepers"), link_id=link.pk, by=organizer, now=NOW)


def test_a_letter_has_few_links_and_a_public_one_gets_none(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_links, "MAX_USABLE", 1)
    create_draft_link(letter, label="One", days=1, by=organizer, now=NOW)
    answer = browser_of(organizer).post(PAGE, {"label": "Two", "days": "1"})
    assert "A letter can have at most 20 draft links." in answer.content.decode()
    create_draft_link(letter, label="Three", days=1, by=organizer, now=NOW + DAY)
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_a_draft"):
        create_draft_link(letter, label="Four", days=1, by=organizer, now=NOW + 3 * DAY)
