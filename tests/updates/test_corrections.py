"""A public correction of an update that was sent: dated, above the text, in the feed, and never emailed."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from letters.models import AuditEvent, Letter, OutgoingEmail, Update, UpdateCorrection, User
from letters.organizer.updates.operations import correct_update, show_update
from letters.organizer.updates.operations.correcting import MAX_CORRECTIONS
from letters.organizer.updates.tasks import carry_on
from letters.shared.refused import Refused
from tests.people import NOW, Reader, deliver, words
from tests.updates.conftest import UpdateMaker, agree

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=2)
WRONG = "We meet her on Monday, not on Friday."


def correct(update: Update, by: User, text: str = WRONG, language: str = "en") -> None:
    correct_update(update, text=text, language=language, by=by, now=LATER)


def test_a_correction_is_above_the_text_which_stays(reader: Reader, sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    correct(update, organizer)
    said = words(reader.get(update.url()))
    assert f"Correction of March 5, 2025: {WRONG}" in said
    assert said.index(WRONG) < said.index("On Friday we meet her.")
    update.refresh_from_db()
    assert "**Friday**" in update.body


def test_a_correction_is_in_every_language_and_in_the_feed(
    letter: Letter, reader: Reader, sending: UpdateMaker, organizer: User
) -> None:
    update = sending()
    correct(update, organizer)
    assert f'<span lang="en" dir="auto">{WRONG}</span>' in reader.get(update.url("it")).content.decode()
    feed = reader.get(letter.url_of("feed")).content.decode()
    assert "Correction of March 5, 2025:" in feed
    assert feed.index(WRONG) < feed.index("we meet her.")
    assert f"<updated>{LATER.isoformat()}</updated>" in feed


def test_readers_see_a_correction_at_once(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    before = Letter.objects.get().version
    correct(update, organizer)
    assert Letter.objects.get().version == before + 1


def test_a_correction_sends_no_email(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    agree(letter, "ada@example.org")
    update = sending()
    carry_on(now=NOW)
    deliver()
    mail.outbox.clear()
    owed = OutgoingEmail.objects.count()
    correct(update, organizer)
    carry_on(now=LATER)
    deliver()
    assert not mail.outbox
    assert OutgoingEmail.objects.count() == owed


def test_a_correction_is_recorded_and_made_once(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    for _ in range(2):
        correct(update, organizer)
    assert UpdateCorrection.objects.count() == 1
    assert AuditEvent.objects.get(verb="correct_update").actor == organizer


def test_drafts_and_hidden_updates_are_not_corrected_in_public(
    news: UpdateMaker, sending: UpdateMaker, organizer: User
) -> None:
    with pytest.raises(Refused, match="not_public"):
        correct(news(title="A draft"), organizer)
    update = sending()
    show_update(update, is_public=False, by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_public"):
        correct(update, organizer)


def test_others_cannot_correct(sending: UpdateMaker, moderator: User, stranger: User) -> None:
    update = sending()
    for person in (moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            correct(update, person)


@pytest.mark.parametrize(("text", "code"), [(" \u200b", "no_body"), ("x" * 1001, "too_long")])
def test_a_text_that_cannot_be_shown_is_not_saved(sending: UpdateMaker, organizer: User, text: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        correct(sending(), organizer, text)


def test_the_number_of_corrections_is_limited(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    for number in range(MAX_CORRECTIONS):
        correct(update, organizer, f"Number {number}")
    with pytest.raises(Refused, match="too_many_corrections"):
        correct(update, organizer, "One more")


def test_markup_is_shown_as_it_was_typed(letter: Letter, reader: Reader, sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    correct(update, organizer, "<script>alert(1)</script>")
    for url in (update.url(), letter.url_of("feed")):
        assert "<script>alert" not in reader.get(url).content.decode()


def test_the_page_says_that_no_email_is_sent(sending: UpdateMaker, desk: Client) -> None:
    update = sending()
    page = f"/organize/letters/night-trains/updates/{update.pk}/"
    assert "We do not email the correction to anyone, and you cannot delete it." in words(desk.get(page))
    answer = desk.post(f"{page}corrections/", {"text": WRONG, "language": "en"}, follow=True)
    assert "The correction is public." in words(answer)
    assert WRONG in words(answer)
    answer = desk.post(f"{page}corrections/", {"text": "", "language": "en"})
    assert (answer.status_code, "Enter the correction." in words(answer)) == (422, True)
