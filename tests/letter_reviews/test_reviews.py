"""Site moderators look at first publications and changes of substance, before or after they are public."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from letters.models import AuditEvent, Letter, LetterReview, Membership, User
from letters.moderator.letter_reviews.operations import approve_text, send_text_back
from letters.moderator.letter_reviews.queries import reviews_waiting
from letters.moderator.takedowns.operations import take_down_letter
from letters.organizer.letter_editor.operations import (
    Text,
    publish_if_due,
    publish_letter,
    schedule_letter,
    start_revision,
    translate_letter,
    withdraw_letter,
)
from letters.organizer.letter_editor.sample import load_sample
from letters.organizer.notifications.tasks import notify
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, browser_of, deliver, words
from tests.takedowns.conftest import STATEMENT

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
QUEUE = "/site/letters-to-review/"
NEW = Text("en", EN.title, EN.addressee, EN.body.replace("Four", "Five") + "\n\nAll of them.", EN.summary)
WHAT_IS_NEW: dict[str, Any] = {"kind": "substance", "note": "We ask for all of them."}


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the site."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


@pytest.fixture
def first(settings: Settings) -> None:
    """The site looks at letters before they are public."""
    settings.REVIEW_LETTERS_FIRST = True


@pytest.fixture
def letter_in_french(first: None, draft: LetterMaker, organizer: User, warden: User) -> Letter:
    """A public letter in English and French."""
    letter = draft()
    translate_letter(letter, text=replace(EN, language="fr", title="Gardez"), by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    approve(the_review(), warden)
    assert publish_if_due(letter.pk, now=NOW)
    letter.refresh_from_db()
    return letter


def status(letter: Letter) -> str:
    letter.refresh_from_db()
    return letter.status


def the_review() -> LetterReview:
    (review,) = reviews_waiting()
    return review


def approve(review: LetterReview, by: User) -> None:
    approve_text(review, seen=bytes(review.fingerprint).hex(), by=by, now=NOW)


def send_back(review: LetterReview, by: User, reason: str = "Name no private person.") -> None:
    send_text_back(review, seen=bytes(review.fingerprint).hex(), reason=reason, by=by, now=NOW)


def change(letter: Letter, by: User, text: Text = NEW) -> None:
    start_revision(letter, by=by, now=NOW)
    translate_letter(letter, text=text, by=by, now=NOW)


# Afterwards


def test_a_letter_is_public_at_once_and_waits_to_be_looked_at(letter: Letter, warden: User) -> None:
    review = the_review()
    assert (review.kind, review.is_before, status(letter)) == ("first", False, "published")
    approve(review, warden)
    assert reviews_waiting() == []
    assert status(letter) == "published"
    assert AuditEvent.objects.get(verb="approve_text").actor == warden


def test_the_oldest_text_comes_first(published: LetterMaker, organizer: User, warden: User) -> None:
    older, newer = published(), published("sleepers")
    LetterReview.objects.filter(letter=newer).update(asked_at=NOW + HOUR)
    assert [each.letter for each in reviews_waiting()] == [older, newer]
    browser = browser_of(warden)
    page = browser.get(QUEUE)
    assert words(page).index("First publication") < words(page).rindex("First publication")
    # After each decision, the next one opens.
    review = reviews_waiting()[0]
    answer = browser.post(f"{QUEUE}{review.pk}/", {"action": "fine", "seen": bytes(review.fingerprint).hex()})
    assert answer.headers["Location"] == f"{QUEUE}{reviews_waiting()[0].pk}/"
    assert reviews_waiting()[0] != review


def test_a_change_of_substance_appears_with_what_is_new_and_a_correction_does_not(
    letter: Letter, organizer: User, warden: User
) -> None:
    approve(the_review(), warden)
    change(letter, organizer, replace(EN, body=EN.body.replace("Four", "Five")))
    publish_letter(letter, by=organizer, now=NOW, kind="correction", note="A typo.")
    assert reviews_waiting() == []
    change(letter, organizer)
    publish_letter(letter, by=organizer, now=NOW, **WHAT_IS_NEW)
    review = the_review()
    assert review.kind == "substance"
    page = browser_of(warden).get(f"{QUEUE}{review.pk}/")
    assert "We ask for all of them." in words(page)
    # Compared with the text that someone looked at: the correction shows too.
    html = page.content.decode()
    assert "<ins>" in html
    assert "Five" in html.partition("What is new")[2].partition("The whole text")[0]


def test_a_correction_that_adds_a_language_appears(draft: LetterMaker, organizer: User, warden: User) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    approve(the_review(), warden)
    start_revision(letter, by=organizer, now=NOW)
    translate_letter(letter, text=replace(EN, language="fr", title="Gardez"), by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW, kind="correction", note="In French.")
    assert the_review().kind == "translation"
    assert "New language" in words(browser_of(warden).get(f"{QUEUE}{the_review().pk}/"))


def test_a_text_keeps_its_place_when_a_newer_one_replaces_it(letter: Letter, organizer: User) -> None:
    asked_at = the_review().asked_at
    change(letter, organizer)
    publish_letter(letter, by=organizer, now=NOW + HOUR, **WHAT_IS_NEW)
    review = the_review()
    assert (review.asked_at, review.revision.number) == (asked_at, 2)


def test_a_letter_that_is_taken_down_or_withdrawn_waits_no_more(
    published: LetterMaker, organizer: User, warden: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("letters.base.accounts.members.mail_to_account", lambda _: None)
    take_down_letter(published(), statement=STATEMENT, by=warden, now=NOW)
    assert LetterReview.objects.get().outcome == "taken_down"
    withdraw_letter(published("sleepers"), reason="Over.", by=organizer, now=NOW)
    assert reviews_waiting() == []


def test_a_public_text_cannot_be_sent_back(letter: Letter, warden: User) -> None:
    with pytest.raises(Refused, match="review_over"):
        send_back(the_review(), warden)
    page = words(browser_of(warden).get(f"{QUEUE}{the_review().pk}/"))
    assert "Send it back" not in page
    assert "Take the letter down" in page


# Before


def test_a_letter_waits_and_the_clock_publishes_it_once_it_was_found_fine(
    first: None, draft: LetterMaker, organizer: User, warden: User, reader: Reader
) -> None:
    letter = draft()
    assert not publish_letter(letter, by=organizer, now=NOW)
    assert not publish_if_due(letter.pk, now=NOW)
    assert status(letter) == "draft"
    assert reader.get(letter.get_absolute_url()).status_code == 404
    approve(the_review(), warden)
    assert publish_if_due(letter.pk, now=NOW)
    assert status(letter) == "published"
    assert reviews_waiting() == []


def test_the_editor_says_that_the_letter_waits(first: None, draft: LetterMaker, organizer: User) -> None:
    letter, desk = draft(), browser_of(organizer)
    page = f"/organize/letters/{letter.slug}/"
    shown = desk.get(page)
    assert "review each letter before it is public" in words(shown)
    form = shown.context["form"].initial | {"seen": shown.context["text"].version, "action": "publish"}
    answer = words(desk.post(page, form, follow=True))
    assert "Your letter is waiting for the people who run this site to review it." in answer
    assert "Waiting for review by the site" in words(desk.get("/organize/"))


def test_a_text_that_was_changed_after_it_was_found_fine_waits_again(
    first: None, draft: LetterMaker, organizer: User, warden: User
) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    approve(the_review(), warden)
    translate_letter(letter, text=NEW, by=organizer, now=NOW)
    assert not publish_if_due(letter.pk, now=NOW)
    assert status(letter) == "draft"
    approve(the_review(), warden)
    assert publish_if_due(letter.pk, now=NOW)


def test_nobody_reads_what_is_written_after_a_text_was_put_before_the_site(
    first: None, draft: LetterMaker, organizer: User, warden: User
) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    review = the_review()
    translate_letter(letter, text=replace(EN, body="A name that was a slip."), by=organizer, now=NOW)
    assert reviews_waiting() == []
    assert browser_of(warden).get(f"{QUEUE}{review.pk}/").status_code == 404
    with pytest.raises(Refused, match="text_changed_since"):
        approve(review, warden)


def test_a_draft_that_waits_for_nothing_is_read_by_nobody(
    first: None, draft: LetterMaker, organizer: User, warden: User
) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    review = the_review()
    schedule_letter(letter, at=None, by=organizer, now=NOW)
    assert reviews_waiting() == []
    assert browser_of(warden).get(f"{QUEUE}{review.pk}/").status_code == 404
    with pytest.raises(Refused, match="review_over"):
        approve(review, warden)


def test_a_scheduled_letter_can_be_looked_at_before_its_time(
    first: None, draft: LetterMaker, organizer: User, warden: User
) -> None:
    letter = draft()
    schedule_letter(letter, at=NOW + HOUR, by=organizer, now=NOW)
    approve(the_review(), warden)
    assert not publish_if_due(letter.pk, now=NOW)
    assert publish_if_due(letter.pk, now=NOW + HOUR)


def test_a_text_that_is_sent_back_is_not_published_and_its_organizers_read_why(
    first: None, draft: LetterMaker, organizer: User, teammate: User, warden: User
) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    send_back(the_review(), warden)
    letter.refresh_from_db()
    assert (letter.status, letter.publish_at) == ("draft", None)
    for _ in range(2):
        notify(now=NOW)
        deliver()
    assert sorted(message.to[0] for message in mail.outbox) == ["olga@example.org", "tariq@example.org"]
    assert {message.subject for message in mail.outbox} == {"A letter must change before it is published"}
    assert "Name no private person." in str(mail.outbox[0].body)
    assert AuditEvent.objects.get(verb="send_text_back").reason == "Name no private person."
    with pytest.raises(Refused, match="no_reason"):
        send_back(LetterReview.objects.get(), warden, " ")


def test_a_change_of_substance_waits_and_is_published_by_its_organizers(
    letter: Letter, organizer: User, warden: User, reader: Reader, settings: Settings
) -> None:
    approve(the_review(), warden)
    settings.REVIEW_LETTERS_FIRST = True
    change(letter, organizer)
    assert not publish_letter(letter, by=organizer, now=NOW, **WHAT_IS_NEW)
    assert "All of them." not in reader.read(letter)
    assert "This text is waiting for the people who run this site to review it." in words(
        browser_of(organizer).get(f"/organize/letters/{letter.slug}/")
    )
    approve(the_review(), warden)
    notify(now=NOW)
    deliver()
    assert [message.subject for message in mail.outbox] == ["A new text can be published"]
    assert publish_letter(letter, by=organizer, now=NOW, **WHAT_IS_NEW)
    assert "All of them." in reader.read(letter)


@pytest.mark.parametrize(
    "other",
    [
        {"note": "The minister is a thief."},
        {"notes": {"fr": "Le ministre est un voleur."}},
        {"kind": "correction"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_words_about_a_change_are_looked_at_too(
    first: None, letter_in_french: Letter, organizer: User, warden: User, other: dict[str, Any]
) -> None:
    letter = letter_in_french
    said = WHAT_IS_NEW | {"notes": {"fr": "Nous les demandons tous."}}
    change(letter, organizer, replace(EN, language="de", title="Behaltet die Nachtzüge"))
    assert not publish_letter(letter, by=organizer, now=NOW, **said)
    page = words(browser_of(warden).get(f"{QUEUE}{the_review().pk}/"))
    assert "We ask for all of them." in page
    assert "Nous les demandons tous." in page
    approve(the_review(), warden)
    assert not publish_letter(letter, by=organizer, now=NOW, **(said | other))
    assert letter.revisions.latest("number").published_at is None
    assert publish_letter(letter, by=organizer, now=NOW, **said)


def test_the_sample_is_loaded_without_a_review(first: None, warden: User) -> None:
    assert load_sample(by=warden, now=NOW)
    assert not LetterReview.objects.exists()


# Who decides


def test_only_site_moderators_decide_and_not_about_their_own_letters(
    letter: Letter, organizer: User, moderator: User, stranger: User, warden: User
) -> None:
    for person in (organizer, moderator, stranger, User.objects.create_user("clerk@example.org", is_staff=True)):
        with pytest.raises(Refused, match="not_yours"):
            approve(the_review(), person)
    Membership.objects.create(collective=letter.collective, user=warden, role="editor", created_at=NOW)
    with pytest.raises(Refused, match="own_letter"):
        approve(the_review(), warden)
    assert "Looks fine" not in words(browser_of(warden).get(f"{QUEUE}{the_review().pk}/"))


def test_two_moderators_do_not_decide_about_one_text(letter: Letter, warden: User) -> None:
    review, other = the_review(), User.objects.create_user("oscar@example.org", moderates_site=True)
    for _ in range(2):
        approve(review, warden)
    with pytest.raises(Refused, match="review_over"):
        approve(review, other)
    assert AuditEvent.objects.filter(verb="approve_text").count() == 1


def test_a_form_that_was_open_for_too_long_leads_back_to_the_queue(letter: Letter, warden: User) -> None:
    review = the_review()
    approve(review, warden)
    answer = browser_of(warden).post(f"{QUEUE}{review.pk}/", {"action": "fine", "seen": "x"}, follow=True)
    assert "no longer needs a review" in words(answer)


def test_the_menu_of_site_moderators_shows_how_many_wait(letter: Letter, warden: User, organizer: User) -> None:
    assert "Letters to review 1" in words(browser_of(warden).get(QUEUE))
    assert "Letters to review" not in words(browser_of(organizer).get("/organize/"))


def test_the_page_tells_about_the_collective_only_what_is_public_or_decided_here(
    published: LetterMaker, draft: LetterMaker, warden: User
) -> None:
    published()
    published("sleepers")
    draft("secret-plans")
    page = words(browser_of(warden).get(f"{QUEUE}{reviews_waiting()[0].pk}/"))
    assert "Its other letters" in page
    assert "secret-plans" not in page
    assert "olga@example.org" not in page
