"""A copy of everything that a running site keeps does not name the people who signed a letter that names nobody yet."""

from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.people import unheard_of
from tests.smtp import SmtpSink
from tests.stack import running_site
from tests.test_nothing_leaks import (
    LETTER,
    Places,
    Run,
    disguises,
    files_in,
    in_lower_case,
    keys_and_values,
    overheard,
    rows_of_every_table,
    where_is,
)

pytestmark = pytest.mark.xdist_group("stack")
# Part of every word that a signer types, but not of the addresses, whose search is in test_nothing_leaks.py.
HIDDEN = unheard_of("hidden")
SHOWN = unheard_of("shown")
PEOPLE = ["one", "two", "three"]
SEAL = """
WITH sealed AS (
    UPDATE letters_letter SET names_from = 20, reviewed = false, closes_at = now() + interval '30 days',
        version = version + 1
    WHERE slug = 'unpaid-cast' RETURNING id
)
INSERT INTO letters_release (letter_id, notice_hours, shown, announced) SELECT id, 72, 0, 0 FROM sealed
"""


def sign_everything(run: Run) -> None:
    before = run.address("before")
    run.sign(before, name=f"{SHOWN} Before")
    run.press(before, "confirm")
    with run.connect() as connection:
        connection.execute(SEAL)
    for who in PEOPLE:
        email = run.address(who)
        run.sign(email, name=f"{HIDDEN} {who}", affiliation=f"{HIDDEN} & Sons", comment=f"{HIDDEN} agrees.")
        run.press(email, "confirm")
    run.press(run.addresses[1], "manage", action="save", name=f"{HIDDEN} Otherwise", display="public")
    run.press(run.addresses[2], "manage", action="withdraw")
    # Signed again, and not confirmed.
    run.sign(run.addresses[3], name=f"{HIDDEN} Again")
    run.sign(run.address("pending"), name=f"{HIDDEN} Pending")


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with SmtpSink() as sink, running_site(EMAIL_URL=sink.url, MAIL_RETRY_SECONDS="1") as site:
        run = Run(site, sink)
        url = site.addresses()["VALKEY_URL"]
        with overheard(url) as heard, redis.Redis.from_url(url) as valkey:
            sign_everything(run)
            memory = {"what Valkey was told": bytes(heard), **keys_and_values(valkey)}
        with psycopg.connect(site.addresses()["DATABASE_URL"]) as connection:
            tables = rows_of_every_table(connection)
        pages = {path: site.get(path).text.encode() for path in (LETTER, f"{LETTER}signatures/", f"{LETTER}count/")}
        site.stop()
        logs = {"what the site has said": site.run.output.encode()}
        mails = {f"email {number}": mail.text.encode() for number, mail in enumerate(sink.received)}
        yield in_lower_case({**tables, **memory, **pages, **logs, **mails, **files_in(site.var)})


def test_database_valkey_logs_files_emails_and_pages_hold_no_word_of_a_signer(places: Places) -> None:
    assert where_is(disguises(HIDDEN), places) == []


def test_the_search_would_find_it(places: Places) -> None:
    assert where_is(disguises(SHOWN), {"signatures": places["table letters_signature"]})
