"""What a backup asks of the database: a snapshot, its counts and migrations, and whether a database is empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from petition.backups import BackupError
from petition.backups.programs import as_variables

# Files for organizers are made again: they hold names, perhaps of people who have withdrawn since.
LEFT_OUT = ["letters_exportpart"]
SITE = "site"

OF_THE_SITE = {
    "letters": "SELECT count(*) FROM letters_letter",
    "signatures": "SELECT count(*) FROM letters_signature",
    "accounts": "SELECT count(*) FROM letters_user",
    "collectives": "SELECT count(*) FROM letters_collective",
    "audit events": "SELECT count(*) FROM letters_auditevent",
}
STATES = "SELECT letter_id, state, count(*) FROM letters_signature GROUP BY letter_id, state ORDER BY 1, 2"
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
KEYS = "SELECT name, fingerprint FROM letters_keyfingerprint ORDER BY id"
# Extensions may be there: a dump creates them only if they are not.
FOREIGN = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
ORDER BY relname LIMIT 1
"""


@dataclass(frozen=True)
class Snapshot:
    """A state of the database that does not change while people go on signing."""

    connection: psycopg.Connection
    id: str
    taken_at: datetime

    @property
    def version(self) -> int:
        return self.connection.info.server_version // 10000

    def counts(self) -> dict[str, dict[str, int]]:
        return counts(self.connection)

    def migrations(self) -> list[str]:
        return [f"{app}.{name}" for app, name in self.connection.execute(MIGRATIONS)]

    def keys(self) -> dict[str, list[str]]:
        return keys(self.connection)


def address() -> dict[str, str]:
    """Return the parts of DATABASE_URL by libpq's names. Raises BackupError."""
    given = settings.DATABASES["default"]
    if not given:
        raise BackupError("DATABASE_URL is not set.")
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    known = {each.keyword.decode() for each in psycopg.pq.Conninfo.get_defaults()}
    options = {name: str(value) for name, value in given.get("OPTIONS", {}).items() if name in known}
    return options | {name: str(given[setting]) for name, setting in named.items() if given.get(setting)}


def variables() -> dict[str, str]:
    """Return DATABASE_URL as the variables that PostgreSQL's programs read."""
    return as_variables(address())


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """Connect to the database. Raises BackupError if it does not answer or refuses a statement."""
    try:
        with psycopg.connect(make_conninfo(**address())) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer: {_line(error)}.") from None
    except psycopg.Error as error:
        raise BackupError(f"The database refused: {_line(error)}.") from None


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    with connected() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = connection.execute("SELECT pg_export_snapshot(), now()").fetchone()
        assert found  # noqa: S101 -- such a query always returns one row
        yield Snapshot(connection, *found)


def counts(connection: psycopg.Connection) -> dict[str, dict[str, int]]:
    """Return how many signatures of each letter are in each state, and how many rows the whole site has."""
    found: dict[str, dict[str, int]] = {SITE: {}}
    for what, query in OF_THE_SITE.items():
        found[SITE][what] = sum(number for (number,) in connection.execute(query))
    for letter, state, number in connection.execute(STATES):
        found.setdefault(str(letter), {})[state] = number
    return found


def keys(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Return the fingerprints of the keys under which data was written."""
    found: dict[str, list[str]] = {}
    for name, fingerprint in connection.execute(KEYS):
        found.setdefault(name, []).append(fingerprint)
    return found


def refuse_unless_empty(connection: psycopg.Connection) -> None:
    if found := connection.execute(FOREIGN).fetchone():
        raise BackupError(
            f"The database is not empty: it has a table {found[0]}. Create a new database, set DATABASE_URL to it, and "
            "restore there."
        )


# More letters than a site creates between two backups.
LETTERS_SINCE = 1000


def settle(connection: psycopg.Connection) -> None:
    """Do what a dump does not: forget files that it leaves out, and let the database count its rows."""
    connection.execute("UPDATE letters_export SET file_name = '' WHERE file_name <> ''")
    # Fork: a letter that is lost may have a log, which is named after its id. No new letter gets such an id.
    connection.execute(
        "SELECT setval(pg_get_serial_sequence('letters_letter', 'id'), coalesce(max(id), 0) + %s) FROM letters_letter",
        (LETTERS_SINCE,),
    )
    connection.commit()
    connection.autocommit = True
    connection.execute("ANALYZE")


def _line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")
