"""`make bench` takes minutes, so it is not run each time. These tests check that what it needs still exists."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection

from bench import bulk, emails, live_scoring, moderating, scoring
from bench.site import SAMPLE, Site
from letters.models import Letter
from tests.conftest import LetterMaker
from tests.people import add_published


class OpenDatabase:
    """The test's connection, as the benchmark sees its site's database."""

    def execute(self, statement: str, values: Any = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


@pytest.fixture
def site() -> Site:
    return cast("Site", SimpleNamespace(database=OpenDatabase()))


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


def test_what_scoring_costs_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "SIGNATURES", 100)
    made = scoring.measure_scoring()
    assert made.milliseconds > 0
    assert made.cleaning > 0
