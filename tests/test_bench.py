"""`make bench` takes minutes, so nobody runs it each time: what it needs of the site is still there."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection

from bench import bulk, mails
from bench.site import SAMPLE, Site
from tests.conftest import LetterMaker
from tests.people import add_published


class OpenDatabase:
    """The test's connection, as the bench sees its site's database."""

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
def test_the_confirmations_that_it_owes_can_be_sent(published: LetterMaker, site: Site) -> None:
    published(SAMPLE)
    assert b"@" in mails.mail_of(site, mails.CONFIRMATIONS)


@pytest.mark.django_db
def test_the_updates_that_it_owes_can_be_sent(published: LetterMaker, site: Site) -> None:
    add_published(published("with-news"), 1)
    bulk.write_update(site, "with-news")
    assert b"@" in mails.mail_of(site, bulk.BULK)
