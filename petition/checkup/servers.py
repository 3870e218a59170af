"""The database, Valkey, the broker and the mail server: do they answer, and are their clocks right?"""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psycopg
import redis
from celery import current_app
from django.conf import settings
from django.core.mail import get_connection
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from kombu.exceptions import KombuError

from letters.base.keyring.queries import complaint, wrong_keys
from letters.base.outbox.mail import reach
from letters.shared.valkey import client
from petition.checkup.findings import Finding, fine, first_line, look, unknown, wrong
from petition.health import migrations_on_disk

OLDEST_POSTGRESQL = 15
PATIENCE_SECONDS = 5
# Tokens and leases bear a difference of some seconds.
MAX_DIFFERENCE_SECONDS = 5


def database(now: Callable[[], float] = time.time) -> Iterator[Finding]:
    if not settings.DATABASES["default"]:
        return
    try:
        with psycopg.connect(**connection.get_connection_params()) as opened:
            version = opened.info.server_version // 10000
            before = now()
            ((theirs,),) = opened.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
            difference = theirs - (before + now()) / 2
    except psycopg.Error as error:
        yield wrong(
            f"The database does not answer ({first_line(error)}).",
            "Check DATABASE_URL, and that PostgreSQL runs and lets this machine in.",
        )
        return
    if version < OLDEST_POSTGRESQL:
        yield wrong(f"The database is PostgreSQL {version}.", f"Install {OLDEST_POSTGRESQL} or newer.")
    else:
        yield fine(f"The database answers (PostgreSQL {version}).")
    yield _clock("the database", difference)
    yield from _tables()


def _tables() -> Iterator[Finding]:
    try:
        missing = migrations_on_disk() - MigrationRecorder(connection).applied_migrations().keys()
        if missing:
            yield wrong(f"{len(missing)} migrations are missing in the database.", "Run: undersigned migrate")
        elif keys := wrong_keys():
            yield wrong("The keys are not those of the database.", complaint(keys))
        else:
            yield fine("The tables are up to date, and the keys are those of the database.")
    except DatabaseError as error:
        yield unknown(f"The tables could not be looked at ({first_line(error)}).")
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet


def valkey(now: Callable[[], float] = time.time) -> Iterator[Finding]:
    if not settings.VALKEY_URL:
        return
    try:
        with client(seconds_to_connect=PATIENCE_SECONDS, seconds=PATIENCE_SECONDS) as asked:
            asked.ping()
            before = now()
            seconds, microseconds = asked.time()
            difference = seconds + microseconds / 1e6 - (before + now()) / 2
            yield fine("Valkey answers.")
            yield _clock("Valkey", difference)
            yield _persistence(asked)
    except (redis.RedisError, OSError, ValueError) as error:
        yield wrong(f"Valkey does not answer ({first_line(error)}).", "Check VALKEY_URL, and that Valkey runs.")


def _persistence(asked: "redis.Redis") -> Finding:
    try:
        found = {**asked.config_get("save"), **asked.config_get("appendonly")}
    except redis.ResponseError:
        return unknown(
            "Valkey does not say whether it keeps a copy on disk.",
            'It must not: set save "" and appendonly no, or choose a plan without persistence.',
        )
    if found.get("save") or found.get("appendonly") == "yes":
        return wrong(
            "Valkey keeps a copy on disk, which may hold the name of someone who has withdrawn.",
            'Set save "" and appendonly no in its configuration. It holds nothing that must last.',
        )
    return fine("Valkey keeps no copy on disk.")


def broker() -> Iterator[Finding]:
    if not settings.CELERY_BROKER_URL or settings.CELERY_BROKER_URL == settings.VALKEY_URL:
        return
    host = urlsplit(settings.CELERY_BROKER_URL).hostname
    try:
        with current_app.connection_for_write() as opened:
            opened.ensure_connection(max_retries=1, timeout=PATIENCE_SECONDS)
        yield fine(f"The broker at {host} answers.")
    except (KombuError, OSError) as error:
        yield wrong(f"The broker at {host} does not answer ({first_line(error)}).", "Check BROKER_URL.")


def mail_server() -> Iterator[Finding]:
    """Sign in at the mail server, and send nothing."""
    if settings.EMAIL_PROVIDER:
        yield look(
            f"Email leaves through {settings.EMAIL_PROVIDER['name']}, which is not asked without an email.",
            "Send one with --email you@example.org.",
        )
        return
    if not settings.EMAIL_SERVER:
        return
    opened = get_connection(timeout=PATIENCE_SECONDS)
    answer = reach(opened)
    opened.close()
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    if answer.usable:
        yield fine(f"The mail server at {where} lets the site in.")
    else:
        yield wrong(
            f"The mail server at {where} does not let the site in ({answer.error}).",
            "Check EMAIL_URL: host, port, name, password, and that the firewall lets this machine out.",
        )


def _clock(name: str, difference: float) -> Finding:
    if abs(difference) <= MAX_DIFFERENCE_SECONDS:
        return fine(f"The clocks of {name} and of this machine agree.")
    direction = "ahead of" if difference > 0 else "behind"
    return wrong(
        f"The clock of {name} is {abs(difference):.0f} seconds {direction} that of this machine.",
        "Let both machines ask a time server, for example with chrony.",
    )
