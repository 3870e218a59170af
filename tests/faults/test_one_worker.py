"""The one worker of a small site: long work of one queue keeps no signer waiting."""

from collections.abc import Iterator

import psutil
import pytest
import redis

from letters.models import Letter, OutgoingEmail, Signature, Update
from petition import heartbeats
from tests.faults.test_update import draft_of_update, expected, update
from tests.people import Signer, signature_of
from tests.smtp import SmtpSink
from tests.stack import Part, Parts, link_in, until

__all__ = ["draft_of_update", "expected", "update"]

pytestmark = pytest.mark.django_db(transaction=True)

ADA = "ada.lovelace@example.net"


@pytest.fixture
def signers() -> int:
    return 2000


@pytest.fixture(scope="module")
def patience() -> dict[str, str]:
    return {"MAIL_LEASE_SECONDS": "10", "MAIL_RETRY_SECONDS": "1"}


@pytest.fixture
def one_worker(transactional_db: None, valkey: "redis.Redis", parts: Parts) -> Iterator[Part]:
    """A worker of this test alone: while another lives, its clock waits."""
    part = parts.start_one_worker()
    yield part
    part.kill()


def owed() -> int:
    return OutgoingEmail.objects.owed().filter(kind="update").count()


def mail_to(sink: SmtpSink, address: str) -> list[str]:
    return [link_in(mail.message, "confirm") for mail in sink.received if mail.recipients == [address]]


def test_a_confirmation_leaves_at_once_while_two_thousand_updates_wait_for_a_slow_server(
    letter: Letter, update: Update, one_worker: Part, sink: SmtpSink, signer: Signer
) -> None:
    sink.dawdle("DATA", seconds=0.5)
    # The clock wakes the worker: nobody else does.
    assert sink.wait_for(1, 120)
    until(lambda: owed() > 1900, 120)
    before = len(sink.received)
    assert signer.sign(letter, email=ADA).status_code == 303
    (link,) = until(lambda: mail_to(sink, ADA), 60)
    # Bulk email goes on beside it, and is far from done.
    assert len(sink.received) - before < 30
    assert owed() > 1800
    # Neither does the number wait.
    signer.press(link)
    until(lambda: signature_of(letter, ADA).state == Signature.State.PUBLISHED, 60)
    assert owed() > 1700


def test_it_is_a_single_process_and_reports_each_queue_and_the_clock(one_worker: Part) -> None:
    names = [heartbeats.CLOCK, *map(heartbeats.worker_of, ("confirmations", "bulk", "exports", "webhooks"))]
    until(lambda: None not in heartbeats.seconds_since(names).values(), 120)
    assert psutil.Process(one_worker.process.pid).children() == []


def test_it_ends_when_it_is_told_to_and_gives_the_clock_away(one_worker: Part, valkey: "redis.Redis") -> None:
    # A worker of an earlier test, which was killed, may still hold it.
    valkey.delete("clock:lease")
    until(lambda: valkey.get("clock:lease"), 120)
    one_worker.process.terminate()
    assert one_worker.process.wait(60) == 0
    assert valkey.get("clock:lease") is None
