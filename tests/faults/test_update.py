"""An update to a thousand signers, and a worker that is killed half-way: everyone gets it once."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from letters.models import Letter, OutgoingEmail, Signature, SignerContact, Update, User
from letters.organizer.updates.operations import UpdateText, pause_update, resume_update, send_update, write_update
from letters.schedule import SWEEP_SECONDS
from letters.shared.addresses import encrypt
from tests.people import add_published
from tests.smtp import SmtpSink
from tests.stack import Part, Parts, until

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = "The minister has asked us in"


@pytest.fixture
def signers() -> int:
    return 1000


@pytest.fixture(scope="module")
def patience() -> dict[str, str]:
    """Use a long lease, enough for a batch on a busy machine: this test is not about lateness."""
    return {"MAIL_LEASE_SECONDS": "10", "MAIL_RETRY_SECONDS": "1"}


def address(signature: Signature) -> str:
    return f"{signature.name.replace(' ', '').lower()}@example.org"


@pytest.fixture
def expected(letter: Letter, signers: int) -> list[str]:
    """Create many signers who agreed to updates, and others who did not. Return the addresses of those who agreed."""
    add_published(letter, signers + 20)
    signed = list(letter.signatures.order_by("number"))
    SignerContact.objects.bulk_create(
        SignerContact(
            signature=signature,
            address=encrypt(address(signature)),
            consent="Write to me" if place < signers else "",
            consented_at=timezone.now() if place < signers else None,
        )
        for place, signature in enumerate(signed)
    )
    return sorted(address(signature) for signature in signed[:signers])


@pytest.fixture
def draft_of_update(letter: Letter, organizer: User, expected: list[str]) -> Update:
    text = UpdateText(title=TITLE, body="On **Friday** we meet her.", language="en")
    return write_update(letter, text=text, by=organizer, now=timezone.now())


@pytest.fixture
def update(draft_of_update: Update) -> Update:
    """An update that is being sent."""
    update = draft_of_update
    send_update(update, seen=update.version, by=update.author, now=timezone.now())
    return update


def sweep() -> None:
    for task in ("letters.spread_update", "letters.deliver_bulk"):
        current_app.send_task(task, queue="bulk", expires=SWEEP_SECONDS)


def until_swept(condition: Callable[[], object]) -> None:
    """Run the sweep as the clock would, but once a second, until a condition is true."""
    last = 0.0

    def look_again() -> object:
        nonlocal last
        if time.monotonic() - last > 1:
            last = time.monotonic()
            sweep()
        return condition()

    until(look_again, 240)


def has_been_sent(update: Update) -> bool:
    update.refresh_from_db()
    return update.state == Update.State.SENT


def test_everyone_gets_one_update_if_the_worker_is_killed_half_way(
    worker: Part, update: Update, expected: list[str], sink: SmtpSink, parts: Parts
) -> None:
    until_swept(lambda: len(sink.received) >= len(expected) // 2)
    worker.kill()
    assert len(sink.received) < len(expected), "it was killed too late to prove anything"
    parts.start_worker()
    until_swept(lambda: has_been_sent(update))
    got = Counter(sink.recipients())
    assert sorted(got) == expected
    # Each process of the worker may have had one email that the server had accepted, but whose result was not stored.
    doubled = [recipient for recipient, times in got.items() if times > 1]
    assert len(doubled) <= 2
    assert max(got.values()) <= 2
    for recipient in doubled:
        first, second = (mail.message["Message-ID"] for mail in sink.received if mail.recipients == [recipient])
        assert first == second
    assert {mail.message["Subject"] for mail in sink.received} == {"An update about a letter that you signed"}
    assert (update.recipients_total, update.sent_count, update.owed_count) == (len(expected), len(expected), 0)


@pytest.mark.parametrize("signers", [100])
def test_no_recipient_is_missing_or_gets_two_emails_if_the_worker_is_killed_while_it_collects_them(
    worker: Part, draft_of_update: Update, expected: list[str], sink: SmtpSink, parts: Parts
) -> None:
    update = draft_of_update
    with connection.cursor() as cursor:
        # Make the creation of emails take long.
        cursor.execute(
            "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;"
            "CREATE TRIGGER dawdle BEFORE INSERT ON letters_outgoingemail FOR EACH ROW EXECUTE FUNCTION dawdle()"
        )
    try:
        send_update(update, seen=update.version, by=update.author, now=timezone.now())
        until(someone_owes)
        worker.kill()
    finally:
        with connection.cursor() as cursor:
            # PostgreSQL may still run a statement of a dead client.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
            cursor.execute("DROP TRIGGER dawdle ON letters_outgoingemail; DROP FUNCTION dawdle()")
    assert not OutgoingEmail.objects.filter(update=update).exists()
    parts.start_worker()
    until_swept(lambda: has_been_sent(update))
    assert sorted(sink.recipients()) == expected


@pytest.mark.parametrize("signers", [300])
def test_a_pause_holds_an_update_that_is_being_sent_and_forgets_nobody(
    worker: Part, update: Update, expected: list[str], organizer: User, sink: SmtpSink
) -> None:
    until_swept(lambda: len(sink.received) >= 50)
    pause_update(update, by=organizer, now=timezone.now())
    until(sink.is_idle)
    had = len(sink.received)
    assert 50 <= had < len(expected)
    until_swept(lambda: Update.objects.get().sent_count == had)
    assert len(sink.received) == had
    resume_update(update, by=organizer, now=timezone.now())
    until_swept(lambda: has_been_sent(update))
    assert sorted(sink.recipients()) == expected


def someone_owes() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
        return cursor.fetchone() is not None
