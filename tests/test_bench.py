"""`make bench` takes minutes, so it is not run each time. These tests check that what it needs still exists."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from pytest_django import Settings

from bench import bulk, emails, filling, live_scoring, moderating, scoring, sequencing, sizes, tiles, visible
from bench.site import SAMPLE, Site
from letters.models import LedgerEntry, Letter, OutgoingEmail, User, public_numbers
from letters.organizer.dashboard.queries import drifted
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.queries import drifted_letters, drifted_texts
from letters.signer.signing.operations import purge_unconfirmed
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published


class OpenDatabase:
    """The test's connection, as the benchmark sees its site's database."""

    def execute(self, statement: str, values: Any = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


@pytest.fixture
def site() -> Site:
    return cast("Site", SimpleNamespace(database=OpenDatabase(), cpu_seconds=time.process_time))


def test_the_limits_start_without_the_apps_of_the_site() -> None:
    code = "from bench import limits; assert limits.application"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "LAPTOP": "1"}, timeout=60)


@pytest.mark.django_db
def test_the_confirmations_that_the_benchmark_creates_can_be_sent(published: LetterMaker, site: Site) -> None:
    published(SAMPLE)
    assert b"@" in emails.mail_of(site, emails.CONFIRMATIONS)


@pytest.mark.django_db
def test_the_updates_that_the_benchmark_creates_can_be_sent(published: LetterMaker, site: Site) -> None:
    add_published(published("with-news"), 1)
    bulk.write_update(site, "with-news")
    assert b"@" in emails.mail_of(site, bulk.BULK)


@pytest.mark.django_db
def test_what_live_scoring_adds_can_be_measured(letter: Letter) -> None:
    made = live_scoring.measure_live(letter.slug, signatures=50)
    assert 0 < made.without < made.scored


@pytest.mark.django_db
def test_a_page_of_the_queue_can_be_measured(published: LetterMaker) -> None:
    published(SAMPLE)
    # Enough for one moderator to claim a page of them at once.
    moderating.fill_queue(400)
    page = moderating.measure_queue(pages=2)
    assert page.milliseconds > 0
    assert 0 < page.statements <= 12


def test_each_confirmation_waits_until_the_count_includes_it() -> None:
    counts = [(10.0, 0), (11.0, 2), (11.5, 2), (13.0, 3)]
    assert visible.waits([10.25, 10.5, 11.25], counts) == [0.5, 0.75, 1.75]


def test_what_scoring_costs_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "SIGNATURES", 100)
    made = scoring.measure_scoring()
    assert made.milliseconds > 0
    assert made.cleaning > 0


@pytest.mark.django_db
def test_numbering_can_be_measured_with_and_without_the_ledger(published: LetterMaker) -> None:
    published(SAMPLE)
    made = sequencing.measure_sequencing(signatures=30, rounds=1)
    assert made.with_ledger > 0
    assert made.without > 0
    entered = (
        LedgerEntry.objects.filter(data__contains=" publish ").values("letter__slug").annotate(number=Count("index"))
    )
    assert [tuple(each.values()) for each in entered] == [("with-ledger", 30)]


@pytest.mark.django_db
def test_the_files_of_the_log_that_the_benchmark_signs_can_be_read(
    published: LetterMaker, reader: Reader, settings: Settings, tmp_path: Path
) -> None:
    settings.LEDGER_DIR = tmp_path
    published(SAMPLE)
    files = tiles.paths_of_log()
    static = finders.find(tiles.STATIC_FILE)
    assert files.pop(tiles.LIMIT).startswith(settings.STATIC_URL)
    lengths = {name: len(reader.get(path).content) for name, path in files.items()}
    assert static
    assert lengths["tile of a log"] == pytest.approx(Path(static).stat().st_size, rel=0.1)
    assert all(lengths.values())


@pytest.mark.django_db
def test_an_invented_letter_is_counted_like_a_real_one(letter: Letter) -> None:
    """Nothing is left to do or to correct for the sequencer, the nightly checks and the charts."""
    connection.ensure_connection()
    filling.fill_letter(connection.connection, letter.pk, many=1000, now=NOW)
    letter.refresh_from_db()
    assert (letter.signature_count, letter.last_number, letter.awaiting_confirmation) == (1000, 1000, 20)
    assert (letters_behind(now=NOW), drifted_letters(), drifted_texts(), drifted()) == ([], [], [], [])
    assert OutgoingEmail.objects.filter(signature__letter=letter).count() == 2020
    found = public_numbers(letter.pk, [filling.COMMON_NAME], below=1001, most=1000)
    assert 10 < len(found) < 100
    assert public_numbers(letter.pk, [filling.RARE_NAME], below=1001, most=1000) == [1]
    assert purge_unconfirmed(now=NOW) == 2


@pytest.mark.django_db
def test_the_same_size_makes_the_same_signatures(published: LetterMaker) -> None:
    connection.ensure_connection()
    letters = [published(slug) for slug in ("one", "two")]
    for letter in letters:
        filling.fill_letter(connection.connection, letter.pk, many=200, now=NOW)
    one, two = (letter.signatures.order_by("number").values_list("number", "name", "display") for letter in letters)
    assert list(one) == list(two)


@pytest.mark.django_db
def test_every_cost_of_a_large_letter_can_be_measured(
    site: Site, published: LetterMaker, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account of the benchmark owns the sample and may open the admin."""
    User.objects.update(is_superuser=True, is_staff=True)
    letter = published(SAMPLE)
    connection.ensure_connection()
    filling.fill_letter(connection.connection, letter.pk, many=1000, now=timezone.now())
    monkeypatch.setattr(sizes, "TRIES", 1)
    measured = {cost.name: cost.value for cost in sizes.costs(site, SAMPLE)}
    assert {"dashboard", "a bounce without a marker", "purging 1,000 unconfirmed", "numbering, without scoring"} <= {
        *measured
    }
    assert min(measured.values()) > 0
    letter.refresh_from_db()
    # Those who waited too long are gone, and the sequencer has numbered the others.
    assert letter.signature_count == 1018
