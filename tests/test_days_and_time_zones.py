"""The days of a letter stay as they are, whatever its owners do with the collective's time zone.

Privacy: someone who sees the day of a signature in one time zone after another could work out its hour.
"""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from letters.base.audit_log.operations import record
from letters.models import Collective, Letter, LetterHour, User, count_history
from letters.organizer.collectives.operations import describe_collective
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.letter_editor.operations import publish_letter
from letters.organizer.notifications.daily_email import days_of
from letters.public.public_pages.operations import sequence_letter
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import people_in
from tests.notifications.conftest import MORNING, tell
from tests.people import NOW, TAG, Reader, add_confirmed, add_published, browser_of, deliver, publish, sign
from tests.test_what_is_told import LETTER, ORGANIZERS, PUBLIC, files, whole

pytestmark = pytest.mark.django_db

# At this time it is the next day east of Dubai, and nowhere the day before.
SIGNED = datetime(2025, 3, 3, 19, 37, tzinfo=UTC)
ZONES = ("Pacific/Kiritimati", "Asia/Kolkata", "America/New_York", "UTC")
RECORD = "/organize/collectives/night-train/record/"
# These are about the collective, or ask for its time zone.
OF_THE_COLLECTIVE = {"/organize/collectives/night-train/", RECORD}


@pytest.fixture
def signed(letter: Letter, settings: Settings, tmp_path: Path) -> Letter:
    settings.EXPORTS_DIR = tmp_path
    add_published(letter, 2, now=SIGNED)
    add_published(letter, 1, now=SIGNED, display="nobody")
    add_confirmed(letter, 1, now=SIGNED, state="held", concern="domain")
    publish(SIGNED)
    return letter


def move_to(zone: str, letter: Letter, owner: User) -> None:
    collective = Collective.objects.get(pk=letter.collective_id)
    describe_collective(collective, values={"timezone": zone}, by=owner, now=NOW)


def read_all(client: Client, pages: list[str]) -> dict[str, str]:
    """Return what each page says, without its headers and the version, which the collective's name changes too."""
    said = {page: TAG.sub(" ", whole(client.get(page)).partition("\n\n")[2]) for page in pages}
    return {page: re.sub(r'"version": ?\d+', "", text) for page, text in said.items()}


def rows_of(reader: Reader) -> str:
    return whole(reader.get(f"{LETTER}signatures.csv")).partition("\n\n")[2].removeprefix("\ufeff")


def test_no_page_of_a_published_letter_changes_a_day(signed: Letter, organizer: User) -> None:
    desk, stranger = browser_of(organizer), Client()
    pages = [page for page in ORGANIZERS if page not in OF_THE_COLLECTIVE]
    for_organizers, public = read_all(desk, pages), read_all(stranger, PUBLIC)
    for zone in ZONES:
        move_to(zone, signed, organizer)
        assert read_all(desk, pages) == for_organizers
        assert read_all(stranger, PUBLIC) == public


def test_no_file_for_organizers_changes_a_day(signed: Letter, organizer: User) -> None:
    desk = browser_of(organizer)
    made = dict(files(signed, desk))["signatures csv"]
    assert "2025-03-03" in made
    move_to(ZONES[0], signed, organizer)
    assert dict(files(Letter.objects.get(), desk))["signatures csv"] == made


def test_the_public_file_and_the_chart_keep_the_day(signed: Letter, organizer: User, reader: Reader) -> None:
    for zone in ZONES:
        move_to(zone, signed, organizer)
        rows = csv.DictReader(io.StringIO(rows_of(reader)))
        assert {row["published_on"] for row in rows} == {"2025-03-03"}
        spans = count_history(Letter.objects.get(), now=MORNING).spans
        days = [span.begins.date().day for span in spans if span.published]
        assert days == [3]


