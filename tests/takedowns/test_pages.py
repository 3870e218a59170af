"""The pages of site moderators and of the collective about a letter that is down."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Letter, TakeDown, Update, User
from letters.moderator.takedowns.operations import appeal_takedown, restore_taken_down
from letters.organizer.letter_editor.operations import start_revision, translate_letter
from letters.organizer.updates.operations import resume_update
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, browser_of, words
from tests.takedowns.conftest import STATEMENT

TakeDownLetter = Callable[[Letter], None]
SENT = {**vars(STATEMENT)}


def page_of(letter: Letter) -> str:
    return f"/site/letters/{letter.slug}/"


def test_a_moderator_finds_a_letter_by_its_address_and_takes_it_down(
    letter: Letter, warden: User, told: list[str]
) -> None:
    browser = browser_of(warden)
    found = browser.get("/site/letters/", {"address": f"https://undersigned.example/it/letters/{letter.slug}/"})
    assert found.url == page_of(letter)  # type: ignore[attr-defined]
    answer = browser.post(page_of(letter), SENT, follow=True)
    assert "You have taken the letter down" in words(answer)
    assert (Letter.objects.get().status, len(told)) == ("taken_down", 1)
    assert letter.slug in browser.get("/site/letters/").content.decode()


@pytest.mark.parametrize("missing", SENT)
def test_a_statement_needs_every_part(letter: Letter, warden: User, missing: str) -> None:
    answer = browser_of(warden).post(page_of(letter), {**SENT, missing: " "})
    assert answer.status_code == 422
    assert Letter.objects.get().status == "published"


@pytest.mark.parametrize("address", ["nowhere", "https://example.org/", "/letters/", "\x00", "x" * 600, ""])
def test_an_address_of_no_letter_is_explained(warden: User, address: str) -> None:
    assert browser_of(warden).get("/site/letters/", {"address": address}).status_code == 422


def test_an_owner_reads_why_and_appeals_and_another_moderator_restores(
    letter: Letter, take_down: TakeDownLetter, organizer: User, other_warden: User
) -> None:
    take_down(letter)
    # Half a year has not passed.
    TakeDown.objects.update(taken_down_at=timezone.now())
    owner = browser_of(organizer)
    assert "Taken down" in words(owner.get(f"/organize/letters/{letter.slug}/"))
    statement = f"/organize/letters/{letter.slug}/taken-down/"
    assert STATEMENT.facts in words(owner.get(statement))
    assert owner.post(statement, {"reason": " "}).status_code == 422
    assert "We have received your appeal" in words(owner.post(statement, {"reason": "It is true."}, follow=True))
    assert owner.post(statement, {"reason": "Once more."}).status_code == 422
    browser = browser_of(other_warden)
    assert "Appeal waiting" in words(browser.get("/site/letters/"))
    assert "It is true." in words(browser.get(page_of(letter)))
    browser.post(page_of(letter), {"reason": "You are right.", "action": "reverse"})
    assert Letter.objects.get().status == "published"
    assert "You are right." in words(owner.get(statement))


def test_an_editor_reads_why_but_cannot_appeal(letter: Letter, take_down: TakeDownLetter, teammate: User) -> None:
    take_down(letter)
    editor = browser_of(teammate)
    statement = f"/organize/letters/{letter.slug}/taken-down/"
    assert "Send the appeal" not in words(editor.get(statement))
    assert editor.post(statement, {"reason": "It is true."}).status_code == 404


def test_the_appeal_is_not_public(letter: Letter, take_down: TakeDownLetter, organizer: User) -> None:
    take_down(letter)
    appeal_takedown(letter, words="Ada said so herself.", by=organizer, now=NOW)
    page = words(Client().get(letter.get_absolute_url()))
    assert "The collective appealed on" in page
    assert "Ada said so" not in page


def test_the_moderator_who_took_it_down_is_offered_no_decision(
    letter: Letter, take_down: TakeDownLetter, organizer: User, warden: User
) -> None:
    take_down(letter)
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)
    page = words(browser_of(warden).get(page_of(letter)))
    assert "Another moderator will decide" in page
    assert "manage.py decide_appeal" in page
    User.objects.create_user("oscar@example.org", moderates_site=True)
    assert "manage.py decide_appeal" not in words(browser_of(warden).get(page_of(letter)))
    assert "Leave it down" not in page


def test_updates_that_were_being_sent_pause_until_the_collective_resumes_them(
    letter: Letter, take_down: TakeDownLetter, organizer: User, warden: User
) -> None:
    update = Update.objects.create(
        letter=letter, author=organizer, language="en", title="News", body="b", html="b", created_at=NOW, began_at=NOW,
        state="sending",
    )  # fmt: skip
    take_down(letter)
    update.refresh_from_db()
    assert update.state == "paused"
    with pytest.raises(Refused, match="letter_taken_down"):
        resume_update(update, by=organizer, now=NOW)
    restore_taken_down(letter, answer="The law has changed.", by=warden, now=NOW)
    update.refresh_from_db()
    assert update.state == "paused"
    resume_update(update, by=organizer, now=NOW)
    assert update.state == "sending"


# Finding letters


def found(warden: User, typed: str) -> list[str]:
    """Return the addresses of the pages to which a search leads: one, or those of a list."""
    answer = browser_of(warden).get("/site/letters/", {"address": typed})
    if answer.status_code == 302:
        return [answer.headers["Location"]]
    shown = answer.content.decode().partition("<h2>Found</h2>")[2].partition("</ul>")[0]
    return re.findall(r'href="(/site/letters/[^"]+)"', shown)


def test_letters_are_found_by_number_title_and_collective(published: LetterMaker, warden: User) -> None:
    one, other = published(), published("sleepers")
    assert found(warden, str(one.pk)) == [page_of(one)]
    assert found(warden, "NIGHT running") == [page_of(other), page_of(one)]
    assert found(warden, "friends trains") == [page_of(other), page_of(one)]
    assert found(warden, "treni notturni") == [page_of(other), page_of(one)]
    assert found(warden, "night aeroplanes") == []


def test_drafts_and_titles_that_are_not_public_are_not_found(
    letter: Letter, draft: LetterMaker, warden: User, organizer: User
) -> None:
    secret = draft("secret")
    start_revision(letter, by=organizer, now=NOW)
    translate_letter(letter, text=replace(EN, title="Unpublished words"), by=organizer, now=NOW)
    for typed in (str(secret.pk), "secret", f"/organize/letters/{secret.slug}/", "unpublished"):
        assert found(warden, typed) == []
    assert found(warden, "night") == [page_of(letter)]
    page = words(browser_of(warden).get("/site/letters/"))
    assert "It never finds drafts." in page
    assert "Unpublished words" not in words(browser_of(warden).get(page_of(letter)))
    assert "Unpublished words" not in words(browser_of(warden).get("/site/letters-to-review/"))
