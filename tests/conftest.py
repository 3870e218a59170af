"""The people in tests, by their role, and the letter that they work on.

The organizer owns the collective that publishes it, a teammate edits with them, a moderator reviews signatures, and a
stranger belongs to another collective. A reader reads, and a signer signs. people.py defines what they can do.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import hypothesis
import pytest
import redis
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.http import HttpRequest
from django.test.client import Client, ClientMixin
from limits import parse
from pytest_django import Settings
from redis.connection import AbstractConnection
from whitenoise import WhiteNoise

from letters.base.site_limits import queries as site_limits_queries
from letters.base.site_lists import queries as site_lists_queries
from letters.base.site_pages import queries as site_pages_queries
from letters.base.switches import queries as switches_queries
from letters.models import Collective, LedgerEntry, Letter, Membership, SiteLogEntry, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import draft_letter, publish_letter, publishing, translate_letter
from letters.public.ledger import kept as kept_tiles
from letters.public.public_pages import caching, latest_versions, shared_pages
from letters.schedule import QUEUES
from letters.shared import limits, wakeups
from letters.shared.sessions import SessionStore
from letters.signer.signing.queries import texts as signing_texts
from tests.people import EN, IT, NOW, Reader, Signer, kept_pages

LetterMaker = Callable[..., Letter]


def _set_login_cookies(client: Client, request: HttpRequest) -> None:
    """Do what Django's test client does after `force_login`, with the key itself in the cookie and not its hash."""
    client.cookies[settings.SESSION_COOKIE_NAME] = cast("SessionStore", request.session).cookie_key


ClientMixin._set_login_cookies = _set_login_cookies  # type: ignore[attr-defined]

