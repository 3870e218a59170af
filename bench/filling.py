"""Fill a letter with millions of invented signatures in minutes, by COPY, into all tables that the real path writes.

The same size makes the same signatures. The site that is measured holds nothing else.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import psycopg

from letters.models import SALT_BYTES
from letters.shared.addresses import SPELLING_HASH_BYTES

# The share of signatures that wait for their confirmation beside those that are published: 122,000 of 6,100,000.
PENDING = 50
# So many of the pending ones have waited too long, and so many emails to them have bounced: one in each.
TOO_OLD, BOUNCED = 10, 40
DAYS = 60
CHUNK = 5_000
# From so many on, making the indexes again is faster.
MANY = 100_000
FIRST_NAMES = [
    *["Maria", "Anna", "José", "Thị", "Giulia", "Wei", "Amina", "Olena", "Søren", "Chloé", "Mehmet", "Priya", "Kwame"],
    *["Yūki", "Lucía", "Gwil", "Hedwig", "Noor", "Caio", "Rangi", "Brigid", "Tommaso", "Ilse", "Björn", "Fatima"],
]
LAST_NAMES = [
    *["Nguyễn", "García", "Müller", "Rossi", "Smith", "O'Brien", "Kowalska", "Şahin", "Okafor", "Lindqvist", "Tanaka"],
    *["Silva", "Ivanova", "Dubois", "Haddad", "Mensah", "Chandra", "Novák", "Jensen", "Papadopoulou", "Berrocal"],
    *["Pritchard", "Sommerfeldt", "Asakawa", "Montenegro", "Tessereau", "Marwick", "Verdelli", "Halloway", "Awhitu"],
]
COMMON_NAME, RARE_NAME = "nguyen", "zbigniew"
RARE_EVERY = 200_000
AFFILIATIONS = ["University of Nowhere", "", "Teatro dell'Alba", "", "Nowhere Film Workers", "", "Łódź Animation"]
COUNTRIES = ["IT", "", "DE", "VN", "", "PL", "FR", "NG"]
LANGUAGES = ["en", "en", "it"]
HOSTS = ["", "", "", "news.example", "forum.example"]

SIGNATURE_COLUMNS = """id, letter_id, revision_id, language, name, affiliation, role, country, comment, display, salt,
    address_hash, spelling_hash, state, verified, signed_at, confirmed_at, published_at, number, counted"""
CONTACT_COLUMNS = "signature_id, address, consent"
EMAIL_COLUMNS = """kind, signature_id, key, created_at, next_attempt_at, attempts, error, sent_at, failed_at,
    spelling_hash"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
BEFORE = """
SELECT current_revision_id, (SELECT coalesce(max(id), 0) FROM letters_signature) FROM letters_letter WHERE id = %s
"""
NEXT_ID = "SELECT setval(pg_get_serial_sequence('letters_signature', 'id'), %(last)s)"
FILLED = ["letters_signature", "letters_signercontact", "letters_outgoingemail"]
TALLIES = """
INSERT INTO letters_lettertally (letter_id, kind, value, number)
SELECT letter_id, kind, value, count(*)
FROM letters_signature CROSS JOIN LATERAL (
    VALUES ('language', language), ('country', country), ('via', (%(hosts)s::text[])[1 + number %% %(many_hosts)s])
) AS noted (kind, said)
CROSS JOIN LATERAL (SELECT CASE WHEN display = 'nobody' THEN '' ELSE said END AS value) AS known
WHERE letter_id = %(letter)s AND number IS NOT NULL GROUP BY letter_id, kind, value
"""
HOURS = """
INSERT INTO letters_letterhour (letter_id, hour, published, taken_out)
SELECT letter_id, date_bin('15 minutes', published_at, 'epoch') AS at, count(*), 0
FROM letters_signature WHERE letter_id = %(letter)s AND number IS NOT NULL GROUP BY letter_id, at
"""
COUNTS = """
UPDATE letters_letter SET signature_count = %(many)s, last_number = %(many)s, awaiting_confirmation = %(pending)s,
    shown_awaiting_confirmation = %(pending)s,
    version = version + 1, counted_at = %(now)s WHERE id = %(letter)s
"""
# Its ledger is not filled: the sequencer would write a million entries while something else is measured.
NOT_IN_LEDGER = "UPDATE letters_ledger SET is_existing = true WHERE letter_id = %(letter)s"
COUNT_OF_TEXT = "UPDATE letters_revision SET signature_count = %(many)s WHERE id = %(revision)s"

Database = psycopg.Connection[Any]
Line = tuple[object, ...]


