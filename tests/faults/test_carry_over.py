"""The worker that creates the emails about a change is killed, and another one continues."""

import pytest
import redis
from celery import current_app
from django.db import transaction

from letters.models import CarryOver, Letter, OutgoingEmail, User
from letters.shared import wakeups
from letters.signer.carry_over.operations import ask_to_carry_over, owe_batch
from tests.carry_over.conftest import change_text
from tests.faults.conftest import PEOPLE
from tests.faults.test_worker import emails_locked, someone_waits_for_the_lock
from tests.people import NOW, publish, sign_and_confirm
from tests.smtp import SmtpSink
from tests.stack import Part, Parts, until

pytestmark = pytest.mark.django_db(transaction=True)


def start_bulk() -> None:
    """Do what the clock does."""
    for task in ("letters.owe_carry_overs", "letters.deliver_bulk"):
        current_app.send_task(task, queue="bulk", expires=5)


def test_everyone_has_exactly_one_email_if_the_worker_is_killed_half_way(
    letter: Letter, organizer: User, *, worker: Part, parts: Parts, sink: SmtpSink, valkey: "redis.Redis"
) -> None:
    for email in PEOPLE:
        sign_and_confirm(letter, email)
    publish()
    OutgoingEmail.objects.all().delete()
    change_text(letter)
    # Ask without waking the worker; one of three emails exists when it starts.
    valkey.set("wakeup:letters.owe_carry_overs", 1)
    with transaction.atomic():
        question = ask_to_carry_over(letter, by=organizer, now=NOW)
    owe_batch(question.pk, now=NOW, most=1)
    with emails_locked():
        current_app.send_task("letters.owe_carry_overs", queue="bulk")
        until(someone_waits_for_the_lock)
        worker.kill()
    parts.start_worker()
    wakeups.awake("letters.owe_carry_overs")

    def all_have_gone() -> bool:
        start_bulk()
        return OutgoingEmail.objects.filter(kind="carry_over", sent_at__isnull=False).count() == 3

    until(all_have_gone)
    assert sorted(sink.recipients()) == PEOPLE
    assert CarryOver.objects.get().owed == 3
