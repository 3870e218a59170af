"""Staff can clear a collective before it publishes, and no account publishes many letters at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from letters.models import AuditEvent, Collective, Letter, Membership, User
from letters.organizer.letter_editor.operations import (
    MAX_FIRST_PUBLICATIONS,
    clear_collective,
    close_letter,
    publish_letter,
    start_letter,
)
from letters.organizer.letter_editor.sample import load_sample
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, browser_of, in_threads, words

pytestmark = pytest.mark.django_db

EDITOR = "/organize/letters/night-trains/"


@pytest.fixture
def clerk(db: None) -> User:
    """A member of staff."""
    return User.objects.create_user("clerk@example.org", is_staff=True)


def status(letter: Letter) -> str:
    letter.refresh_from_db()
    return letter.status


# Clearing


def test_a_collective_publishes_once_staff_have_cleared_it(
    draft: LetterMaker, organizer: User, clerk: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    letter = draft()
    with pytest.raises(Refused, match="not_cleared"):
        publish_letter(letter, by=organizer, now=NOW)
    assert status(letter) == "draft"
    clear_collective(letter.collective, by=clerk, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    assert status(letter) == "published"


def test_no_collective_needs_clearing_unless_the_site_requires_it(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    assert status(letter) == "published"


def test_a_published_letter_stays_published_without_clearing(
    letter: Letter, organizer: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    publish_letter(letter, by=organizer, now=NOW)
    assert status(letter) == "published"


def test_owners_cannot_clear_their_own_collective(
    collective: Collective, organizer: User, stranger: User, clerk: User
) -> None:
    clerk.is_active = False
    for person in (organizer, stranger, clerk):
        with pytest.raises(Refused, match="not_yours"):
            clear_collective(collective, by=person, now=NOW)
    collective.refresh_from_db()
    assert collective.cleared_at is None


def test_clearing_is_recorded_once_with_the_person(collective: Collective, clerk: User) -> None:
    for later in range(2):
        clear_collective(collective, by=clerk, now=NOW + timedelta(hours=later))
    event = AuditEvent.objects.get(verb="clear_collective")
    assert (event.actor, event.object_id, event.at) == (clerk, collective.pk, NOW)
    collective.refresh_from_db()
    assert collective.cleared_at == NOW


def test_the_editor_mentions_clearing_before_and_after_the_button_and_loses_no_word(
    draft: LetterMaker, organizer: User, clerk: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    letter, desk = draft(), browser_of(organizer)
    page = desk.get(EDITOR)
    assert "review each new collective before its first letter is published" in words(page)
    form = page.context["form"].initial | {"title": "Keep all the trains", "seen": page.context["text"].version}
    answer = desk.post(EDITOR, {**form, "action": "publish"}, follow=True)
    assert "Your changes are saved, but the letter is not published." in words(answer)
    assert answer.status_code == 200
    assert 'value="Keep all the trains"' in answer.content.decode()
    assert status(letter) == "draft"

    clear_collective(letter.collective, by=clerk, now=NOW)
    page = desk.get(EDITOR)
    assert "review each new collective" not in words(page)
    desk.post(EDITOR, {**form, "seen": page.context["text"].version, "action": "publish"})
    assert status(letter) == "published"


def test_the_admin_lets_collectives_publish(collective: Collective, organizer: User) -> None:
    chief, page = Client(), "/admin/letters/collective/"
    chief.force_login(User.objects.create_superuser("chief@example.org"))
    assert b"Allow them to publish" in chief.get(page).content
    chief.post(page, {"action": "clear", "_selected_action": [collective.pk]})
    collective.refresh_from_db()
    assert collective.cleared_at
    assert chief.get(f"{page}?cleared_at__isnull=True").status_code == 200
    assert browser_of(organizer).post(page, {"action": "clear"}).status_code in {302, 404}


def test_staff_who_may_not_see_collectives_cannot_clear_them(collective: Collective, clerk: User) -> None:
    answer = browser_of(clerk).post(
        "/admin/letters/collective/", {"action": "clear", "_selected_action": [collective.pk]}
    )
    assert answer.status_code == 403
    collective.refresh_from_db()
    assert collective.cleared_at is None


def test_the_sample_is_loaded_even_if_clearing_is_required(clerk: User, settings: Settings) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    assert load_sample(by=clerk, now=NOW)


# The daily limit


def drafts(draft: LetterMaker, number: int) -> list[Letter]:
    return [draft(f"letter-{each}") for each in range(number)]


def test_one_account_publishes_five_letters_a_day(draft: LetterMaker, organizer: User) -> None:
    *first, sixth = drafts(draft, MAX_FIRST_PUBLICATIONS + 1)
    for letter in first:
        publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_letters"):
        publish_letter(sixth, by=organizer, now=NOW + timedelta(hours=23))
    assert status(sixth) == "draft"
    publish_letter(sixth, by=organizer, now=NOW + timedelta(hours=25))
    assert status(sixth) == "published"


def test_a_new_collective_does_not_avoid_the_limit_and_each_member_has_their_own(
    draft: LetterMaker, organizer: User, teammate: User
) -> None:
    *first, sixth = drafts(draft, MAX_FIRST_PUBLICATIONS + 1)
    for letter in first:
        publish_letter(letter, by=organizer, now=NOW)
    Membership.objects.filter(user=organizer).delete()
    elsewhere = start_letter(text=EN, collective_name="Another name", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_letters"):
        publish_letter(elsewhere, by=organizer, now=NOW)
    publish_letter(sixth, by=teammate, now=NOW)


def test_letters_that_were_public_before_do_not_count(draft: LetterMaker, organizer: User) -> None:
    *first, sixth = drafts(draft, MAX_FIRST_PUBLICATIONS + 1)
    for letter in first:
        publish_letter(letter, by=organizer, now=NOW - timedelta(days=3))
        close_letter(letter, by=organizer, now=NOW)
        publish_letter(letter, by=organizer, now=NOW)
    publish_letter(sixth, by=organizer, now=NOW)


def test_the_editor_says_that_todays_limit_is_reached(draft: LetterMaker, organizer: User) -> None:
    for letter in drafts(draft, MAX_FIRST_PUBLICATIONS):
        publish_letter(letter, by=organizer, now=NOW)
    Letter.objects.update(published_at=timezone.now())
    draft()
    desk = browser_of(organizer)
    page: Any = desk.get(EDITOR)
    form = page.context["form"].initial | {"seen": page.context["text"].version, "action": "publish"}
    assert "One account can publish five letters within a day." in words(desk.post(EDITOR, form, follow=True))


@pytest.mark.django_db(transaction=True)
def test_publishing_many_letters_at_once_stays_within_the_limit(draft: LetterMaker, organizer: User) -> None:
    letters = drafts(draft, MAX_FIRST_PUBLICATIONS + 4)
    connection.close()

    def press(letter: Letter) -> str:
        try:
            publish_letter(letter, by=organizer, now=NOW)
        except Refused as refused:
            return refused.code
        return "published"

    said = in_threads(press, letters, threads=4)
    assert said.count("published") == MAX_FIRST_PUBLICATIONS
    assert said.count("too_many_letters") == 4
    assert Reader().get("/").content.count(b"/letters/letter-") >= MAX_FIRST_PUBLICATIONS
