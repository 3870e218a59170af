"""Organizers see an email as it will arrive, before they send it."""

import re

import pytest
from django.test import Client

from letters.models import Letter, User
from letters.organizer.updates.operations import UpdateText, write_update
from tests.carry_over.conftest import NOTE, change_text
from tests.conftest import LetterMaker
from tests.people import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, organizer: User) -> Client:
    client.force_login(organizer)
    return client


def framed(desk: Client, page: str) -> tuple[str, str]:
    """Return a page, and the email that it frames."""
    answer = desk.get(page)
    assert "frame-src 'self'" in answer["Content-Security-Policy"]
    html = answer.content.decode()
    (address,) = re.findall(r'<iframe class="email-frame" src="([^"]+)" title="The email', html)
    assert "allow-scripts" not in html
    email = desk.get(address)
    assert email.status_code == 200
    assert_is_safe(email)
    return html, email.content.decode()


def assert_is_safe(email: object) -> None:
    headers = email.headers  # type: ignore[attr-defined]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'none'" in policy
    assert "sandbox allow-same-origin allow-popups" in policy
    assert "allow-scripts" not in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_an_update_is_shown_formatted_with_its_sender_and_its_plain_part(
    letter: Letter, organizer: User, desk: Client
) -> None:
    text = UpdateText(title="The minister has asked us in", body="On **Friday**.", language="en")
    update = write_update(letter, text=text, by=organizer, now=NOW)
    page, email = framed(desk, f"/organize/letters/{letter.slug}/updates/{update.pk}/preview/")
    assert "<strong>Friday</strong>" in email
    assert "prefers-color-scheme: dark" in email
    assert "Friends of the Night Train via Undersigned &lt;letters@localhost&gt;" in page
    assert "An update about a letter that you signed" in page
    assert "On Friday." in page
    assert "**" not in page


def test_a_carry_over_question_is_shown_formatted(letter: Letter, desk: Client) -> None:
    change_text(letter, now=NOW)
    page, email = framed(desk, f"/organize/letters/{letter.slug}/history/ask/")
    assert "See what changed and choose" in email
    assert NOTE in email
    assert "Friends of the Night Train via Undersigned" in page


def test_an_invitation_is_shown_with_the_words_that_were_typed_and_keeps_none(draft: LetterMaker, desk: Client) -> None:
    letter = draft("sleepers")
    url = f"/organize/letters/{letter.slug}/first-signers/email/"
    email = desk.post(url, {"sender": "Olga Ivanova", "note": "We met in <Vienna>."})
    assert_is_safe(email)
    html = email.content.decode()
    assert "Olga Ivanova" in html
    assert "We met in &lt;Vienna&gt;." in html
    assert "Olga Ivanova" not in desk.post(url, {}).content.decode()


def test_words_that_cannot_be_sent_are_not_shown(draft: LetterMaker, desk: Client) -> None:
    letter = draft("sleepers")
    url = f"/organize/letters/{letter.slug}/first-signers/email/"
    email = desk.post(url, {"sender": "help@bank.example", "note": "x" * 20_000})
    assert email.status_code == 200
    assert "bank" not in email.content.decode()