# The machine may be busy, and our fixtures may serve many examples.
hypothesis.settings.register_profile(
    "undersigned",
    hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("undersigned")


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_read_once() -> Iterator[None]:
    """Every new Client builds the middleware again, and WhiteNoise would then read every static file again."""
    read, files_in = WhiteNoise.update_files_dictionary, {}

    def read_once(self: Any, root: str, prefix: str) -> None:
        if (root, prefix) not in files_in:
            before = set(self.files)
            read(self, root, prefix)
            files_in[root, prefix] = {url: file for url, file in self.files.items() if url not in before}
        self.files.update(files_in[root, prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _tests_may_empty_the_ledger() -> Iterator[None]:
    """Between tests every table is emptied, which triggers of the ledgers refuse."""
    empty, tables = (
        DatabaseOperations.execute_sql_flush,
        [model._meta.db_table for model in (LedgerEntry, SiteLogEntry)],
    )

    def without_trigger(self: DatabaseOperations, statements: list[str]) -> None:
        off, on = ([f"ALTER TABLE {table} {verb} TRIGGER USER;" for table in tables] for verb in ("DISABLE", "ENABLE"))
        empty(self, [*off, *statements, *on])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", without_trigger)
        yield


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each new connection to Valkey: connecting takes time while Valkey is unavailable."""
    tried: list[str] = []
    connect = AbstractConnection.connect

    def counted(self: AbstractConnection) -> None:
        tried.append("connect")
        connect(self)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(AbstractConnection, "connect", counted)
    return tried


@pytest.fixture
def organizer(db: None) -> User:
    return _person("olga@example.org", "Olga")


@pytest.fixture
def teammate(collective: Collective) -> User:
    return _member(collective, "Tariq", Membership.Role.EDITOR)


@pytest.fixture
def moderator(collective: Collective) -> User:
    return _member(collective, "Mona", Membership.Role.MODERATOR)


@pytest.fixture
def stranger(db: None) -> User:
    user = _person("sven@example.org", "Sven")
    create_collective(name="The Other Side", slug="the-other-side", by=user, now=NOW)
    return user


@pytest.fixture
def collective(organizer: User) -> Collective:
    return create_collective(name="Friends of the Night Train", slug="night-train", by=organizer, now=NOW)


@pytest.fixture
def draft(collective: Collective, organizer: User) -> LetterMaker:
    """Create drafts in English and Italian: `draft(slug="sleepers", reviewed=True)`."""

    def make(slug: str = "night-trains", **values: Any) -> Letter:
        letter = draft_letter(collective, slug=slug, text=EN, by=organizer, now=NOW, **values)
        translate_letter(letter, text=IT, by=organizer, now=NOW)
        return letter

    return make


@pytest.fixture
def published(draft: LetterMaker, organizer: User, monkeypatch: pytest.MonkeyPatch) -> LetterMaker:
    """Create letters in English and Italian that accept signatures: `published(ask_country="required")`."""
    # All at the same moment, which the quota would not allow.
    monkeypatch.setattr(publishing, "MAX_FIRST_PUBLICATIONS", 1000)

    def make(slug: str = "night-trains", **values: Any) -> Letter:
        letter = draft(slug, **values)
        publish_letter(letter, by=organizer, now=NOW)
        return letter

    return make


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    """The letter: open, in English and Italian, without signatures."""
    return published()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def signer() -> Signer:
    return Signer()


class UnchangedLists:
    """Stands for the lists that the site begins with, so that no statement looks for changes, until they change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.real = site_lists_queries._state
        self.real.cache_clear()

    def __call__(self, period: int) -> tuple[int, int]:
        return 0, 0

    def cache_clear(self) -> None:
        self.monkeypatch.setattr(site_lists_queries, "_state", self.real)


class SettingsOnly:
    """Stands for limits that nobody has changed, so that no statement looks for changes."""

    def __call__(self, period: int) -> dict[str, int]:
        return {}

    def cache_clear(self) -> None:
        pass


class NotMaintained:
    """Stands for a site that nobody maintains, so that no statement looks for the switch, until a test turns it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.real = switches_queries._maintenance
        self.real.cache_clear()

    def __call__(self, second: int) -> None:
        return None

    def cache_clear(self) -> None:
        self.monkeypatch.setattr(switches_queries, "_maintenance", self.real)


@pytest.fixture(autouse=True)
def _pages_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pages for one test only, and check their ETag each time: no test waits half a second for a change."""
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
    kept_pages().pages.clear()
    monkeypatch.setattr(kept_tiles, "KEPT_SECONDS", -1)
    kept_tiles._kept.clear()
    latest_versions.forget()
    # A new reader is a new process in most tests, and must see what a test has changed by hand.
    monkeypatch.setattr(shared_pages, "_ask", lambda *_, otherwise: otherwise)
    signing_texts._letter_in_second.cache_clear()
    # Nobody has written a page of the site, until a test saves one and calls `forget_texts`.
    monkeypatch.setattr(site_pages_queries, "_known", site_pages_queries._Known({}, until=math.inf))
    # Nobody has changed a list of the site, until a test changes one.
    monkeypatch.setattr(site_lists_queries, "_state", UnchangedLists(monkeypatch))
    # The limits are those of the settings, until a test reads them (tests/site_limits).
    monkeypatch.setattr(site_limits_queries, "_changed", SettingsOnly())
    # Switches keep their state until a test turns one.
    monkeypatch.setattr(switches_queries, "_second", lambda: 0)
    switches_queries._all.cache_clear()
    switches_queries._last_read[0] = None
    monkeypatch.setattr(switches_queries, "_maintenance", NotMaintained(monkeypatch))


@pytest.fixture
def valkey() -> Iterator["redis.Redis"]:
    """Valkey without wake-ups from earlier tests, and a process that does not remember a failure of it."""
    connection = redis.Redis.from_url(settings.VALKEY_URL)
    forget_wakeups(connection)
    yield connection
    forget_wakeups(connection)
    connection.close()


@pytest.fixture(autouse=True)
def _nobody_has_been_counted(_valkey_of_the_tests: "redis.Redis") -> None:
    """Reset the limits: all tests sign from one network, and few of them are about limits."""
    keys = [latest_versions.KEY, *_valkey_of_the_tests.scan_iter(f"{limits.PREFIX}:*", count=1000)]
    _valkey_of_the_tests.delete(*keys)
    limits._salt.cache_clear()
    limits._circuit_open_until, limits._is_away = 0.0, False


@pytest.fixture
def no_limits(settings: Settings) -> None:
    """Nobody needs a proof or is refused: for tests with crowds."""
    for name in ("LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_ADDRESS", "LIMIT_LETTER_SOFT", "LIMIT_DOMAIN"):
        setattr(settings, name, parse("1000000000/hour"))


@pytest.fixture(scope="session")
def _valkey_of_the_tests() -> Iterator["redis.Redis"]:
    connection = redis.Redis.from_url(settings.VALKEY_URL)
    yield connection
    connection.close()


def forget_wakeups(connection: "redis.Redis") -> None:
    # Not the whole database: Celery stores its queues there.
    if keys := [*connection.scan_iter("wakeup:*"), *QUEUES]:
        connection.delete(*keys)
    wakeups._circuit_open_until = 0.0


def _person(email: str, name: str) -> User:
    """Create an account whose owner has confirmed the address."""
    user = User.objects.create_user(email, name=name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _member(collective: Collective, name: str, role: str) -> User:
    user = _person(f"{name.lower()}@example.org", name)
    Membership.objects.create(collective=collective, user=user, role=role, created_at=NOW)
    return user
