"""An account may add only so much text within a day, and a letter may have only so many objects of each kind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from letters.base.accounts import operations as accounts
from letters.base.accounts.operations import keep_text
from letters.models import (
    AddresseeAnswer,
    AuditEvent,
    Letter,
    LetterDelivery,
    Revision,
    Translation,
    Update,
    User,
    Written,
)
from letters.organizer.letter_delivery.operations import Delivered, record_letter_delivery
from letters.organizer.letter_editor.operations import (
    Text,
    publish_letter,
    publishing,
    start_letter,
    start_revision,
    write_text,
    writing,
)
from letters.organizer.updates.operations import (
    AnswerText,
    UpdateText,
    answers,
    publish_answer,
    write_answer,
    write_update,
)
from letters.organizer.updates.operations import writing as update_writing
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Response, browser_of, words

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LETTER = "/organize/letters/night-trains/"
SAYS_SO = "your account has added 20 MB of text today, which is the limit"
LONG = "A paragraph of many words.\n\n" * 100
NEWS = UpdateText(title="News", body=LONG, language="en")
ANSWER = AnswerText(respondent="Anna Weber", answered_on=date(2025, 3, 3), language="en", body=LONG)
TYPED = {"title": "A", "addressee": "B", "summary": "", "body": LONG}
TYPED_NEWS = {"title": "News", "body": LONG, "language": "en"}
TYPED_ANSWER = {"respondent": "Anna Weber", "answered_on": "2025-03-04", "body": LONG, "link": "", "language": "en"}


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


@pytest.fixture
def used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may add anything today."""
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)


def added(by: User) -> int:
    return sum(Written.objects.filter(account=by).values_list("size", flat=True))


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


# Counting


def test_bytes_are_counted_and_not_characters(organizer: User) -> None:
    keep_text(["ü", "a"], by=organizer, now=NOW)
    assert added(organizer) == 3


def test_a_replaced_text_counts_only_by_its_growth(organizer: User) -> None:
    keep_text(["abcdef"], instead_of=["abcd"], by=organizer, now=NOW)
    keep_text(["ab"], instead_of=["abcdef"], by=organizer, now=NOW)
    assert added(organizer) == 2