@dataclass(frozen=True)
class Filling:
    """The signatures to write: `many` published ones, numbered, and then those that wait."""

    letter_id: int
    revision_id: int
    # The ids begin after this one.
    last_id: int
    many: int
    now: datetime

    @property
    def pending(self) -> int:
        return self.many // PENDING

    def signatures(self) -> Iterator[Line]:
        begun, apart = self.now - timedelta(days=DAYS), timedelta(days=DAYS) / max(1, self.many)
        for number in range(1, self.many + self.pending + 1):
            seed, display = _seed(number), _display(number)
            name = "" if display == "nobody" else _name(number)
            affiliation = "" if display == "nobody" else AFFILIATIONS[number * 31 // 7 % len(AFFILIATIONS)]
            country = "" if display == "nobody" else COUNTRIES[number * 13 // 5 % len(COUNTRIES)]
            yield (
                *(self.last_id + number, self.letter_id, self.revision_id, LANGUAGES[number % len(LANGUAGES)]),
                *(name, affiliation, "", country, "", display, seed[:SALT_BYTES], seed, seed[:SPELLING_HASH_BYTES]),
                *(self._pending(number) if number > self.many else self._published(number, begun + apart * number)),
            )

    def _published(self, number: int, at: datetime) -> Line:
        moment = at.isoformat()
        return ("published", "link", moment, moment, moment, number, True)

    def _pending(self, number: int) -> Line:
        waited = timedelta(days=DAYS - 1) if number % TOO_OLD == 0 else timedelta(minutes=number % 1000)
        return ("pending", "", (self.now - waited).isoformat(), None, None, None, False)

    def contacts(self) -> Iterator[Line]:
        """Addresses that nobody can decrypt, of the length of real ones. Confirmed signers without a name have none."""
        for number in range(1, self.many + self.pending + 1):
            if number > self.many or _display(number) != "nobody":
                yield self.last_id + number, _seed(number) * 4, ""

    def emails(self) -> Iterator[Line]:
        at = (self.now - timedelta(days=1)).isoformat()
        for number in range(1, self.many + self.pending + 1):
            pk, spelling = self.last_id + number, _seed(number)[:SPELLING_HASH_BYTES]
            has_failed = number > self.many and number % BOUNCED == 0
            ending = ("550 5.1.1", None, at) if has_failed else ("", at, None)
            yield "confirm", pk, f"confirm:{pk}", at, at, 1, *ending, spelling
            if number <= self.many:
                yield "thanks", pk, f"thanks:{pk}", at, at, 1, "", at, None, spelling


def fill_letter(database: Database, letter_id: int, *, many: int, now: datetime) -> None:
    """Publish `many` invented signatures under a published letter that has none, and add those that wait.

    Nobody may use the database meanwhile: for many signatures, indexes are dropped and made again.
    """
    ((revision_id, last_id),) = database.execute(BEFORE, [letter_id]).fetchall()
    filling = Filling(letter_id, revision_id, last_id, many, now)
    with _without_indexes(database) if many >= MANY else nullcontext(), database.cursor() as cursor:
        for table, columns, lines in [
            ("letters_signature", SIGNATURE_COLUMNS, filling.signatures()),
            ("letters_signercontact", CONTACT_COLUMNS, filling.contacts()),
            ("letters_outgoingemail", EMAIL_COLUMNS, filling.emails()),
        ]:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for text in _in_chunks(lines):
                    copy.write(text)
    values = {"letter": letter_id, "revision": revision_id, "many": many, "pending": filling.pending, "now": now}
    values |= {"hosts": HOSTS, "many_hosts": len(HOSTS), "last": last_id + many + filling.pending}
    for statement in (NEXT_ID, TALLIES, HOURS, COUNTS, COUNT_OF_TEXT, NOT_IN_LEDGER):
        database.execute(statement, values)


@contextmanager
def _without_indexes(database: Database) -> Iterator[None]:
    """Fill tables without foreign keys, triggers and indexes, which take most of the time. Then make the indexes."""
    indexes = database.execute(INDEXES, [FILLED]).fetchall()
    database.execute("SET session_replication_role = replica")
    database.execute("SET maintenance_work_mem = '512MB'")
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        for _, statement in indexes:
            database.execute(statement)
        database.execute("RESET session_replication_role")
        database.execute("RESET maintenance_work_mem")


def _seed(number: int) -> bytes:
    return hashlib.blake2b(number.to_bytes(8), digest_size=32).digest()


def _display(number: int) -> str:
    """Three in four show their name to everyone, and one in ten to nobody."""
    place = number * 7 % 20
    return "nobody" if place < 2 else "organizers" if place < 5 else "public"


def _name(number: int) -> str:
    if number % RARE_EVERY == 1:
        return f"Zbigniew {LAST_NAMES[number // RARE_EVERY % len(LAST_NAMES)]}"
    mixed = number * 2654435761 % 2**32
    return f"{FIRST_NAMES[mixed % len(FIRST_NAMES)]} {LAST_NAMES[mixed // 1009 % len(LAST_NAMES)]}"


def _in_chunks(lines: Iterable[Line]) -> Iterator[str]:
    lines = iter(lines)
    while chunk := list(islice(lines, CHUNK)):
        yield "".join("\t".join(map(_as_text, line)) + "\n" for line in chunk)


def _as_text(value: object) -> str:
    """Write a value in the text format of COPY. No value here has a tab, a line break or a backslash."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)
