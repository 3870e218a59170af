"""A worker that has claimed an email keeps it while it runs, by the database's clock only."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import Settings

from letters import tasks as worker_tasks
from letters.base.outbox import lease
from letters.base.outbox.lease import Lease
from letters.base.outbox.operations import claim_emails, renew_claims
from letters.models import Export, Letter, OutgoingEmail, Update, User
from letters.organizer.exports.tasks import make_exports
from letters.shared.clock import DatabaseClock, database_now
from tests.people import NOW, deliver, in_threads, sign
from tests.smtp import SmtpSink
from tests.stack import until

LEASE = timedelta(seconds=20)
PEOPLE = ["ada@example.org", "bob@example.org", "eve@example.org"]


@pytest.fixture
def owed(letter: Letter) -> list[OutgoingEmail]:
    for email in PEOPLE:
        sign(letter, email)
    return list(OutgoingEmail.objects.order_by("pk"))


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Set this machine's clock two hours ahead when called."""
    honest = timezone.now

    def set_ahead() -> None:
        monkeypatch.setattr(timezone, "now", lambda: honest() + timedelta(hours=2))

    return set_ahead


def leases() -> list[datetime]:
    return list(OutgoingEmail.objects.order_by("pk").values_list("next_attempt_at", flat=True))


def test_renewing_moves_the_lease_on_and_counts_no_attempt(owed: list[OutgoingEmail]) -> None:
    batch = claim_emails(now=NOW, most=10)
    renew_claims(batch, now=NOW + LEASE / 2)
    assert claim_emails(now=NOW + LEASE, most=10) == []
    assert leases() == [NOW + LEASE * 1.5] * 3
    assert set(OutgoingEmail.objects.values_list("attempts", flat=True)) == {1}


def test_a_lease_that_another_worker_took_over_is_not_renewed(owed: list[OutgoingEmail]) -> None:
    slow = claim_emails(now=NOW, most=3)
    (taken,) = claim_emails(now=NOW + LEASE, most=1)
    renew_claims(slow, now=NOW + LEASE * 1.5)
    assert leases() == [NOW + LEASE * 2, NOW + LEASE * 2.5, NOW + LEASE * 2.5]
    assert [outgoing.next_attempt_at == taken.next_attempt_at for outgoing in slow] == [False] * 3


def test_the_lease_of_an_ended_email_is_not_renewed(owed: list[OutgoingEmail]) -> None:
    batch = claim_emails(now=NOW, most=3)
    OutgoingEmail.objects.filter(pk=batch[0].pk).update(sent_at=NOW)
    renew_claims(batch, now=NOW + LEASE / 2)
    assert leases() == [NOW + LEASE, NOW + LEASE * 1.5, NOW + LEASE * 1.5]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_waits_longer_than_its_lease_sends_each_email_once(
    owed: list[OutgoingEmail], sink: SmtpSink, settings: Settings
) -> None:
    settings.MAIL_LEASE_SECONDS = 1
    hold = sink.hold("RCPT", to=PEOPLE[0])

    def work(part: str) -> None:
        if part == "slow":
            deliver()
            return
        assert hold.reached.wait(20)
        first = max(leases())
        until(lambda: min(leases()) > first + timedelta(seconds=1))
        deliver()
        hold.release()

    in_threads(work, ["slow", "other"], threads=2)
    assert sorted(sink.recipients()) == PEOPLE
    assert set(OutgoingEmail.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_worker_with_a_fast_clock_sends_nothing_that_another_is_sending(
    owed: list[OutgoingEmail], sink: SmtpSink, fast_clock: Callable[[], None]
) -> None:
    hold = sink.hold("RCPT", to=PEOPLE[0])

    def work(part: str) -> None:
        if part == "honest":
            deliver()
            return
        assert hold.reached.wait(20)
        fast_clock()
        deliver()
        hold.release()

    in_threads(work, ["honest", "fast"], threads=2)
    assert sorted(sink.recipients()) == PEOPLE


def test_a_pause_is_counted_by_the_clock_of_the_database(
    owed: list[OutgoingEmail], sink: SmtpSink, fast_clock: Callable[[], None]
) -> None:
    sink.answer("RCPT", "450 later")
    fast_clock()
    deliver()
    assert max(leases()) < database_now() + timedelta(minutes=1)


def test_a_worker_with_a_fast_clock_takes_no_file_that_another_is_building(
    letter: Letter, organizer: User, fast_clock: Callable[[], None]
) -> None:
    now = timezone.now()
    export = Export.objects.create(
        letter=letter,
        kind=Export.Kind.SIGNATURES,
        format=Export.Format.CSV,
        asked_by=organizer,
        created_at=now,
        attempts=1,
        next_attempt_at=now + timedelta(minutes=2),
    )
    fast_clock()
    make_exports()
    export.refresh_from_db()
    assert (export.attempts, export.finished_at) == (1, None)


def test_a_worker_with_a_fast_clock_drops_nothing_that_another_is_sending(
    letter: Letter, organizer: User, fast_clock: Callable[[], None]
) -> None:
    """When an update is stopped, the email in flight counts as sent."""
    update = Update.objects.create(
        letter=letter,
        author=organizer,
        title="News",
        body="News",
        html="<p>News</p>",
        language="en",
        state=Update.State.STOPPED,
        created_at=NOW,
        began_at=NOW,
    )
    sign(letter)
    in_an_hour = timezone.now() + timedelta(hours=1)
    OutgoingEmail.objects.update(kind="update", update=update, attempts=1, next_attempt_at=in_an_hour)
    fast_clock()
    worker_tasks.spread_update()
    assert OutgoingEmail.objects.get().dropped_at is None


def test_a_worker_that_hangs_on_one_email_does_not_keep_the_others_forever(
    owed: list[OutgoingEmail], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MAIL_LEASE_SECONDS = 0.01
    monkeypatch.setattr(lease, "MAX_MAIL_SECONDS", 0)
    renewed: list[datetime] = []
    monkeypatch.setattr(lease, "renew_claims", lambda _, *, now: renewed.append(now))
    turns: list[float] = []
    with Lease(claim_emails(now=NOW, most=3), DatabaseClock()) as held:
        honest = held._is_over.wait

        def wait(seconds: float) -> bool:
            turns.append(seconds)
            return honest(seconds)

        monkeypatch.setattr(held._is_over, "wait", wait)
        until(lambda: len(turns) > 2)
    assert renewed == []


@pytest.mark.django_db(transaction=True)
def test_a_short_database_outage_loses_no_lease(
    owed: list[OutgoingEmail], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.MAIL_LEASE_SECONDS = 1
    calls: list[int] = []

    def renew_after_a_failure(batch: list[OutgoingEmail], *, now: datetime) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise DatabaseError
        renew_claims(batch, now=now)

    monkeypatch.setattr(lease, "renew_claims", renew_after_a_failure)
    clock = DatabaseClock()
    with Lease(claim_emails(now=clock.now(), most=3), clock) as held:
        first = max(leases())
        until(lambda: min(leases()) > first)
        assert held.begin(owed[0]) is False
    assert connection.is_usable()
