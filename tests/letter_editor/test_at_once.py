"""Several members act at the same moment, each over a separate database connection."""

import pytest

from letters.models import AuditEvent, Collective, FormerSlug, Letter, Revision, Translation, User
from letters.organizer.letter_editor.operations import (
    Text,
    draft_letter,
    publish_if_due,
    publish_letter,
    readdress_letter,
    schedule_letter,
    start_letter,
    start_revision,
    write_text,
)
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW.replace(year=2026)


def test_two_clicks_begin_one_letter(organizer: User) -> None:
    def start(_: int) -> str:
        return start_letter(text=EN, collective_name="Night", by=organizer, now=NOW).slug

    assert len(set(in_threads(start, range(4), threads=4))) == 1
    assert (Letter.objects.count(), Collective.objects.filter(name="Night").count()) == (1, 1)


def test_two_letters_of_one_title_begun_at_once_get_separate_addresses(organizer: User, stranger: User) -> None:
    def start(by: User) -> str:
        return start_letter(text=EN, collective_name="Night", by=by, now=NOW).slug

    assert len(set(in_threads(start, [organizer, stranger], threads=2))) == 2


def test_two_members_who_begin_a_revision_share_one(letter: Letter, organizer: User) -> None:
    begun = in_threads(lambda _: start_revision(letter, by=organizer, now=LATER).pk, range(6), threads=6)
    assert len(set(begun)) == 1
    assert AuditEvent.objects.filter(verb="start_revision").count() == 1


def test_only_one_of_several_saves_at_once_succeeds_and_the_others_are_told(
    draft: LetterMaker, organizer: User
) -> None:
    letter = draft()
    seen = Translation.objects.get(language="en").version

    def write(number: int) -> str:
        try:
            write_text(letter, text=Text("en", f"No. {number}", "To all", "Text."), seen=seen, by=organizer, now=LATER)
        except Refused as refused:
            return refused.code
        return "saved"

    assert sorted(in_threads(write, range(6), threads=6)) == ["changed_meanwhile"] * 5 + ["saved"]


def test_two_members_who_publish_a_revision_publish_it_once(letter: Letter, organizer: User) -> None:
    start_revision(letter, by=organizer, now=LATER)
    seen = Translation.objects.get(revision__number=2, language="en").version
    write_text(letter, text=Text("en", "Another", "To all", "Text."), seen=seen, by=organizer, now=LATER)

    def publish(number: int) -> None:
        own = Letter.objects.get(pk=letter.pk)
        publish_letter(own, by=organizer, now=LATER, kind="substance", note=f"Note {number}")

    in_threads(publish, range(6), threads=6)
    assert Letter.objects.get().version == 2
    assert Revision.objects.get(number=2).note.startswith("Note ")
    assert AuditEvent.objects.filter(verb="publish_letter").count() == 2


def test_two_clocks_publish_once(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    schedule_letter(letter, at=LATER, by=organizer, now=NOW)
    assert sum(in_threads(lambda _: publish_if_due(letter.pk, now=LATER), range(6), threads=6)) == 1


def test_a_former_address_goes_to_no_other_letter(letter: Letter, organizer: User) -> None:
    other = draft_letter(letter.collective, slug="other", text=EN, by=organizer, now=NOW)
    for number in range(10):
        left = Letter.objects.get(pk=letter.pk).slug

        def move(which: int, left: str = left, number: int = number) -> bool:
            own, slug = (letter, f"trains-{number}") if which == 0 else (other, left)
            try:
                readdress_letter(Letter.objects.get(pk=own.pk), slug=slug, by=organizer, now=LATER)
            except Refused:
                return False
            return True

        assert in_threads(move, range(2), threads=2) == [True, False]
    assert FormerSlug.objects.filter(letter=letter).count() == 10
    assert Letter.objects.get(pk=other.pk).slug == "other"
