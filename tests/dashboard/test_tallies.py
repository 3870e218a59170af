"""The hourly counts and tallies that the sequencer keeps, and their recount."""

import logging
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from letters.models import AuditEvent, Letter, LetterHour, LetterTally, Signature
from letters.organizer.dashboard.tasks import compare_tallies, forget_vias
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, add_confirmed, add_published, publish, sign, sign_and_confirm


def hours(letter: Letter) -> list[tuple[int, int, int]]:
    """Return for each hour after noon how many numbers were given, and how many signatures were taken out."""
    found = LetterHour.objects.filter(letter=letter).order_by("hour")
    return [((noted.hour - NOW) // timedelta(hours=1), noted.published, noted.taken_out) for noted in found]


def tally(letter: Letter, kind: str) -> dict[str, int]:
    return dict(LetterTally.objects.filter(letter=letter, kind=kind).values_list("value", "number"))


def test_signatures_are_counted_in_their_quarter_of_an_hour(letter: Letter) -> None:
    add_published(letter, 3, now=NOW + timedelta(minutes=5))
    add_published(letter, 2, now=NOW + timedelta(minutes=14))
    add_published(letter, 1, now=NOW + timedelta(minutes=15))
    found = LetterHour.objects.filter(letter=letter).order_by("hour")
    assert [(noted.hour - NOW, noted.published) for noted in found] == [
        (timedelta(), 5),
        (timedelta(minutes=15), 1),
    ]


def test_removals_are_counted_in_the_hour_of_the_removal(letter: Letter) -> None:
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    Signature.objects.filter(number=3).update(state="rejected")
    publish(NOW + timedelta(hours=2))
    Signature.objects.filter(number=3).update(state="published")
    publish(NOW + timedelta(hours=4))
    assert hours(letter) == [(0, 3, 0), (2, 0, 2), (4, 0, -1)]


def test_an_hour_without_a_new_number_has_no_row(letter: Letter) -> None:
    sign(letter)
    publish(NOW)
    assert hours(letter) == []


def test_each_signature_is_tallied_once_when_it_is_numbered(letter: Letter) -> None:
    sign_and_confirm(letter, "a@example.org", country="IT", via="news.example")
    sign_and_confirm(letter, "b@example.org", country="IT", via="news.example")
    sign_and_confirm(letter, "c@example.org")
    assert tally(letter, "country") == {}
    publish(NOW)
    publish(NOW)
    assert tally(letter, "language") == {"en": 3}
    assert tally(letter, "country") == {"IT": 2, "": 1}
    assert tally(letter, "via") == {"news.example": 2, "": 1}


def test_tallies_do_not_reveal_who_came_from_where(letter: Letter) -> None:
    signature = sign_and_confirm(letter, via="news.example")
    assert signature.via == "news.example"
    publish(NOW)
    signature.refresh_from_db()
    assert signature.via == ""


def test_each_letter_has_its_own_tallies(letter: Letter, published: LetterMaker) -> None:
    add_published(letter, 2)
    add_published(published(slug="sleeping-cars"), 3)
    assert tally(letter, "language") == {"en": 2}


def test_a_signature_rejected_before_its_number_leaves_no_website(letter: Letter) -> None:
    signature = sign(letter, via="news.example")
    Signature.objects.update(state="rejected")
    forget_vias()
    signature.refresh_from_db()
    assert (signature.via, tally(letter, "via")) == ("", {})


def test_a_withdrawn_signature_leaves_no_website(letter: Letter) -> None:
    signature = sign_and_confirm(letter, via="news.example")
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert signature.via == ""


# Recounting


def test_a_recount_finds_the_same_tallies(letter: Letter) -> None:
    sign_and_confirm(letter, "a@example.org", country="IT", via="news.example")
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW + timedelta(hours=2))
    before = hours(letter), tally(letter, "language"), tally(letter, "country"), tally(letter, "via")
    call_command("retally", letter.slug, verbosity=0)
    assert (hours(letter), tally(letter, "language"), tally(letter, "country"), tally(letter, "via")) == before


def test_a_letter_without_tallies_gets_them(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
    add_published(letter, 4)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW)
    LetterHour.objects.all().delete()
    LetterTally.objects.all().delete()
    compare_tallies()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    caplog.clear()
    call_command("retally", all=True, verbosity=0)
    compare_tallies()
    assert caplog.records == []
    assert tally(letter, "via") == {"": 4}
    assert hours(letter)[0] == (0, 4, 0)
    assert sum(out for _, _, out in hours(letter)) == 1
    assert AuditEvent.objects.filter(verb="retally_letter", object_id=letter.pk).exists()


def test_a_difference_is_reported_with_the_name_of_the_letter(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
    add_confirmed(letter, 2)
    publish(NOW)
    LetterHour.objects.update(published=3)
    compare_tallies()
    (line,) = caplog.messages
    assert f"retally {letter.slug}" in line


def test_a_letter_that_does_not_exist_gets_a_message(db: None) -> None:
    with pytest.raises(CommandError, match="There is no such letter"):
        call_command("retally", "nothing")
