"""No usable secret, and nothing that identifies a person, reaches a log."""

import logging
from io import StringIO

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from letters.models import Letter, Signature
from letters.shared.tokens import make_token
from petition.logs import HOSTNAME, NODES, HideSecrets, SafeFormatter, without_secrets
from tests.people import NOW, sign

TOKEN = make_token("confirm", signature_id=7, salt=bytes(8), now=NOW)


@pytest.fixture
def log() -> tuple[logging.Logger, StringIO]:
    """A log with the filter and formatter of the settings, and the lines written to it."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(HideSecrets())
    handler.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.Logger("test")  # noqa: LOG001 -- one that nothing else hears of
    logger.addHandler(handler)
    return logger, written


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (f"Not Found: /signatures/confirm/{TOKEN}/", "Not Found: /signatures/confirm/(token)/"),
        (f"GET /signatures/not-me/{TOKEN}/?x=1 200", "GET /signatures/not-me/(token)/?x=1 200"),
        (f'"POST /signatures/check/{TOKEN} HTTP/1.1"', '"POST /signatures/check/(token) HTTP/1.1"'),
        (f"/signatures/manage/{TOKEN}/data.json", "/signatures/manage/(token)/data.json"),
        (f"GET /organize/invitations/{TOKEN}/", "GET /organize/invitations/(token)/"),
        (f"GET /organize/emails/off/not_published/{TOKEN}/", "GET /organize/emails/off/not_published/(token)/"),
        (f"GET /organize/emails/off/Daily-9/{TOKEN}/", "GET /organize/emails/off/Daily-9/(token)/"),
        (
            f"/accounts/login/?next=/organize/invitations/{TOKEN}/",
            "/accounts/login/?next=/organize/invitations/(token)/",
        ),
        (
            f"/accounts/signup/?next=%2Forganize%2Finvitations%2F{TOKEN}%2F",
            "/accounts/signup/?next=%2Forganize%2Finvitations%2F(token)",
        ),
        (f"Not Found: /signatures//confirm///{TOKEN}/", "Not Found: /signatures//confirm///(token)/"),
        ("refused <ada@example.org>", "refused <(address)>"),
        ("to ada+letters@example.org, o'hara@example.org.", "to (address), (address)"),
        ("mailto:ada@example.org", "mailto:(address)"),
        ("Key (email)=(ada@example.org) already exists.", "Key (email)=((address)) already exists."),
        ("no name\nDETAIL:  Failing row contains (1, Ada, \\x00).\nnext", "no name\nDETAIL: (row)"),
        # The machine and the queue.
        ("bulk2@worker1 ready.", "bulk2@worker1 ready."),
        (f"missed heartbeat from exports@{HOSTNAME}", f"missed heartbeat from exports@{HOSTNAME}"),
        ("no queue 'bulk@worker1.celery.pidbox'", "no queue 'bulk@worker1.celery.pidbox'"),
        ("bulk@example.org", "(address)"),
        ("ada@worker1", "(address)"),
        ("to amqp://guest:secret@rabbit.internal:5672//", "to amqp://rabbit.internal:5672//"),
        ("to amqp://guest:**@10.0.0.7:5672//", "to amqp://10.0.0.7:5672//"),
        ("redis://:secret@valkey:6379/0 away", "redis://valkey:6379/0 away"),
        ("GET /letters/night-trains/signatures/?before=7", "GET /letters/night-trains/signatures/?before=7"),
        ("OutgoingEmail 7, attempt 1: later (450)", "OutgoingEmail 7, attempt 1: later (450)"),
    ],
    # Test ids are numbers: tokens differ in each process of a run, and all processes must find the same tests.
    ids=range(25),
)
def test_a_line_loses_its_secrets_and_nothing_else(line: str, written: str) -> None:
    assert without_secrets(line) == written


names = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.+-_äé", min_size=1)


# A worker of Celery is named like an address. Hypothesis tries the words of our own source.
@given(st.text(), names.filter(lambda name: name not in NODES), names, st.text())
def test_no_address_gets_through(before: str, name: str, domain: str, after: str) -> None:
    assert f"{name}@{domain}" not in without_secrets(f"{before} {name}@{domain} {after}")


@given(st.integers(1, 2**40), st.sampled_from(["check", "confirm", "not-me", "manage"]), st.sampled_from("/? \"'#\n"))
def test_no_token_gets_through(signature_id: int, page: str, after: str) -> None:
    token = make_token(page, signature_id=signature_id, salt=bytes(8), now=NOW)
    assert token not in without_secrets(f"GET http://localhost/signatures/{page}/{token}{after}x")


def test_arguments_of_a_log_line_are_cleaned_too(log: tuple[logging.Logger, StringIO]) -> None:
    logger, written = log
    logger.warning("%s for %s", f"/signatures/confirm/{TOKEN}/", "ada@example.org")
    assert written.getvalue() == "WARNING test: /signatures/confirm/(token)/ for (address)\n"


def fail() -> None:
    raise ValueError(f"HINT: Key (ada@example.org) at /signatures/confirm/{TOKEN}/")


def test_tracebacks_are_cleaned_too(log: tuple[logging.Logger, StringIO]) -> None:
    logger, written = log
    try:
        fail()
    except ValueError:
        logger.exception("It failed")
    assert "Traceback" in written.getvalue()
    assert "Key ((address)) at /signatures/confirm/(token)/" in written.getvalue()
    assert TOKEN not in written.getvalue()


@pytest.mark.django_db
def test_no_line_of_a_row_that_the_database_refuses_gets_through(
    letter: Letter, log: tuple[logging.Logger, StringIO]
) -> None:
    """A comment has several lines, and PostgreSQL quotes them all, with what comes after."""
    logger, written = log
    pk = sign(letter, now=NOW).pk
    words = {"name": "Ada Lovelace", "comment": "I lost\n\nmy job at Example"}
    try:
        try:
            with transaction.atomic():
                Signature.objects.filter(pk=pk).update(**words, state="nonsense")
        except IntegrityError as error:
            raise LookupError("and then another") from error
    except LookupError:
        logger.exception("It failed")
    for word in ("Ada", "I lost", "my job"):
        assert word not in written.getvalue()
    assert "DETAIL: (row)" in written.getvalue()
    # What does not hold a row stays.
    assert "LookupError: and then another" in written.getvalue()


def test_every_line_of_the_site_passes_through_the_filter() -> None:
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler.formatter, SafeFormatter)]
    assert len(ours) == 1
    assert [type(filter_) for filter_ in ours[0].filters] == [HideSecrets]
    # A logger with its own handler would avoid the filter.
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    printing = [logger.name for logger in loggers if any(type(h) is logging.StreamHandler for h in logger.handlers)]
    assert printing == []
