"""PostgreSQL goes away under a running site, and comes back."""

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


# So many sign at once, more than there are threads; one reads for longer than a process leaves the database alone.
SIGNING, READINGS = 8, int(2 * CIRCUIT_OPEN_SECONDS / 0.3)
# It was ten to twenty; one thread of each process may wait for the database.
MAX_SECONDS = 2


@pytest.fixture(scope="module")
def site(mail_port: int) -> Iterator[Site]:
    """A lease that holds a restart of the database, and that a test can wait for."""
    patience = {"MAIL_LEASE_SECONDS": "8", "MAIL_RETRY_SECONDS": "1"}
    with running_site(EMAIL_URL=f"smtp://127.0.0.1:{mail_port}", **patience) as site:
        yield site


def test_without_the_database_known_pages_stay_and_the_rest_says_so_and_afterwards_all_is_as_before(
    site: Site, sink: SmtpSink
) -> None:
    holds = under_way(site, sink, ADA, BERTA)
    # Both processes of the worker are busy: this one waits.
    site.sign(SLUG, CARLO)
    # So often that both web processes have met the page: each remembers its own.
    (page,) = {site.get(LETTER) for _ in range(30)}

    database = site.database()
    database.stop()
    for hold in holds:
        hold.release()
    assert site.get(LETTER) == page
    assert_says_so(site.get(NAMES))
    assert_says_so(site.sign(SLUG, DORA))
    # The mail server has said yes to both mails, and nobody could note it.
    # A sweep that comes meanwhile fails as well.
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


def test_a_restart_of_the_database_while_mails_are_sent_loses_none_and_sends_none_twice(
    site: Site, sink: SmtpSink
) -> None:
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


def test_without_the_database_nobody_who_reads_waits_for_those_who_sign(site: Site) -> None:
    """Each form used to hold one of the few threads for as long as the pool waits."""
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
            # Those who come first find out.
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
    """They have signed, and each process of the worker is handing over the mail to one of them."""
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
