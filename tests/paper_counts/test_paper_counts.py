"""Signatures on paper: shown apart, counted nowhere, corrected in public view of the organizers, hidden if untrue."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from letters.models import AuditEvent, Export, Letter, LetterMove, PaperCount, User, WebhookDelivery, count_history
from letters.organizer.exports.paper import letterhead
from letters.organizer.letter_moves.operations import _leave_behind
from letters.organizer.paper_counts import operations
from letters.organizer.paper_counts.operations import (
    Counted,
    add_paper_count,
    correct_paper_count,
    hide_paper_count,
    show_paper_count,
    withdraw_paper_count,
)
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, browser_of, words
from tests.takedowns.conftest import warden

__all__ = ["warden"]

pytestmark = pytest.mark.django_db
COUNCIL = Counted(number=1204, counted_on=date(2025, 3, 1), counted_by="the works council", kept_at="Room 12")
APART = "and 1,204 on paper, counted by the works council on March 1, 2025."


@pytest.fixture
def signed(letter: Letter) -> Letter:
    Letter.objects.filter(pk=letter.pk).update(goal=10)
    letter.refresh_from_db()
    add_published(letter, 3)
    return letter


def url(letter: Letter) -> str:
    return f"/organize/letters/{letter.slug}/paper/"


def send(by: User, letter: Letter, **typed: Any) -> Any:
    fields = {"number": "1204", "counted_on": "2025-03-01", "counted_by": "the works council", "kept_at": "Room 12"}
    return browser_of(by).post(url(letter), {**fields, **typed}, follow=True)


def test_readers_see_them_apart_with_who_counted_and_when(signed: Letter, organizer: User, reader: Reader) -> None:
    reader.read(signed)
    assert "now shows these signatures on paper" in words(send(organizer, signed))
    said = words(reader.get(signed.get_absolute_url()))
    assert APART in said
    assert "We have not seen these signatures, and they are not in the count." in said
    assert "e 1.204 su carta" in words(reader.get(signed.get_absolute_url("it")))
    assert "Room 12" not in said, "only the organizers read where the sheets are"


def test_several_numbers_are_listed_with_their_sum(signed: Letter, organizer: User, reader: Reader) -> None:
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    other = Counted(number=96, counted_on=date(2025, 3, 2), counted_by="the choir")
    add_paper_count(signed, counted=other, by=organizer, now=NOW)
    said = words(reader.get(signed.get_absolute_url()))
    assert "and 1,300 on paper: 96, counted by the choir on March 2, 2025 1,204, counted by the works council" in said


def test_they_are_in_no_count_goal_history_or_webhook(signed: Letter, organizer: User, reader: Reader) -> None:
    before = count_history(signed, now=NOW).spans
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    signed.refresh_from_db()
    assert signed.signature_count == signed.last_number == 3
    page = reader.get(signed.get_absolute_url()).content.decode()
    assert "<b data-count>3</b>" in page
    assert 'max="10" value="3"' in page
    assert count_history(signed, now=NOW).spans == before
    assert reader.get(signed.url_of("count_history_json")).json()["published"] == 3
    assert not WebhookDelivery.objects.exists()


def test_the_count_as_data_lists_them_apart(signed: Letter, organizer: User, reader: Reader) -> None:
    assert reader.get(signed.url_of("count")).json()["on_paper"] == []
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    for address in (signed.url_of("count"), f"/api/v1/letters/{signed.slug}/count/"):
        data = reader.get(address).json()
        assert data["published"] == 3
        assert data["on_paper"] == [{"number": 1204, "counted_by": "the works council", "counted_on": "2025-03-01"}]


def test_the_pdf_says_so_in_the_small_print(signed: Letter, organizer: User) -> None:
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    about = {"asked_by": organizer, "created_at": NOW, "next_attempt_at": NOW, "last_number": signed.last_number}
    export = Export.objects.create(letter=signed, kind="letter", format="pdf", language="en", **about)
    head = letterhead(export, now=NOW)
    assert head.signed_by == "Signed by 3 people"
    assert any(
        "Also 1,204 on paper, counted by the works council on March 1, 2025." in each for each in head.small_print
    )


def test_a_correction_is_a_new_line_and_the_old_one_stays_in_the_history(
    signed: Letter, organizer: User, reader: Reader
) -> None:
    wrong = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    typed = {"number": "1200", "counted_on": "2025-03-01", "counted_by": "the works council", "kept_at": ""}
    page = browser_of(organizer).post(f"{url(signed)}{wrong.pk}/", typed, follow=True)
    assert "1,204 · This number was corrected on" in words(page)
    said = words(reader.get(signed.get_absolute_url()))
    assert "1,200 on paper" in said
    assert "1,204" not in said
    lines = [(row.number, row.ended_at is None) for row in PaperCount.objects.order_by("pk")]
    assert lines == [(1204, False), (1200, True)]


def test_a_number_can_be_withdrawn(signed: Letter, organizer: User, reader: Reader) -> None:
    wrong = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    page = browser_of(organizer).post(f"{url(signed)}{wrong.pk}/remove/", follow=True)
    assert "1,204 · This number was withdrawn on" in words(page)
    assert "on paper" not in words(reader.get(signed.get_absolute_url()))
    with pytest.raises(Refused, match="paper_over"):
        withdraw_paper_count(signed, wrong.pk, by=organizer, now=NOW)
    with pytest.raises(Refused, match="paper_over"):
        correct_paper_count(signed, wrong.pk, counted=COUNCIL, by=organizer, now=NOW)


def test_the_record_says_what_happened_and_names_nobody_who_counted(signed: Letter, organizer: User) -> None:
    wrong = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    right = correct_paper_count(
        signed, wrong.pk, counted=Counted(number=1, counted_on=NOW.date(), counted_by="Ada"), by=organizer, now=NOW
    )
    withdraw_paper_count(signed, right.pk, by=organizer, now=NOW)
    events = AuditEvent.objects.filter(verb__endswith="_paper_count").order_by("pk")
    assert [event.verb for event in events] == ["add_paper_count", "correct_paper_count", "withdraw_paper_count"]
    assert "council" not in str([event.details for event in events])


def test_a_double_click_enters_one_number(signed: Letter, organizer: User) -> None:
    for _ in range(2):
        add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    wrong = PaperCount.objects.get()
    for _ in range(2):
        correct_paper_count(
            signed, wrong.pk, counted=Counted(number=9, counted_on=NOW.date(), counted_by="Ada"), by=organizer, now=NOW
        )
    signed.refresh_from_db()
    assert signed.paper_count == 9


@pytest.mark.parametrize("who", ["\u202eevis", "\u200b\u200b", "\u2800"])
def test_who_counted_cannot_turn_the_sentence_around_or_be_nobody(signed: Letter, organizer: User, who: str) -> None:
    """The sentence also says that we have not seen the sheets, and the PDF isolates no part of it."""
    assert "Withdraw this number" not in words(send(organizer, signed, counted_by=who))
    assert not PaperCount.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"number": ""}, "Enter how many signatures there are on paper."),
        ({"number": "many"}, "Enter a whole number."),
        # In Italy and Germany, this is twelve thousand.
        ({"number": "12.000"}, "Enter a whole number."),
        ({"number": "12,000"}, "Enter a whole number."),
        ({"number": "0"}, "Enter a number between 1 and 10,000,000."),
        ({"number": "-4"}, "Enter a number between 1 and 10,000,000."),
        ({"number": "10000001"}, "Enter a number between 1 and 10,000,000."),
        ({"counted_on": ""}, "Enter the day on which they were counted."),
        ({"counted_on": "soon"}, "Enter a date like 2025-03-31."),
        ({"counted_on": "2999-01-01"}, "This day is in the future. Enter the number once they are counted."),
        ({"counted_on": "1871-01-01"}, "Check the year."),
        ({"counted_by": "  "}, "Enter who counted them."),
        ({"counted_by": "x" * 201}, "Shorten it to 200 or fewer."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    signed: Letter, organizer: User, typed: dict[str, str], sentence: str
) -> None:
    page = send(organizer, signed, **typed)
    assert page.status_code == 422
    assert sentence in words(page)
    assert not PaperCount.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"number": 0}, {"number": 10_000_001}, {"counted_on": date(2025, 3, 4)}, {"counted_on": date(1999, 1, 1)},
     {"counted_by": " "}],
)  # fmt: skip
def test_the_operation_refuses_the_same(signed: Letter, organizer: User, wrong: dict[str, Any]) -> None:
    typed: dict[str, Any] = {"number": 1, "counted_on": date(2025, 3, 3), "counted_by": "Ada", **wrong}
    with pytest.raises(Refused, match="paper_wrong"):
        add_paper_count(signed, counted=Counted(**typed), by=organizer, now=NOW)


def test_the_greatest_numbers_fit_together(
    signed: Letter, organizer: User, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(operations.MAX_CURRENT):
        most = Counted(number=PaperCount.MOST, counted_on=NOW.date(), counted_by=f"Town {place}")
        add_paper_count(signed, counted=most, by=organizer, now=NOW)
    assert "and 200,000,000 on paper" in words(reader.get(signed.get_absolute_url()))
    with pytest.raises(Refused, match="too_many_paper"):
        add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"status": "withdrawn"}, "letter_withdrawn"),
        ({"status": "taken_down"}, "letter_taken_down"),
        ({"names_from": 20, "closes_at": NOW + timedelta(days=30)}, "letter_sealed"),
    ],
)
def test_only_a_public_letter_that_shows_its_count_takes_them(
    signed: Letter, organizer: User, values: dict[str, Any], code: str
) -> None:
    Letter.objects.filter(pk=signed.pk).update(**values)
    with pytest.raises(Refused, match=code):
        add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    assert "Show these signatures" not in words(browser_of(organizer).get(url(signed)))


def test_a_draft_takes_none(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    with pytest.raises(Refused, match="paper_not_public"):
        add_paper_count(letter, counted=COUNCIL, by=organizer, now=NOW)
    assert "Publish the letter first." in words(browser_of(organizer).get(url(letter)))


def test_a_closed_letter_takes_them(signed: Letter, organizer: User, reader: Reader) -> None:
    Letter.objects.filter(pk=signed.pk).update(status="closed", closed_at=NOW)
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    assert APART in words(reader.get(signed.get_absolute_url()))


def test_moderators_of_the_letter_and_strangers_enter_none(signed: Letter, moderator: User, stranger: User) -> None:
    for person in (moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            add_paper_count(signed, counted=COUNCIL, by=person, now=NOW)


def test_a_moderator_of_the_site_hides_an_untrue_number_and_the_organizers_read_why(
    signed: Letter, organizer: User, warden: User, reader: Reader
) -> None:
    row = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    page = f"/site/letters/{signed.slug}/paper/"
    assert page in browser_of(warden).get(f"/site/letters/{signed.slug}/").content.decode()
    assert "Enter why the number is not true." in words(browser_of(warden).post(page, {"of": row.pk, "action": "hide"}))
    browser_of(warden).post(page, {"of": row.pk, "action": "hide", "because": "There are no sheets."})
    assert "on paper" not in words(reader.get(signed.get_absolute_url()))
    assert reader.get(signed.url_of("count")).json()["on_paper"] == []
    assert "There are no sheets." in words(browser_of(organizer).get(url(signed)))
    assert AuditEvent.objects.get(verb="hide_paper_count").reason == "There are no sheets."
    browser_of(warden).post(page, {"of": row.pk, "action": "show"})
    assert APART in words(reader.get(signed.get_absolute_url()))


def test_while_a_number_is_hidden_the_organizers_cannot_begin_again(
    signed: Letter, organizer: User, warden: User
) -> None:
    row = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    hide_paper_count(signed, row.pk, because="Untrue.", by=warden, now=NOW)
    more = Counted(number=5, counted_on=NOW.date(), counted_by="Ada")
    with pytest.raises(Refused, match="paper_hidden"):
        add_paper_count(signed, counted=more, by=organizer, now=NOW)
    with pytest.raises(Refused, match="paper_hidden"):
        correct_paper_count(signed, row.pk, counted=more, by=organizer, now=NOW)
    with pytest.raises(Refused, match="paper_hidden"):
        withdraw_paper_count(signed, row.pk, by=organizer, now=NOW)


def test_organizers_hide_nothing_and_nobody_shows_a_number_of_their_own_collective(
    signed: Letter, organizer: User, warden: User
) -> None:
    row = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_yours"):
        hide_paper_count(signed, row.pk, because="Untrue.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="no_reason"):
        hide_paper_count(signed, row.pk, because="  ", by=warden, now=NOW)
    hide_paper_count(signed, row.pk, because="Untrue.", by=warden, now=NOW)
    with pytest.raises(Refused, match="paper_over"):
        hide_paper_count(signed, row.pk, because="Untrue.", by=warden, now=NOW)
    signed.collective.memberships.create(user=warden, role="editor", created_at=NOW)
    with pytest.raises(Refused, match="not_yours"):
        show_paper_count(signed, row.pk, by=warden, now=NOW)
    assert "another moderator decides" in words(browser_of(warden).get(f"/site/letters/{signed.slug}/paper/"))


def test_another_letters_number_does_not_exist(signed: Letter, organizer: User, published: LetterMaker) -> None:
    row = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    other = published(slug="other")
    assert browser_of(organizer).get(f"{url(other)}{row.pk}/").status_code == 404
    with pytest.raises(Refused, match="paper_over"):
        withdraw_paper_count(other, row.pk, by=organizer, now=NOW)


def test_nothing_about_the_people_on_the_sheets_is_stored(signed: Letter, organizer: User) -> None:
    row = add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    kept = {field.name for field in PaperCount._meta.concrete_fields}
    ours = {"id", "letter", "entered_by", "entered_at", "corrects", "ended_at", "hidden_at", "hidden_because"}
    assert kept - ours == {"number", "counted_on", "counted_by", "kept_at"}
    assert (row.number, row.counted_by) == (1204, "the works council")


def test_the_note_about_the_sheets_stays_behind_when_a_letter_moves(signed: Letter, organizer: User) -> None:
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=NOW)
    _leave_behind(signed, NOW)
    assert PaperCount.objects.get().kept_at == ""
    assert not LetterMove.objects.exists()


def test_organizers_see_the_sum_in_the_overview(signed: Letter, organizer: User) -> None:
    add_paper_count(signed, counted=COUNCIL, by=organizer, now=timezone.now())
    said = words(browser_of(organizer).get(f"/organize/letters/{signed.slug}/dashboard/"))
    assert "and 1,204 on paper (not in the count)" in said
