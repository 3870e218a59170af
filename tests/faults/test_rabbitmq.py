"""RabbitMQ as the broker is restarted, and nobody has to restart the clock, the web server or a worker."""

import time
from typing import Any, cast

import pytest
from celery import Celery
from kombu import Connection

from letters.models import Letter
from tests.faults.conftest import nothing_is_owed
from tests.people import signature_of
from tests.rabbit import Rabbit, rabbit
from tests.smtp import SmtpSink
from tests.stack import Parts, link_in, until

__all__ = ["rabbit"]

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, MEANWHILE, AFTER = "ada@example.org", ["berta@example.org", "carlo@example.org"], "dora@example.org"
# Messages of a clock that was about to send, and of one that was about to connect.
QUORUM = {"x-queue-type": "quorum"}
NOTICED = ["Couldn't apply scheduled task", "Connection error:"]


def test_everyone_gets_their_email_after_a_restart_of_the_broker(
    parts: Parts, rabbit: Rabbit, letter: Letter, sink: SmtpSink
) -> None:
    parts.environ["BROKER_URL"] = rabbit.url
    parts.start_worker()
    parts.start_clock()
    web = parts.start_web()
    # A process with an open connection that it does not know to be dead.
    ours = Celery(set_as_current=False, broker=rabbit.url)
    ours.config_from_object("django.conf:settings", namespace="CELERY")
    ours.conf.update(broker_url=rabbit.url)
    ours.send_task("letters.deliver", queue="confirmations")
    assert web.sign(letter.slug, BEFORE).status == 303
    assert sink.wait_for(1, 60)

    rabbit.stop()
    for email in MEANWHILE:
        begun = time.monotonic()
        assert web.sign(letter.slug, email).status == 303
        assert time.monotonic() - begun < 5
    # The clock, too, has found the broker unavailable.
    until(lambda: any(words in parts.output for words in NOTICED))

    rabbit.start()
    begun = time.monotonic()
    ours.send_task("letters.deliver", queue="bulk")
    assert time.monotonic() - begun < 5
    assert web.sign(letter.slug, AFTER).status == 303
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == sorted([BEFORE, *MEANWHILE, AFTER])
    # No wake-up was sent for these: the clock's sweep found them.
    assert "The broker does not answer" in parts.output
    assert "Valkey does not answer" not in parts.output


def test_wake_ups_travel_through_quorum_queues_also_delayed_ones(
    parts: Parts, rabbit: Rabbit, letter: Letter, sink: SmtpSink
) -> None:
    """No clock runs, so nothing else finds the work."""
    parts.stop()
    parts.environ |= {"BROKER_URL": rabbit.url, "QUORUM_QUEUES": "yes"}
    parts.start_worker()
    web = parts.start_web()
    assert web.sign(letter.slug, BEFORE).status == 303
    assert sink.wait_for(1, 60)
    # The sequencer's wake-up waits a second for more confirmations.
    assert web.post(link_in(sink.received[0].message, "confirm")).status == 303
    until(lambda: signature_of(letter).number == 1)
    assert sink.wait_for(2, 60)
    with Connection(rabbit.url) as broker:
        # RabbitMQ refuses to declare a queue of another type.
        cast("Any", broker.channel()).queue_declare("publishing", durable=True, auto_delete=False, arguments=QUORUM)
    assert "no worker was notified" not in parts.started[-1].output
