"""A mail server that is away, overloaded, or does not know the address."""

from collections.abc import Callable

import pytest

from letters.models import Delivery, Signature
from tests.faults.conftest import nothing_is_owed
from tests.smtp import SmtpSink
from tests.stack import Parts, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("refuse", "noted"),
    [
        (SmtpSink.stop, "ConnectionRefusedError"),
        (lambda sink: sink.answer("CONNECT", "421 4.3.2 too many connections"), "421"),
        (lambda sink: sink.answer("RCPT", "451 4.7.1 greylisted"), "451"),
    ],
    ids=["away", "too busy to talk", "greylisting"],
)
def test_while_the_mail_server_refuses_nothing_is_lost_and_afterwards_everybody_has_exactly_one_mail(
    refuse: Callable[[SmtpSink], None], noted: str, signers: list[str], sink: SmtpSink, parts: Parts
) -> None:
    refuse(sink)
    parts.start_worker()
    parts.start_clock()
    until(lambda: Delivery.objects.owed().filter(attempts__gte=1, error=noted).exists())
    assert sink.received == []
    sink.answer_normally()
    if noted == "ConnectionRefusedError":
        sink.start()
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == signers
    assert Delivery.objects.filter(sent_at__isnull=False, error="").count() == 3


def test_an_address_refused_for_good_is_noted_and_tried_once_and_holds_nobody_else_up(
    signers: list[str], sink: SmtpSink, parts: Parts
) -> None:
    sink.answer("RCPT", "550 5.1.1 no such mailbox", to="berta@example.org")
    parts.start_worker()
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == ["ada@example.org", "carlo@example.org"]
    failed = Delivery.objects.get(failed_at__isnull=False)
    assert (failed.error, failed.attempts, failed.sent_at) == ("550", 1, None)
    assert list(Signature.objects.exclude(concern="").values_list("pk", "concern")) == [
        (failed.signature_id, "bounced")
    ]