def test_the_activity_page_keeps_the_days_of_signers(letter: Letter, organizer: User) -> None:
    """Also where one page ends and the next begins."""
    collective, signature, desk = letter.collective, sign(letter), browser_of(organizer)
    for hour in range(120):
        now = NOW + timedelta(hours=hour)
        record(f"act_{hour}", collective, by=organizer, now=now)
        record("unsubscribe", signature, by="signer", now=now, details={"letter": letter.pk})

    def of_signers() -> list[tuple[str, str]]:
        found, url, day = [], RECORD, ""
        while url:
            page = desk.get(url).content.decode()
            for heading, line in re.findall(r"<h2>([^<]*)</h2>|<p>(.*?)</p>", page.partition('class="record"')[2]):
                day = heading or day
                if "signer" in line:
                    found.append((day, TAG.sub("", line)))
            older = re.search(r'rel="next" href="([^"]+)"', page)
            url = RECORD + older[1] if older else ""
        return found

    before = of_signers()
    assert len(before) == 6
    for zone in ZONES:
        move_to(zone, letter, organizer)
        assert of_signers() == before, zone


def test_the_daily_email_keeps_the_days_of_each_letter(signed: Letter, organizer: User) -> None:
    move_to("Pacific/Kiritimati", signed, organizer)
    # March 4 is over there. Where the letter was published, only March 3 is over.
    tell(NOW.replace(hour=19) + timedelta(days=1))
    deliver()
    (message,) = [each for each in mail.outbox if each.to == ["olga@example.org"]]
    text = " ".join(str(message.body).split())
    assert "3 new signatures" in text
    assert "March 3, 2025 (UTC)" in text
    assert "on March 4, 2025:" in text


def test_no_span_of_a_daily_email_is_less_than_a_day_of_the_letter(signed: Letter, organizer: User) -> None:
    """An owner who changes the time zone again and again gets the same numbers."""
    topics = ["new_signatures"]
    for hour in range(-30, 60):
        begins, ends = NOW + timedelta(hours=hour), NOW + timedelta(hours=hour + 21)
        days = days_of(Collective.objects.get(pk=signed.collective_id), begins, ends, topics)
        assert [(day.begins.hour, day.ends.hour, day.new) for day in days] in ([], [(0, 0, 3)]), hour


def test_letters_published_before_keep_the_zone_that_they_were_shown_in(signed: Letter, organizer: User) -> None:
    """They do not have a time zone of their own yet."""
    Letter.objects.update(timezone="")
    move_to("Pacific/Kiritimati", signed, organizer)
    assert Letter.objects.get().timezone == "UTC"


def test_first_signatories_have_a_fixed_day_before_the_publication(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    invite_people(letter, people=people_in("Ada <ada@example.org>"), by=organizer, now=NOW)
    move_to("Pacific/Kiritimati", letter, organizer)
    letter = Letter.objects.get()
    assert letter.day_of(SIGNED) == SIGNED.date()
    publish_letter(letter, by=organizer, now=NOW)
    assert Letter.objects.get().timezone == "UTC"


def test_a_draft_that_nobody_can_sign_follows_its_collective(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    move_to("Pacific/Kiritimati", letter, organizer)
    publish_letter(Letter.objects.get(), by=organizer, now=NOW)
    assert Letter.objects.get().timezone == "Pacific/Kiritimati"


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Adelaide"])
def test_a_chart_and_a_list_agree_where_days_begin_between_two_hours(letter: Letter, zone: str) -> None:
    """Otherwise, if the two days of a signature differed, it came within the half hour after midnight."""
    Letter.objects.update(timezone=zone)
    letter.refresh_from_db()
    for minute in range(0, 120, 15):
        midnight = NOW.astimezone(letter.zone()).replace(hour=0, minute=0)
        add_confirmed(letter, 1, now=NOW)
        sequence_letter(letter.pk, now=midnight + timedelta(minutes=minute - 60))
    days = [letter.day_of(each) for each in letter.signatures.values_list("published_at", flat=True)]
    drawn = {span.begins.date(): span.published for span in count_history(letter, now=NOW + timedelta(days=1)).spans}
    assert {day: days.count(day) for day in set(days)} == {day: number for day, number in drawn.items() if number}
    assert LetterHour.objects.count() == 8
