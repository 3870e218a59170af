"""What the sequencer notes beside the numbers that it gives, and what counts it anew."""

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
    """Hours after noon, numbers given, taken out."""
    found = LetterHour.objects.filter(letter=letter).order_by("hour")
    return [((noted.hour - NOW) // timedelta(hours=1), noted.published, noted.taken_out) for noted in found]


def tally(letter: Letter, kind: str) -> dict[str, int]:
    return dict(LetterTally.objects.filter(letter=letter, kind=kind).values_list("value", "number"))


def test_numbers_are_noted_in_their_hour(letter: Letter) -> None:
    add_published(letter, 3, now=NOW + timedelta(minutes=5))
    add_published(letter, 2, now=NOW + timedelta(minutes=59))
    add_published(letter, 1, now=NOW + timedelta(minutes=60))
    assert hours(letter) == [(0, 5, 0), (1, 1, 0)]


def test_what_is_taken_out_is_noted_when_it_is(letter: Letter) -> None:
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    Signature.objects.filter(number=3).update(state="rejected")
    publish(NOW + timedelta(hours=2))
    Signature.objects.filter(number=3).update(state="published")
    publish(NOW + timedelta(hours=4))
    assert hours(letter) == [(0, 3, 0), (2, 0, 2), (4, 0, -1)]


def test_with_nothing_to_number_no_hour_is_noted(letter: Letter) -> None:
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


def test_once_it_is_tallied_nobody_can_tell_who_came_from_where(letter: Letter) -> None:
    signature = sign_and_confirm(letter, via="news.example")
    assert signature.via == "news.example"
    publish(NOW)
    signature.refresh_from_db()
    assert signature.via == ""


def test_tallies_of_another_letter_are_its_own(letter: Letter, published: LetterMaker) -> None:
    add_published(letter, 2)
    add_published(published(slug="sleeping-cars"), 3)
    assert tally(letter, "language") == {"en": 2}


def test_who_was_turned_away_before_a_number_leaves_no_host(letter: Letter) -> None:
    signature = sign(letter, via="news.example")
    Signature.objects.update(state="rejected")
    forget_vias()
    signature.refresh_from_db()
    assert (signature.via, tally(letter, "via")) == ("", {})


def test_who_withdraws_leaves_no_host(letter: Letter) -> None:
    signature = sign_and_confirm(letter, via="news.example")
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert signature.via == ""


# Counting anew


def test_counting_anew_finds_what_was_noted(letter: Letter) -> None:
    sign_and_confirm(letter, "a@example.org", country="IT", via="news.example")
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW + timedelta(hours=2))
    before = hours(letter), tally(letter, "language"), tally(letter, "country"), tally(letter, "via")
    call_command("retally", letter.slug, verbosity=0)
    assert (hours(letter), tally(letter, "language"), tally(letter, "country"), tally(letter, "via")) == before


def test_a_letter_from_before_gets_its_hours_and_tallies(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
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


def test_what_does_not_add_up_is_reported_by_the_letters_name(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
    add_confirmed(letter, 2)
    publish(NOW)
    LetterHour.objects.update(published=3)
    compare_tallies()
    (line,) = caplog.messages
    assert f"retally {letter.slug}" in line


def test_a_letter_that_does_not_exist_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="There is no such letter"):
        call_command("retally", "nothing")
