"""The limits of a correction: names stay below words that their signers have read."""

import csv
import io
from dataclasses import replace

import pytest

from letters.models import Letter, Revision, Signature, Translation, User
from letters.organizer.letter_editor.changes import ALWAYS_ALLOWED, _not_struck_out
from letters.organizer.letter_editor.operations import Text, publish_letter, start_revision, translate_letter
from letters.shared.differences import changed_words
from letters.shared.markdown import render_markdown
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.effort import effort
from tests.people import EN, IT, NOW, Reader, browser_of, publish, sign_and_confirm, words

WORDS = [f"word{number}" for number in range(1000)]
LONG = replace(EN, body=" ".join(WORDS))
PICTURE = f"![A car](/media/{'0' * 32}-90x60.webp)"


@pytest.fixture
def long(draft: LetterMaker, organizer: User) -> Letter:
    """A letter with a thousand words in English and a short text in Italian, which one person has signed."""
    letter = draft()
    translate_letter(letter, text=LONG, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    sign_and_confirm(letter)
    publish(NOW)
    letter.refresh_from_db()
    return letter


def with_other_words(number: int) -> Text:
    return replace(LONG, body=" ".join([*(["other"] * number), *WORDS[number:]]))


def correct(letter: Letter, text: Text, by: User, kind: str = "correction") -> None:
    letter.refresh_from_db()
    start_revision(letter, by=by, now=NOW)
    translate_letter(letter, text=text, by=by, now=NOW)
    publish_letter(letter, by=by, now=NOW, kind=kind, note="Small.")


def test_up_to_a_twentieth_of_the_words_is_a_correction(long: Letter, organizer: User) -> None:
    # A twentieth of 1,005 words: the five of the title count as well.
    correct(long, with_other_words(50), organizer)
    assert long.current_revision
    assert long.current_revision.kind == "correction"


def test_struck_out_words_are_not_seen_and_a_hundred_thousand_marks_take_no_time() -> None:
    seen = _not_struck_out("Keep <s>all <s>the</s> lines</s>the <del>day</del>night <b>trains</b></s>.")
    assert seen.split() == ["Keep", "the", "night", "<b>trains</b>", "."]
    assert effort(lambda: _not_struck_out("<s>x" * 25_000)) < 10


def test_more_than_a_twentieth_is_no_correction(long: Letter, organizer: User) -> None:
    with pytest.raises(Refused, match="not_a_correction"):
        correct(long, with_other_words(51), organizer)
    correct(long, with_other_words(51), organizer, kind="substance")


def test_small_steps_add_up(long: Letter, organizer: User) -> None:
    correct(long, with_other_words(25), organizer)
    correct(long, with_other_words(50), organizer)
    with pytest.raises(Refused, match="not_a_correction"):
        correct(long, with_other_words(75), organizer)
    # A change of substance starts a new measurement.
    correct(long, with_other_words(75), organizer, kind="substance")
    correct(long, with_other_words(100), organizer)


@pytest.mark.parametrize(
    "text",
    [
        replace(LONG, addressee="To the minister of finance"),
        replace(LONG, title="Stop the night trains running"),
        replace(LONG, body=" ".join([*WORDS, "more " * 60])),
        replace(LONG, body=" ".join(WORDS[:900])),
        replace(LONG, body=f"{LONG.body}\n\n{PICTURE}"),
        replace(IT, body="Niente treni, per favore, mai più."),
        replace(IT, addressee="Al re"),
    ],
    ids=["addressee", "title", "added", "taken away", "picture", "translation", "addressee of a translation"],
)
def test_a_new_addressee_title_or_picture_is_no_correction(long: Letter, organizer: User, text: Text) -> None:
    with pytest.raises(Refused, match="not_a_correction"):
        correct(long, text, organizer)
    long.refresh_from_db()
    assert long.current_revision
    assert long.current_revision.number == 1


@pytest.mark.parametrize(
    "text",
    [
        replace(LONG, addressee="To the Ministers of Transport:"),
        replace(LONG, title="Keep the night trains running!"),
        replace(LONG, body=LONG.body.replace(" ", "  ").replace("word9 ", "word9, ")),
        replace(IT, body=IT.body.replace("dicembre", "gennaio")),
    ],
    ids=["addressee", "title", "spaces", "a word of a short text"],
)
def test_capitals_commas_and_a_few_words_of_a_short_text_are_corrections(
    long: Letter, organizer: User, text: Text
) -> None:
    assert ALWAYS_ALLOWED == 3
    correct(long, text, organizer)


def test_a_language_that_was_added_later_is_measured_from_its_first_text(long: Letter, organizer: User) -> None:
    french = Text("fr", "Gardez les trains", "Aux ministres", "Quatre lignes de nuit vont disparaître en décembre.")
    correct(long, french, organizer)
    with pytest.raises(Refused, match="not_a_correction"):
        correct(long, replace(french, body="Nous ne voulons plus de trains."), organizer)


def test_every_name_whose_signer_saw_other_words_is_marked(long: Letter, organizer: User, reader: Reader) -> None:
    sign_and_confirm(long, "dante@example.org", name="Dante")
    Signature.objects.filter(name="Dante").update(language="it")
    publish(NOW)
    correct(long, with_other_words(1), organizer)
    sign_and_confirm(long, "grace@example.org", name="Grace Hopper")
    publish(NOW)
    # People who read the Italian text have read what it says now.
    marked = "3 Grace Hopper 2 Dante 1 Ada Lovelace signed before a correction"
    for page in ("signatures", "letter"):
        assert marked in words(reader.get(long.url_of(page)))
    answer = reader.get(long.url_of("signatures_csv"))
    rows = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    kinds = [row["signed_text"] for row in csv.DictReader(io.StringIO(rows.decode("utf-8-sig")))]
    assert kinds == ["before_correction", "current", "current"]


def test_no_name_is_marked_once_the_words_are_restored(long: Letter, organizer: User, reader: Reader) -> None:
    correct(long, with_other_words(1), organizer)
    correct(long, LONG, organizer)
    assert Revision.objects.count() == 3
    assert "1 Ada Lovelace" in words(reader.get(long.url_of("signatures")))


def test_the_page_says_why_it_is_no_correction_and_keeps_the_text(long: Letter, organizer: User) -> None:
    desk = browser_of(organizer)
    start_revision(long, by=organizer, now=NOW)
    seen = long.revisions.latest("number").translations.get(language="en").version
    new = with_other_words(500)
    typed = {"title": new.title, "addressee": new.addressee, "summary": new.summary, "body": new.body}
    said = {"action": "publish", "kind": "correction", "note": "Small.", "seen": seen}
    page = desk.post("/organize/letters/night-trains/", {**typed, **said})
    assert page.status_code == 409
    assert "This is more than a correction" in words(page)
    assert long.revisions.latest("number").translations.get(language="en").body == new.body


def test_a_text_made_to_be_slow_to_compare_counts_as_rewritten() -> None:
    old, new = "a b " * 12_000, "b a " * 12_000
    assert changed_words(old, f"x {new} x")[0] >= 20_000


HIDDEN = "We demand that the ministry be closed and that its director be sent home."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HIDDEN, f"<!-- {HIDDEN} -->"),
        (f"<!-- {HIDDEN} -->", HIDDEN),
        (HIDDEN, f"~~{HIDDEN}~~"),
        (f"~~{HIDDEN}~~", HIDDEN),
    ],
)
def test_marks_that_hide_words_or_bring_them_back_count_as_these_words(
    draft: LetterMaker, organizer: User, before: str, after: str
) -> None:
    letter = draft()
    translate_letter(letter, text=replace(EN, body=f"Dear minister,\n\n{before}"), by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_a_correction"):
        correct(letter, replace(EN, body=f"Dear minister,\n\n{after}"), organizer)


def test_the_summary_counts_as_well(long: Letter, organizer: User) -> None:
    summary = " ".join(["Everyone who signs wants the ministry closed."] * 8)
    with pytest.raises(Refused, match="not_a_correction"):
        correct(long, replace(LONG, summary=summary), organizer)
    correct(long, replace(LONG, summary=summary), organizer, kind="substance")
    first, second = (
        Revision.objects.get(letter=long, number=number).translations.get(language="en") for number in (1, 2)
    )
    assert "Everyone" in str(second.differences_from(first))


def test_readers_compare_texts_as_they_read_them() -> None:
    bodies = [
        "## Why\n\n1. **Pay.** For every hour.",
        "### Why\n\n1. *Pay.* For [every](https://example.org) hour worked.",
    ]
    first, second = (
        Translation(title="T", addressee="A", summary="", body=body, html=render_markdown(body)) for body in bodies
    )
    shown = "".join(part.text for paragraph in second.differences_from(first) for part in paragraph.parts)
    assert "1. Pay. For every (https://example.org) hour worked." in shown
    assert not {"*", "#", "["} & set(shown)
    without_marks = Translation(title="T", addressee="A", html=render_markdown(bodies[0].replace("*", "")))
    assert [paragraph.kind for paragraph in without_marks.differences_from(first)] == ["skipped"]
