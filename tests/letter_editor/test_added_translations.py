"""A translation added after people have signed: nobody is said to have signed words they have not seen."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from letters.models import MAX_TEXTS, Export, Letter, Revision, Signature, Translation, User
from letters.organizer.exports import queries as exporting
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.exports.paper import letterhead
from letters.organizer.exports.tasks import make_exports
from letters.organizer.letter_editor.operations import (
    Text,
    discard_revision,
    publish_if_due,
    publish_letter,
    remove_translation,
    restore_letter,
    schedule_letter,
    start_revision,
    translate_letter,
    withdraw_letter,
)
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.exports.stored import content_of
from tests.exports.test_letters import text_of
from tests.people import EN, IT, NOW, Reader, Signer, add_published, browser_of, publish, words

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
PT = Text("pt", "Mantenham os comboios", "Aos ministros", "Quatro linhas noturnas vão acabar em dezembro.")
ADDED = "This translation was added on March 4, 2025."
AGGIUNTA = "Questa traduzione è stata aggiunta il 4 marzo 2025."
OTHER_WORDS = replace(PT, body="Pedimos o fecho de todas as linhas noturnas.")


@pytest.fixture
def english(draft: LetterMaker, organizer: User) -> Letter:
    """A letter in English only that three people have signed."""
    letter = draft()
    remove_translation(letter, language="it", by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    add_published(letter, 3)
    letter.refresh_from_db()
    return letter


def add(letter: Letter, by: User, *texts: Text, kind: str = "correction") -> Letter:
    """Publish these texts with the others, a day later."""
    start_revision(letter, by=by, now=LATER)
    for text in texts:
        translate_letter(letter, text=text, by=by, now=LATER)
    publish_letter(letter, by=by, now=LATER, kind=kind, note="In another language.")
    return letter


def said_on(reader: Reader, letter: Letter, page: str, language: str = "") -> str:
    return words(reader.get(letter.url_of(page, language)))


# The page and the list


def test_the_page_says_how_many_signed_before_the_translation_existed(
    english: Letter, organizer: User, reader: Reader
) -> None:
    add(english, organizer, IT, PT)
    add_published(english, 2)
    for page in ("letter", "signatures"):
        assert f"{AGGIUNTA} 3 persone hanno firmato prima che esistesse." in said_on(reader, english, page, "it")
        assert f"{ADDED} 3 people signed before it existed." in said_on(reader, english, page, "pt")
        assert "before it existed" not in said_on(reader, english, page)


def test_the_sentence_also_fits_one_person(english: Letter, organizer: User, reader: Reader) -> None:
    for number in (1, 2):
        withdraw_signature(Signature.objects.get(name=f"Signer {number}"), now=NOW)
    publish(NOW)
    add(english, organizer, IT, PT)
    assert f"{ADDED} 1 person signed before it existed." in said_on(reader, english, "letter", "pt")
    assert f"{AGGIUNTA} 1 persona ha firmato prima che esistesse." in said_on(reader, english, "letter", "it")
    # Once they have withdrawn, there is nothing to say.
    withdraw_signature(Signature.objects.get(name="Signer 3"), now=NOW)
    publish(NOW)
    assert ADDED not in said_on(reader, english, "letter", "pt")


def test_nothing_is_said_where_nobody_had_signed(draft: LetterMaker, organizer: User, reader: Reader) -> None:
    letter = draft()
    remove_translation(letter, language="it", by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    add(letter, organizer, IT)
    add_published(letter, 2)
    for page in ("letter", "signatures", "history"):
        assert "aggiunta" not in said_on(reader, letter, page, "it")


def test_the_page_gives_no_number_before_the_first_count(english: Letter, organizer: User, reader: Reader) -> None:
    add(english, organizer, PT)
    Revision.objects.update(signature_count=None)
    Letter.objects.update(version=99)
    assert f"{ADDED} People may have signed before it existed." in said_on(reader, english, "letter", "pt")


def test_a_new_translation_marks_no_name(english: Letter, organizer: User, reader: Reader) -> None:
    add(english, organizer, PT)
    add_published(english, 1)
    for language in ("", "pt"):
        assert "4 Signer 4 3 Signer 3 2 Signer 2 1 Signer 1" in said_on(reader, english, "signatures", language)


def test_signed_this_text_leaves_out_people_who_signed_before_it_existed(
    english: Letter, organizer: User, reader: Reader
) -> None:
    add(english, organizer, replace(EN, body=EN.body.replace("Four", "Five")), kind="substance")
    add_published(english, 4)
    add(english, organizer, PT)
    add_published(english, 2)
    assert "6 signed this text, 3 an earlier one." in said_on(reader, english, "letter")
    page = said_on(reader, english, "letter", "pt")
    assert "2 signed this text, 3 an earlier one." in page
    assert f"{ADDED} 7 people signed before it existed." in page


def test_a_change_of_substance_with_a_new_translation_says_both(
    english: Letter, organizer: User, reader: Reader
) -> None:
    add(english, organizer, replace(EN, body="Something else."), PT, kind="substance")
    page = said_on(reader, english, "letter", "pt")
    assert "0 signed this text, 3 an earlier one." in page
    assert f"{ADDED} 3 people signed before it existed." in page
    # A rewritten translation does not count as added: everyone who signed before signed an earlier text.
    add(english, organizer, EN, OTHER_WORDS, kind="substance")
    page = said_on(reader, english, "letter", "pt")
    assert "0 signed this text, 3 an earlier one." in page
    assert "before it existed" not in page


def test_the_original_can_be_corrected_with_a_new_translation(english: Letter, organizer: User, reader: Reader) -> None:
    add(english, organizer, replace(EN, body=EN.body.replace("Four", "The four")), PT)
    page = said_on(reader, english, "letter", "pt")
    assert f"{ADDED} 3 people signed before it existed." in page
    # They saw different words in the original, and each page marks them.
    for language in ("", "pt"):
        assert "1 Signer 1 signed before a correction" in said_on(reader, english, "signatures", language)


def test_a_corrected_translation_is_still_the_one_that_was_added(
    english: Letter, organizer: User, reader: Reader
) -> None:
    add(english, organizer, PT)
    add_published(english, 1)
    add(english, organizer, replace(PT, body=PT.body.replace("dezembro", "janeiro")))
    assert f"{ADDED} 3 people signed before it existed." in said_on(reader, english, "letter", "pt")


# The history, the files, the numbers


def test_the_history_says_so_for_every_translation(english: Letter, organizer: User, reader: Reader) -> None:
    add(english, organizer, IT, PT)
    add_published(english, 1)
    for page in (
        said_on(reader, english, "history"),
        words(browser_of(organizer).get("/organize/letters/night-trains/history/")),
        words(browser_of(organizer).get("/organize/letters/night-trains/dashboard/")),
        words(browser_of(organizer).get("/organize/letters/night-trains/handover/")),
    ):
        for name in ("Italiano", "Português"):
            assert f"{name} : {ADDED} 3 people signed before it existed. 1 person has signed since." in page
        assert "English :" not in page


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_files_say_which_translations_came_after_a_signature(
    english: Letter, organizer: User, reader: Reader
) -> None:
    add(english, organizer, IT, PT)
    add_published(english, 1)
    answer: Any = reader.get(english.url_of("signatures_csv"))
    public = rows(b"".join(answer.streaming_content).decode())
    export = ask_export(english, wanted=Wanted(Export.Kind.SIGNATURES, Export.Format.CSV), by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    own = rows(content_of(export).decode())
    for found in (public, own):
        assert [row["before_translations"] for row in found] == ["it pt", "it pt", "it pt", ""]
        assert {row["signed_text"] for row in found} == {"current"}


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Signed by 5 people"),
        ("pt", f"{ADDED} 3 people signed before it existed. 2 people have signed since."),
        ("it", f"{AGGIUNTA} 3 persone hanno firmato prima che esistesse. Da allora hanno firmato 2 persone."),
    ],
)
def test_the_pdf_says_so_above_the_names(english: Letter, organizer: User, language: str, heading: str) -> None:
    add(english, organizer, IT, PT)
    add_published(english, 2)
    wanted = Wanted(Export.Kind.LETTER, Export.Format.PDF, language)
    export = ask_export(english, wanted=wanted, by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    assert export.finished_at, export.error
    said = text_of(content_of(export)).replace("\u00ad ", "")
    assert heading in said
    assert ("Signed by" in said) == (language == "en")


def test_the_pdf_tells_three_groups_apart(english: Letter, organizer: User) -> None:
    add(english, organizer, replace(EN, body=EN.body.replace("Four", "Five")), kind="substance")
    add_published(english, 4)
    add(english, organizer, PT)
    add_published(english, 2)
    english.refresh_from_db()
    export = Export(letter=english, language="pt", last_number=english.last_number)
    assert letterhead(export, now=NOW).signed_by == (
        f"2 people signed this text. 3 people signed an earlier text. {ADDED} 7 people signed before it existed."
    )
    assert exporting.signed(Export(letter=english, language="en", last_number=9)).this == 6


def test_no_email_gives_a_number(english: Letter, organizer: User, signer: Signer) -> None:
    add(english, organizer, IT)
    Letter.objects.update(signature_count=1234567, last_number=1234567, version=99)
    signer.sign(english, language="it", text="2")
    signer.confirm()
    signer.last_mail()
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        html = [str(content) for content, _ in getattr(message, "alternatives", [])]
        for part in (str(message.subject), str(message.body), *html):
            assert not re.search(r"1.?234.?567", part)


# Before it is published


def test_organizers_read_the_sentence_before_they_publish(english: Letter, organizer: User) -> None:
    desk = browser_of(organizer)
    start_revision(english, by=organizer, now=LATER)
    edit = "/organize/letters/night-trains/"
    assert "before it existed" not in words(desk.get(edit))
    translate_letter(english, text=PT, by=organizer, now=LATER)
    page = words(desk.get(edit))
    assert "You have not published this text in Português yet." in page
    assert re.search(r"This translation was added on \w+ \d+, \d{4}\. 3 people signed before it existed\.", page)


def test_a_draft_has_no_such_sentence(draft: LetterMaker, organizer: User) -> None:
    draft()
    assert "before it existed" not in words(browser_of(organizer).get("/organize/letters/night-trains/"))


# Attempts to get around it


def test_a_translation_cannot_be_removed_and_added_again_with_other_words(english: Letter, organizer: User) -> None:
    add(english, organizer, PT)
    add_published(english, 1)
    start_revision(english, by=organizer, now=LATER)
    with pytest.raises(Refused, match="language_public"):
        remove_translation(english, language="pt", by=organizer, now=LATER)
    discard_revision(english, by=organizer, now=LATER)
    with pytest.raises(Refused, match="not_a_correction"):
        add(english, organizer, OTHER_WORDS)
    # The site never leaves such rows: the language is gone, so nothing is published.
    Translation.objects.filter(revision__published_at=None, language="pt").delete()
    for kind in ("correction", "substance"):
        with pytest.raises(Refused, match="languages_missing"):
            publish_letter(english, by=organizer, now=LATER, kind=kind, note="Less.")
    add(english, organizer, OTHER_WORDS, kind="substance")


def test_other_words_in_a_language_that_was_gone_are_a_change_of_substance(english: Letter, organizer: User) -> None:
    add(english, organizer, PT)
    add(english, organizer, replace(PT, body=PT.body + " Oui."))
    # The site never leaves such rows: the second text had no French.
    revision = Revision.objects.create(letter=english, number=4, kind="correction", note="x", created_at=LATER)
    text = Translation.objects.get(revision__number=3, language="en")
    text.pk, text.revision = None, revision
    text.save()
    Revision.objects.filter(pk=revision.pk).update(published_at=LATER)
    Letter.objects.filter(pk=english.pk).update(current_revision=revision)
    english.refresh_from_db()
    with pytest.raises(Refused, match="not_a_correction"):
        add(english, organizer, OTHER_WORDS)


def test_a_discarded_text_is_not_measured(english: Letter, organizer: User) -> None:
    start_revision(english, by=organizer, now=LATER)
    translate_letter(english, text=PT, by=organizer, now=LATER)
    remove_translation(english, language="pt", by=organizer, now=LATER)
    add(english, organizer, OTHER_WORDS)
    assert english.languages() == ["en", "pt"]


def test_a_long_series_of_small_corrections_hides_nothing(english: Letter, organizer: User, reader: Reader) -> None:
    """All published texts are read, and their number is limited."""
    Revision.objects.filter(letter=english).update(published_at=None)
    Revision.objects.filter(letter=english).update(number=MAX_TEXTS)
    Revision.objects.filter(letter=english).update(published_at=NOW)
    with pytest.raises(Refused, match="too_many_texts"):
        start_revision(english, by=organizer, now=LATER)
    page = browser_of(organizer).post("/organize/letters/night-trains/revise/", {"action": "start"}, follow=True)
    assert "This letter has had 500 texts" in words(page)


# The clock, and a withdrawal that is undone


def test_two_languages_published_together_by_the_clock_were_not_added(
    draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    letter = draft()
    schedule_letter(letter, at=LATER, by=organizer, now=NOW)
    assert publish_if_due(letter.pk, now=LATER)
    letter.refresh_from_db()
    add_published(letter, 2)
    assert "aggiunta" not in said_on(reader, letter, "letter", "it")


def test_undoing_a_withdrawal_does_not_change_the_sentence(english: Letter, organizer: User, reader: Reader) -> None:
    add(english, organizer, PT)
    start_revision(english, by=organizer, now=LATER)
    translate_letter(english, text=IT, by=organizer, now=LATER)
    withdraw_letter(english, reason="They answered.", by=organizer, now=LATER)
    assert f"{ADDED} 3 people signed before it existed." in said_on(reader, english, "letter", "pt")
    with pytest.raises(Refused, match="letter_withdrawn"):
        publish_letter(english, by=organizer, now=LATER, kind="correction", note="In Italian.")
    restore_letter(english, by=organizer, now=LATER)
    publish_letter(english, by=organizer, now=LATER + timedelta(days=1), kind="correction", note="In Italian.")
    assert f"{ADDED} 3 people signed before it existed." in said_on(reader, english, "letter", "pt")
    assert "aggiunta il 5 marzo 2025. 3 persone" in said_on(reader, english, "letter", "it")


def test_the_delivery_form_suggests_both_numbers(english: Letter, organizer: User) -> None:
    add(english, organizer, PT)
    add_published(english, 2)
    page = browser_of(organizer).get("/organize/letters/night-trains/handover/")
    assert b'value="5"' in page.content
    assert "enter how many people have signed since" in words(page)
