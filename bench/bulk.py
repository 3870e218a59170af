"""Measure how fast a worker sends an update to many signers, compared with plain `smtplib`."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.emails import ADDRESS, Kind, forget_owed, send_owed
from bench.site import Site, letter_with
from letters.shared.addresses import encrypt
from petition import child_processes, local


@contextmanager
def running_bulk_worker(site: Site) -> Iterator[None]:
    """Run one process that sends bulk email. Deletes unsent emails first."""
    forget_owed(site)
    # If a variable is set twice, the last value wins.
    site.processes.start("bulk worker", [*local.worker("bulk"), "--concurrency", "1"])
    try:
        # This needs a letter of its own, because the letter with one signature is measured separately.
        write_update(site, letter_with(site, 1, "with-news"))
        owe(site, 1)
        send_owed(site, BULK)
        yield
    finally:
        child_processes.end([site.processes.running.pop("bulk worker").pid])
        forget_owed(site)


# No worker finishes this update, because no clock runs here. Each volley adds emails to it.
WRITE = """
INSERT INTO letters_update
    (letter_id, author_id, language, title, body, html, is_public, state, created_at, began_at, spread_at, up_to,
     cursor, recipients_total, owed_count, sent_count, failed_count, unsubscribed_count)
SELECT letter.id, member.user_id, letter.language, 'What has happened since', %(body)s, %(html)s, false, 'sending',
    now(), now(), NULL, 0, 0, 0, 0, 0, 0, 0
FROM letters_letter AS letter JOIN letters_membership AS member ON member.collective_id = letter.collective_id
WHERE letter.slug = %(slug)s LIMIT 1
"""
BODY = "We were **asked in**, and we have brought your names.\n\n" * 10
HTML = "<p>We were <strong>asked in</strong>, and we have brought your names.</p>\n" * 10


def write_update(site: Site, slug: str) -> None:
    site.database.execute(WRITE, {"slug": slug, "body": BODY, "html": HTML})


# Create the rows that spreading an update would create, for numbered signatures, but without the counts.
OWE = """
WITH news AS (SELECT id, letter_id FROM letters_update ORDER BY id DESC LIMIT 1), signed AS (
    INSERT INTO letters_signature
        (letter_id, revision_id, language, name, affiliation, role, country, comment, display, state, verified,
         salt, address_hash, signed_at, confirmed_at, published_at, number, counted)
    SELECT letter.id, current_revision_id, language, 'Reader', '', '', '', '', 'public', 'published', 'link',
        substr(sha256(int4send(n)), 1, 8), sha256(convert_to(clock_timestamp() || ' bulk ' || n, 'UTF8')),
        now(), now(), now(), n + (SELECT max(number) FROM letters_signature WHERE letter_id = letter.id), true
    FROM letters_letter AS letter JOIN news ON news.letter_id = letter.id, generate_series(1, %(many)s) AS n
    RETURNING id
), contact AS (
    INSERT INTO letters_signercontact (signature_id, address, consent, consented_at)
    SELECT id, %(address)s, 'Write to me when something happens with this letter', now() FROM signed
)
INSERT INTO letters_outgoingemail (kind, signature_id, update_id, key, created_at, next_attempt_at, attempts, error)
SELECT 'update', signed.id, news.id, 'update:' || news.id || ':' || signed.id, now(), now(), 0, '' FROM signed, news
"""


def owe(site: Site, many: int) -> None:
    """Create this many emails of the update, due now."""
    site.database.execute(OWE, {"many": many, "address": encrypt(ADDRESS)})


BULK = Kind("update", "letters.deliver_bulk", "bulk", "bulk worker", owe)
