"""The order in which emails leave does not reveal which addresses had signed before."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from letters.models import Letter, OutgoingEmail
from letters.signer.signing.operations import remind_unconfirmed
from tests.people import NOW, add_published, deliver, publish, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

KNOWN = [f"known{number}@example.org" for number in range(5)]
NEW = [f"new{number}@example.org" for number in range(5)]
TYPED = [NEW[3], KNOWN[2], KNOWN[0], NEW[2], NEW[1], NEW[4], KNOWN[1], KNOWN[4], NEW[0], KNOWN[3]]


def test_reminders_leave_in_the_order_of_the_forms(letter: Letter) -> None:
    """Privacy: in the order of the signatures, those who had signed before would come first."""
    for email in KNOWN:
        sign_and_confirm(letter, email, now=NOW - timedelta(days=7), display="nobody", name="")
    publish(NOW)
    # With this many rows, the database reads signatures in their own order.
    add_published(letter, 300)
    for number, email in enumerate(TYPED):
        sign(letter, email, now=NOW + timedelta(seconds=number), name="Someone")
    OutgoingEmail.objects.update(sent_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE letters_signature, letters_submission, letters_outgoingemail")
    mail.outbox.clear()
    remind_unconfirmed(now=NOW + timedelta(hours=24, minutes=1))
    owed = OutgoingEmail.objects.owed()
    assert [each.pk for each in owed.order_by("next_attempt_at")] == [each.pk for each in owed.order_by("pk")]
    deliver()
    assert [message.to[0] for message in mail.outbox] == TYPED