def test_each_day_has_room_again(organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 3)
    keep_text(["abc"], by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_much_text"):
        keep_text(["d"], by=organizer, now=NOW)
    assert added(organizer) == 3
    keep_text(["abc"], by=organizer, now=NOW + DAY)
    # A clock that is behind does not start a day of its own.
    with pytest.raises(Refused, match="too_much_text"):
        keep_text(["d"], by=organizer, now=NOW)


def test_an_editor_that_saves_the_same_text_a_thousand_times_uses_up_nothing(
    draft: LetterMaker, organizer: User
) -> None:
    letter, seen = draft(), ""
    for number in range(20):
        text = Text("fr", "Titre", "À vous", f"{LONG}{number % 10}")
        seen = write_text(letter, text=text, seen=seen, by=organizer, now=NOW).version
        if not number:
            first = added(organizer)
    assert added(organizer) == first


def test_saving_an_update_or_an_answer_again_uses_up_nothing(letter: Letter, organizer: User) -> None:
    update = write_update(letter, text=NEWS, by=organizer, now=NOW)
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    before = added(organizer)
    other = LONG.replace("many", "some")
    write_update(letter, text=replace(NEWS, body=other), update=update, seen=update.version, by=organizer, now=NOW)
    write_answer(letter, text=replace(ANSWER, body=other), answer=answer, seen=answer.version, by=organizer, now=NOW)
    assert added(organizer) == before


def test_each_operation_counts_the_text_and_the_html_made_of_it(letter: Letter, organizer: User) -> None:
    least = 2 * len(LONG)
    acts: list[Callable[[], object]] = [
        lambda: start_letter(text=replace(EN, body=LONG), collective_name="Us", by=organizer, now=NOW),
        lambda: write_update(letter, text=NEWS, by=organizer, now=NOW),
        lambda: write_answer(letter, text=ANSWER, by=organizer, now=NOW),
        lambda: start_revision(letter, by=organizer, now=NOW),
        lambda: write_text(letter, text=Text("fr", "Titre", "À vous", LONG), seen="", by=organizer, now=NOW),
    ]
    for act in acts:
        before = added(organizer)
        act()
        # The copy of a short letter is short.
        assert added(organizer) - before >= (100 if act is acts[3] else least)


def test_each_member_has_their_own_limit(
    draft: LetterMaker, organizer: User, teammate: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = draft()
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", added(organizer) + 100)
    french = Text("fr", "Titre", "À vous", "a" * 30)
    write_text(letter, text=french, seen="", by=teammate, now=NOW)
    with pytest.raises(Refused, match="too_much_text"):
        write_text(letter, text=replace(french, language="de", body=LONG), seen="", by=organizer, now=NOW)


def test_two_megabytes_in_forty_languages_fit_ten_times(organizer: User) -> None:
    for _ in range(10):
        keep_text(["a" * 2_000_000], by=organizer, now=NOW)


# A refused text is written nowhere, and the page says what to do


@pytest.mark.usefixtures("used_up")
def test_no_letter_is_started_above_the_limit(desk: Client) -> None:
    page = post(desk, "/organize/new/", **TYPED, collective="Us", language="en")
    assert (page.status_code, Letter.objects.count()) == (422, 0)
    assert SAYS_SO in words(page)


@pytest.mark.parametrize("url", [LETTER, f"{LETTER}translations/fr/"])
def test_a_text_above_the_limit_is_not_saved_and_stays_in_the_form(
    draft: LetterMaker, desk: Client, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    draft()
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)
    seen = Translation.objects.get(language="en").version if url == LETTER else ""
    page = post(desk, url, **TYPED, seen=seen)
    assert page.status_code == 409
    assert SAYS_SO in words(page)
    assert "A paragraph of many words." in page.content.decode()
    assert not Translation.objects.filter(title="A").exists()


def test_automatic_saving_reports_the_limit(draft: LetterMaker, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    draft()
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)
    answer = desk.post(f"{LETTER}text/en/", {**TYPED, "seen": Translation.objects.get(language="en").version})
    assert answer.status_code == 422
    assert SAYS_SO in answer.json()["problem"]


def test_no_revision_is_started_above_the_limit(letter: Letter, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)
    page = post(desk, f"{LETTER}revise/", action="start")
    assert page.status_code == 200
    assert "We did not start a new revision" in words(page)
    assert Revision.objects.count() == 1


@pytest.mark.parametrize(("page", "typed"), [("updates/new/", TYPED_NEWS), ("answers/new/", TYPED_ANSWER)])
def test_updates_and_answers_above_the_limit_are_not_saved(
    letter: Letter, desk: Client, monkeypatch: pytest.MonkeyPatch, page: str, typed: dict[str, str]
) -> None:
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)
    answer = post(desk, f"{LETTER}{page}", **typed)
    assert answer.status_code == 409
    assert SAYS_SO in words(answer)
    # A stored text is not shown as if another member had written it.
    assert "Current text" not in words(answer)
    assert "A paragraph of many words." in answer.content.decode()
    assert not Update.objects.exists()
    assert not AddresseeAnswer.objects.exists()


def test_no_delivery_is_recorded_above_the_limit(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MAX_TEXT_A_DAY", 0)
    page = post(desk, f"{LETTER}handover/", on="2025-03-02", to="the minister", signature_count="0", note="a")
    assert page.status_code == 422
    assert SAYS_SO in words(page)
    with pytest.raises(Refused, match="too_much_text"):
        record_letter_delivery(
            letter, delivered=Delivered(on=date(2025, 3, 2), to="A", signature_count=0), by=organizer, now=NOW
        )
    assert not LetterDelivery.objects.exists()


# Limits for each kind


def test_a_letter_has_a_limited_number_of_languages(
    draft: LetterMaker, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft()
    monkeypatch.setattr(writing, "MAX_LANGUAGES", 3)
    assert "Saved." in words(post(desk, f"{LETTER}translations/fr/", **TYPED, seen=""))
    page = post(desk, f"{LETTER}translations/de/", **TYPED, seen="")
    assert page.status_code == 409
    assert "the letter has forty languages, which is the limit" in words(page)
    answer = desk.post(f"{LETTER}text/de/", {**TYPED, "seen": ""})
    assert (answer.status_code, "forty languages" in answer.json()["problem"]) == (422, True)
    assert sorted(Translation.objects.values_list("language", flat=True)) == ["en", "fr", "it"]
    # An existing one can still be changed.
    seen = Translation.objects.get(language="fr").version
    assert "Saved." in words(post(desk, f"{LETTER}translations/fr/", **{**TYPED, "title": "C"}, seen=seen))


def test_a_letter_has_a_limited_number_of_unsent_updates(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_writing, "MAX_UNSENT", 1)
    update = write_update(letter, text=NEWS, by=organizer, now=NOW)
    page = post(desk, f"{LETTER}updates/new/", **{**TYPED_NEWS, "title": "Another"})
    assert page.status_code == 409
    assert "the letter has twenty unsent drafts" in words(page)
    assert list(Update.objects.all()) == [update]
    write_update(letter, text=replace(NEWS, title="B"), update=update, seen=update.version, by=organizer, now=NOW)
    # An update on its way does not count as a draft.
    Update.objects.update(state=Update.State.SENDING, began_at=NOW)
    write_update(letter, text=NEWS, by=organizer, now=NOW)


def test_a_letter_has_a_limited_number_of_answers(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWERS", 1)
    write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    page = post(desk, f"{LETTER}answers/new/", **TYPED_ANSWER)
    assert page.status_code == 409
    assert "the letter has twenty answers, which is the limit" in words(page)
    assert AddresseeAnswer.objects.count() == 1
    with pytest.raises(Refused, match="too_many_answers"):
        write_answer(letter, text=replace(ANSWER, body="Another."), by=organizer, now=NOW)


def test_a_letter_is_published_again_a_limited_number_of_times_a_day(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_LATER_PUBLICATIONS", 1)
    start_revision(letter, by=organizer, now=NOW)
    stands = Translation.objects.filter(language="en").latest("pk")
    write_text(letter, text=replace(EN, body="Another."), seen=stands.version, by=organizer, now=NOW)
    tomorrow = NOW + DAY + timedelta(minutes=1)
    publish_letter(letter, kind="substance", note="Another", by=organizer, now=tomorrow - timedelta(hours=2))
    start_revision(letter, by=organizer, now=tomorrow)
    third = Translation.objects.filter(language="en").latest("pk")
    write_text(letter, text=replace(EN, body="A third."), seen=third.version, by=organizer, now=tomorrow)
    with pytest.raises(Refused, match="too_many_publications"):
        publish_letter(letter, kind="substance", note="Third", by=organizer, now=tomorrow)
    assert letter.revisions.published().count() == 2
    publish_letter(letter, kind="substance", note="Third", by=organizer, now=tomorrow + DAY)
    assert letter.revisions.published().count() == 3


def test_the_page_says_that_the_letter_was_published_too_often(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_LATER_PUBLICATIONS", 0)
    start_revision(letter, by=organizer, now=NOW)
    seen = Translation.objects.filter(language="en").latest("pk").version
    page = post(desk, LETTER, **TYPED, seen=seen, action="publish", kind="substance", note="Another")
    assert page.status_code == 409
    assert "Your text is saved, but not published." in words(page)
    assert Translation.objects.filter(title="A").count() == 1
    assert Revision.objects.latest("number").published_at is None


# The record is kept forever


def test_the_record_stores_each_text_of_a_published_answer_once(letter: Letter, organizer: User) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    publish_answer(answer, by=organizer, now=NOW)
    texts = [LONG, LONG.replace("many", "some")]
    for number in range(1, 7):
        text = replace(ANSWER, body=texts[number % 2])
        answer = write_answer(
            letter, text=text, answer=answer, seen=answer.version, note="Correct anything", by=organizer, now=NOW
        )
    events = AuditEvent.objects.filter(verb="write_answer", details__has_key="before").order_by("pk")
    befores = [event.details["before"] for event in events]
    assert [before.get("body") for before in befores] == [*texts, None, None, None, None]
    # A public text can be restored, even if an event only names it.
    kept = {before["sha256"]: before["body"] for before in befores if "body" in before}
    assert [kept[before["sha256"]] for before in befores] == texts * 3


def test_text_in_the_record_counts(letter: Letter, organizer: User) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    publish_answer(answer, by=organizer, now=NOW)
    before = added(organizer)
    text = replace(ANSWER, body="Short.")
    write_answer(letter, text=text, answer=answer, seen=answer.version, note="Shorter", by=organizer, now=NOW)
    assert added(organizer) - before >= len(LONG)
