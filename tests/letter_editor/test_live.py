"""After publishing: the link, ways to share it, a QR code, and what comes next."""

import re

import pytest
from django.conf import settings
from django.test import Client

from letters.models import Letter, User
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, browser_of, words

pytestmark = pytest.mark.django_db

DESK = "/organize/letters/night-trains/"


def publish(client: Client, letter: Letter) -> str:
    """Press "Save and publish", and return the page to which the browser is redirected."""
    text = letter.revisions.get().translations.get(language="en")
    typed = {"addressee": text.addressee, "title": text.title, "body": text.body, "summary": text.summary}
    answer = client.post(DESK, {**typed, "seen": text.version, "action": "publish"})
    return str(answer["Location"])


def test_the_first_publication_leads_to_a_page_with_the_link(draft: LetterMaker, organizer: User) -> None:
    letter, desk = draft(), browser_of(organizer)
    assert publish(desk, letter) == f"{DESK}live/"
    answer = desk.get(f"{DESK}live/")
    page = answer.content.decode()
    assert "Your letter is live" in words(answer)
    assert f'<a id="live-link" href="{settings.SITE_URL}/letters/night-trains/"' in page
    assert 'data-copy="live-link"' in page
    for site in ("mailto:", "wa.me", "t.me", "bsky.app", "mastodon", "linkedin"):
        assert site in page
    assert '<img src="/letters/night-trains/qr.svg"' in page
    for step in ("dashboard/", "translations/", "updates/", "handover/"):
        assert f'href="{DESK}{step}"' in page


def test_the_button_of_a_prepared_letter_leads_to_the_page_with_the_link(draft: LetterMaker, organizer: User) -> None:
    draft()
    desk = browser_of(organizer)
    assert desk.post(f"{DESK}state/", {"action": "publish"})["Location"] == f"{DESK}live/"
    # This happens only after the first publication.
    assert desk.post(f"{DESK}state/", {"action": "close"})["Location"] == DESK


@pytest.mark.parametrize(
    "values", [{"status": "draft"}, {"status": "closed", "closed_at": NOW}, {"status": "withdrawn"}]
)
def test_the_page_does_not_call_a_letter_live_that_is_not(
    letter: Letter, organizer: User, values: dict[str, str]
) -> None:
    Letter.objects.update(**values)
    assert browser_of(organizer).get(f"{DESK}live/")["Location"] == DESK


def test_the_qr_code_is_a_separate_picture_and_the_same_for_everyone(letter: Letter, reader: Reader) -> None:
    answer = reader.get("/letters/night-trains/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    svg = answer.content.decode()
    assert re.search(r"<svg[^>]* viewBox=", svg)
    assert "<script" not in svg
    assert "style=" not in svg
    italian = reader.get("/it/letters/night-trains/qr.svg")
    assert italian.status_code == 200
    assert italian.content != answer.content
    assert reader.get("/de/letters/night-trains/qr.svg").status_code == 404
