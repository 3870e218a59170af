"""PostgreSQL stops under a running site, and comes back."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from petition.database.base import CIRCUIT_OPEN_SECONDS, PATIENCE_SECONDS
from tests.smtp import Hold, SmtpSink
from tests.stack import Answer, Site, link_in, running_site, until

pytestmark = pytest.mark.xdist_group("stack")

SLUG = "unpaid-cast"
LETTER = f"/letters/{SLUG}/"
NAMES = f"{LETTER}signatures/"
ADA, BERTA, CARLO, DORA, EMIL, FRIDA, GRETA = (
    f"{name}@example.org" for name in ("ada", "berta", "carlo", "dora", "emil", "frida", "greta")
)


# More people sign at once than there are threads, and one reader stays longer than a process avoids the database.
SIGNING, READINGS = 8, int(2 * CIRCUIT_OPEN_SECONDS / 0.3)
# Before, it was ten to twenty. One thread of each process may wait for the database.
MAX_SECONDS = 2


@pytest.fixture(scope="module")
def site(mail_port: int) -> Iterator[Site]:
    """A lease that lasts longer than a restart of the database, and that a test can wait for."""
    patience = {"MAIL_LEASE_SECONDS": "20", "MAIL_RETRY_SECONDS": "1"}
    with running_site(EMAIL_URL=f"smtp://127.0.0.1:{mail_port}", **patience) as site:
        yield site


def test_known_pages_stay_while_the_database_is_unavailable_and_everything_recovers(site: Site, sink: SmtpSink) -> None:
    holds = under_way(site, sink, ADA, BERTA)
    # Both processes of the worker are busy, so this task waits.
    site.sign(SLUG, CARLO)
    # One of the two web processes has seen the page, and shares it with the other.
    page = site.get(LETTER)

    database = site.database()
    database.stop()
    for hold in holds:
        hold.release()
    # Often enough that both web processes answer.
    assert {site.get(LETTER) for _ in range(30)} == {page}
    assert_says_so(site.get(NAMES))
    assert_says_so(site.sign(SLUG, DORA))
    # The mail server has accepted both emails, and no process could store that.
    # A sweep in this time fails as well.
    until(lambda: sink.is_idle() and site.run.output.count("Task letters.deliver[") >= len(holds))

    database.start(fast=True)
    until(lambda: site.get(NAMES).status == 200)
    until(lambda: site.sign(SLUG, DORA).status == 303)
    until(lambda: nothing_is_owed(site))
    assert sorted(sink.recipients()) == [ADA, ADA, BERTA, BERTA, CARLO, DORA]
    names = {mail.message["Message-ID"] for mail in sink.received}
    assert len(names) == len([ADA, BERTA, CARLO, DORA])

    mail = next(mail for mail in sink.received if mail.recipients == [DORA])
    until(lambda: site.post(link_in(mail.message, "confirm")).status == 303)
    until(lambda: '"published": 19' in site.get(f"{LETTER}count/").text)
    until(lambda: nothing_is_owed(site))
    assert len(sink.received) == len([ADA, ADA, BERTA, BERTA, CARLO, DORA, "thanks to Dora"])
    assert "has ended by itself" not in site.run.output


def test_a_database_restart_while_emails_are_sent_loses_none_and_sends_none_twice(site: Site, sink: SmtpSink) -> None:
    holds = under_way(site, sink, EMIL, FRIDA)
    site.sign(SLUG, GRETA)
    database = site.database()
    database.stop()
    database.start(fast=True)
    for hold in holds:
        hold.release()
    until(lambda: nothing_is_owed(site))
    assert sorted(sink.recipients()) == [EMIL, FRIDA, GRETA]
    assert "has ended by itself" not in site.run.output


def test_readers_do_not_wait_for_signers_while_the_database_is_unavailable(site: Site) -> None:
    """Before, each form held one of the few threads for as long as the pool waits."""
    until(lambda: site.get(LETTER).status == 200)
    for _ in range(20):
        site.get(LETTER)
    database = site.database()
    database.stop()
    try:
        over = threading.Event()

        def sign_on_and_on() -> None:
            while not over.is_set():
                assert_says_so(site.sign(SLUG, ADA))

        with ThreadPoolExecutor(SIGNING) as people:
            signing = [people.submit(sign_on_and_on) for _ in range(SIGNING)]
            # The first requests find out.
            time.sleep(PATIENCE_SECONDS * 2)
            waited: list[float] = []
            while len(waited) < READINGS:
                begun = time.monotonic()
                assert site.get(LETTER).status == 200
                waited.append(time.monotonic() - begun)
                over.wait(0.3)
            over.set()
            for each in signing:
                each.result(60)
    finally:
        database.start(fast=True)
    assert max(waited) < MAX_SECONDS
    until(lambda: site.sign(SLUG, ADA).status == 303)


def under_way(site: Site, sink: SmtpSink, *emails: str) -> list[Hold]:
    """Both have signed, and each process of the worker is handing one of their emails over."""
    holds = [sink.hold("DATA", to=email) for email in emails]
    for email, hold in zip(emails, holds, strict=True):
        assert site.sign(SLUG, email).status == 303
        assert hold.reached.wait(60)
    return holds


def nothing_is_owed(site: Site) -> bool:
    with psycopg.connect(site.addresses()["DATABASE_URL"]) as connection:
        owed = "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL"
        return connection.execute(f"SELECT FROM letters_outgoingemail WHERE {owed}").fetchone() is None


def assert_says_so(answer: Answer) -> None:
    assert answer.status == 503
    assert "Part of this site is not responding, and nothing was saved." in answer.text
