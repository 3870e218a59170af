"""The overview of a letter: what its members read, and that a million signatures cost no more than ten."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.models import Letter, LetterHour, LetterTally, User, count_history, drawn_spans
from letters.organizer.dashboard import queries
from letters.organizer.dashboard.operations import retally_letter
from letters.shared import charts
from tests.conftest import LetterMaker
from tests.people import NOW, add_published, browser_of, deliver, publish, sign, sign_and_confirm, words

PAGE = "/organize/letters/night-trains/dashboard/"


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


@pytest.mark.parametrize("part", ["organizer", "teammate", "moderator"])
def test_every_member_who_works_on_the_letter_can_read_it(
    letter: Letter, part: str, request: pytest.FixtureRequest
) -> None:
    assert browser_of(request.getfixturevalue(part)).get(PAGE).status_code == 200


def test_strangers_get_a_404(letter: Letter, stranger: User) -> None:
    assert browser_of(stranger).get(PAGE).status_code == 404


def test_a_signed_out_person_is_asked_to_sign_in(letter: Letter) -> None:
    assert Client().get(PAGE).status_code == 302


def test_no_form_can_be_sent_to_it(letter: Letter, desk: Client) -> None:
    assert desk.post(PAGE).status_code == 405


def test_a_moderator_gets_no_link_to_a_page_of_editors(letter: Letter, moderator: User, desk: Client) -> None:
    writes = f'href="/organize/letters/{letter.slug}/settings/"'
    assert writes in desk.get(PAGE).content.decode()
    assert writes not in browser_of(moderator).get(PAGE).content.decode()


def test_the_counter_says_what_the_public_page_says(published: LetterMaker, desk: Client) -> None:
    letter = published(goal=10)
    add_published(letter, 3)
    sign(letter)
    publish(NOW)
    page = desk.get(PAGE)
    assert "3 signatures Goal: 10" in words(page)
    assert "Waiting for the signer to confirm fewer than 10" in words(page)
    assert re.search(rb'max="10"\s+value="3"', page.content)


def test_a_letter_that_nobody_has_signed_says_so(letter: Letter, desk: Client) -> None:
    assert "Nobody has signed yet." in words(desk.get(PAGE))


def test_a_draft_says_that_nobody_can_sign_it(draft: LetterMaker, desk: Client) -> None:
    draft()
    assert "Nobody can sign the letter yet." in words(desk.get(PAGE))


# Over time


def noted(letter: Letter, hours: dict[int, tuple[int, int]]) -> None:
    LetterHour.objects.bulk_create(
        LetterHour(letter=letter, hour=NOW + timedelta(hours=after), published=published, taken_out=out)
        for after, (published, out) in hours.items()
    )


def test_no_number_is_given_by_the_hour(letter: Letter) -> None:
    noted(letter, {0: (3, 0), 2: (5, 1), 50: (1, 0)})
    course = count_history(letter, now=NOW + timedelta(hours=51))
    assert course.unit == "day"
    assert [(span.published, span.taken_out, span.total) for span in course.spans] == [
        (8, 1, 7),
        (0, 0, 7),
        (1, 0, 8),
    ]


@pytest.mark.parametrize(
    ("days", "unit", "spans"), [(2, "day", 3), (3, "day", 4), (92, "day", 93), (93, "week", 14), (800, "month", 27)]
)
def test_a_longer_period_is_shown_in_coarser_steps(letter: Letter, days: int, unit: str, spans: int) -> None:
    noted(letter, {0: (3, 0), 24 * days - 1: (1, 0)})
    course = count_history(letter, now=NOW + timedelta(days=days))
    assert (course.unit, len(course.spans)) == (unit, spans)
    assert sum(span.published for span in course.spans) == 4
    assert course.spans[-1].total == 4


def test_days_begin_at_midnight_in_the_letters_time_zone(letter: Letter) -> None:
    """Noon in Greenwich is tomorrow in Auckland, and an hour that comes twice makes no second day."""
    letter.timezone = "Pacific/Auckland"
    noted(letter, {-2: (1, 0), 0: (2, 0), 12: (4, 0)})
    course = count_history(letter, now=NOW + timedelta(days=40))
    assert [span.published for span in course.spans[:3]] == [1, 6, 0]
    days = [span.begins.date() for span in course.spans]
    assert days == sorted({*days})
    assert {span.begins.hour for span in course.spans} == {0}


def test_the_chart_of_a_closed_letter_ends_when_it_closed(letter: Letter) -> None:
    noted(letter, {0: (3, 0)})
    letter.closed_at = NOW + timedelta(days=5)
    assert len(count_history(letter, now=NOW + timedelta(days=900)).spans) == 6


def test_signatures_from_before_the_hourly_counts_are_not_lost(letter: Letter) -> None:
    noted(letter, {24: (3, 0)})
    letter.signature_count = 10
    course = count_history(letter, now=NOW + timedelta(days=1))
    assert [span.total for span in course.spans] == [7, 10]


def test_the_chart_has_the_same_numbers_in_a_table(letter: Letter, desk: Client) -> None:
    now = timezone.now()
    Letter.objects.update(published_at=now)
    add_published(letter, 7, now=now)
    page = desk.get(PAGE)
    assert 'class="bars" d="M' in page.content.decode()
    assert "New each day most: 7" in words(page)
    assert "From (UTC) New Withdrawn or removed Total" in words(page)
    assert b" style=" not in page.content


def test_the_highest_bar_fills_the_chart_and_zero_has_no_bar() -> None:
    assert charts.bars([0, 10, 5]) == "M470.0 200V0.0h60.0V200zM803.3 200V100.0h60.0V200z"
    assert charts.bars([1] * 100).startswith("M1.0 200V0.0h8.0V200zM11.0 200")
    assert charts.bars([-3, 0]) == ""


def test_two_days_are_at_the_end_of_a_chart_of_two_weeks(letter: Letter) -> None:
    noted(letter, {0: (3, 0)})
    drawn = drawn_spans(count_history(letter, now=NOW + timedelta(days=1)))
    assert [span.published for span in drawn] == [0] * 12 + [3, 0]
    assert (drawn[-1].begins - drawn[0].begins).days == 13


def test_new_signatures_are_counted_by_whole_days(letter: Letter) -> None:
    """A number for the last 24 hours would fall a day after each signature, and so reveal its hour."""
    letter.timezone = "Pacific/Auckland"
    midnight = NOW.astimezone(letter.zone()).replace(hour=0, minute=0)
    for after, number in {-25: 1, -24: 2, -1: 4, 0: 8, 3: 16}.items():
        LetterHour.objects.create(letter=letter, hour=midnight + timedelta(hours=after), published=number, taken_out=0)
    of_the_day = {queries.newest(letter, now=midnight + timedelta(minutes=minute)) for minute in range(0, 1440, 7)}
    assert of_the_day == {queries.Newest(today=24, yesterday=6)}


# Who signs


def test_languages_countries_and_hosts_are_read_from_their_tallies(letter: Letter, desk: Client) -> None:
    for place in range(3):
        sign_and_confirm(letter, f"a{place}@example.org", country="IT", via="news.example")
    sign_and_confirm(letter, "b@example.org", country="", via="")
    publish(NOW)
    page = words(desk.get(PAGE))
    assert "English 4 100 %" in page
    assert "Italy 3 75 %" in page
    assert "news.example 3 75 %" in page
    assert "Direct, or not known 1 25 %" in page


def test_a_website_that_led_few_people_here_is_not_named(letter: Letter, desk: Client) -> None:
    for place, host in enumerate(["a.example", "a.example", "b.example"]):
        sign_and_confirm(letter, f"a{place}@example.org", via=host)
    publish(NOW)
    page = words(desk.get(PAGE))
    assert "a.example" not in page
    assert "b.example" not in page
    assert "Other 3 100 %" in page


def test_only_the_largest_websites_are_read_however_many_there_are(letter: Letter, desk: Client) -> None:
    LetterTally.objects.create(letter=letter, kind="language", value="en", number=10_000)
    LetterTally.objects.bulk_create(
        LetterTally(letter=letter, kind="via", value=f"h{number}.example", number=number) for number in range(1, 101)
    )
    shares = queries.origins(letter).hosts
    assert [number for _, number in shares.known] == list(range(100, 80, -1))
    assert shares.others == 10_000 - sum(range(81, 101))


# Email


def test_the_page_says_that_email_is_late_without_a_number(letter: Letter, desk: Client) -> None:
    assert not queries.mail_is_late(NOW)
    sign(letter, "a@example.org")
    assert not queries.mail_is_late(NOW + timedelta(minutes=15))
    assert queries.mail_is_late(NOW + timedelta(minutes=16))
    assert "some have been waiting for longer than 15 minutes." in words(desk.get(PAGE))
    deliver()
    assert "Emails are going out on time." in words(desk.get(PAGE))


def test_no_organizers_page_reveals_whether_a_typed_address_was_new(
    letter: Letter, desk: Client, no_limits: None
) -> None:
    """Sign with someone's address, and check that no number has changed."""
    sign_and_confirm(letter, "known@example.org", name="", display="nobody")
    publish(NOW)
    deliver()
    pages = [PAGE, "/organize/letters/night-trains/", "/organize/letters/night-trains/signatures/"]
    pages += [f"/moderate/night-trains/{shown}/" for shown in ("waiting", "published", "rejected")]

    def seen() -> list[str]:
        return [words(desk.get(page)) for page in pages]

    before = seen()
    for address in ("known@example.org", "new@example.org"):
        sign(letter, address, name="Typed By Someone", now=timezone.now())
        publish(NOW)
        assert seen() == before, address
        deliver()
        assert seen() == before, address


def test_subtraction_reveals_no_country_of_nameless_signers(letter: Letter) -> None:
    sign_and_confirm(letter, "a@example.org", country="IT")
    sign_and_confirm(letter, "b@example.org", name="", display="nobody", country="DE")
    publish(NOW)
    countries = queries.origins(letter).countries
    assert (countries.known, countries.unknown) == ([("IT", 1)], 1)
    retally_letter(letter, now=NOW)
    assert queries.origins(letter).countries == countries


# What it costs


def test_the_page_runs_the_same_queries_however_many_have_signed(letter: Letter, desk: Client) -> None:
    add_published(letter, 2)
    desk.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        desk.get(PAGE)
    add_published(letter, 120)
    with CaptureQueriesContext(connection) as many:
        desk.get(PAGE)
    assert len(many) == len(few)
    assert len(many) < 25
    counting = [query["sql"] for query in many if "COUNT(" in query["sql"].upper()]
    # The menu counts those with a concern, by an index that holds only these.
    counting = [sql for sql in counting if "MATERIALIZED" not in sql and '"concern"' not in sql]
    assert [sql for sql in counting if "letters_signature" in sql] == []
