"""Both previews are the page that readers will get, and nothing in them works."""

import re

import pytest
from django.test import Client

from letters.models import Letter, Translation, User
from tests.conftest import LetterMaker
from tests.people import Response, browser_of

pytestmark = pytest.mark.django_db

PAGE = "/organize/letters/night-trains/preview/"
FRAME = "/organize/letters/night-trains/text/en/preview/"
TYPED = {
    "title": "Night boats",
    "addressee": "To the ministers of boats",
    "body": "**Aboard** [x](https://example.org/)",
}


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


@pytest.fixture
def both(draft: LetterMaker, desk: Client) -> list[str]:
    """Return the HTML of both previews of a draft."""
    draft(goal=500)
    return [desk.get(url).content.decode() for url in (PAGE, FRAME)]


def policy_of(response: Response) -> dict[str, str]:
    directives = (each.strip().partition(" ") for each in response.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, _, values in directives}


def test_a_preview_has_the_form_the_count_and_the_links_to_share(both: list[str]) -> None:
    for html in both:
        assert 'name="email"' in html
        assert 'id="headline"' in html
        assert "Goal: 500" in html
        assert "WhatsApp" in html
        assert "letters/base." in html
        assert "letters/organizer." not in html


def test_nothing_in_a_preview_does_anything(both: list[str]) -> None:
    for html in both:
        assert "<script" not in html
        controls = re.findall(r"<(?:input|button|select|textarea)\b[^>]*>", html)
        assert controls
        assert all(" disabled" in control for control in controls)
        links = re.findall(r'<a\b[^>]*\bhref="([^"]*)"', html)
        assert not [link for link in links if "night-trains" in link and not link.startswith("/organize/")]
        assert not [link for link in links if "wa.me" in link]


def test_links_in_the_text_work(draft: LetterMaker, desk: Client) -> None:
    draft()
    assert 'href="https://example.org/"' in desk.post(FRAME, TYPED).content.decode()


def test_a_preview_shows_typed_words_and_stores_none(draft: LetterMaker, desk: Client) -> None:
    draft()
    html = desk.post(FRAME, TYPED).content.decode()
    assert "Night boats" in html
    assert "<strong>Aboard</strong>" in html
    assert not Translation.objects.filter(title="Night boats").exists()


def test_a_translation_that_nobody_has_begun_is_previewed_in_its_language(draft: LetterMaker, desk: Client) -> None:
    draft()
    html = desk.post(FRAME.replace("/en/", "/ar/"), TYPED).content.decode()
    assert re.search(r'<article class="letter" lang="ar" dir="rtl">', html)
    assert desk.get(FRAME.replace("/en/", "/xx-nonsense/")).status_code == 404


def test_only_our_own_pages_may_frame_the_preview_and_no_script_runs_in_it(draft: LetterMaker, desk: Client) -> None:
    draft()
    frame, page, editor = (desk.get(url) for url in (FRAME, PAGE, PAGE.removesuffix("preview/")))
    assert policy_of(frame)["frame-ancestors"] == "'self'"
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "allow-scripts" not in policy_of(frame)["sandbox"]
    assert "allow-forms" not in policy_of(frame)["sandbox"]
    for response in (frame, page):
        assert policy_of(response)["script-src"] == policy_of(response)["form-action"] == "'none'"
    for response in (page, editor):
        assert policy_of(response)["frame-ancestors"] == "'none'"
        assert response.headers["X-Frame-Options"] == "DENY"
    assert policy_of(editor)["frame-src"] == "'self'"
    assert "frame-src" not in policy_of(page)


def test_no_preview_shows_who_has_signed(letter: Letter, desk: Client) -> None:
    Letter.objects.update(signature_count=3, last_number=3)
    desk.post("/organize/letters/night-trains/revise/", {"action": "start"})
    html = desk.get(PAGE).content.decode()
    assert "The names of people who have signed appear here." in html
    assert "Nobody has signed yet" not in html
