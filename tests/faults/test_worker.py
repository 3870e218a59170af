"""A worker that is killed at its worst moments, and one that is left in peace."""

import pytest

from letters.models import Delivery, Letter, Signature
from tests.faults.conftest import nothing_is_owed
from tests.people import Signer, signature_of
from tests.smtp import SmtpSink
from tests.stack import Parts, link_in, until

pytestmark = pytest.mark.django_db(transaction=True)


# Before the server's greeting; after its answer to EHLO; before it takes the recipient; and when it has the whole
# mail, but has not taken it yet. In all of them the mails are claimed.
@pytest.mark.parametrize("stage", ["CONNECT", "MAIL", "RCPT", "DATA"])
def test_a_worker_killed_between_claim_and_send_leaves_everybody_with_exactly_one_mail(
    stage: str, signers: list[str], sink: SmtpSink, parts: Parts
) -> None:
    hold = sink.hold(stage)
    killed = parts.start_worker()
    parts.start_clock()
    assert hold.reached.wait(60)
    assert Delivery.objects.owed().filter(attempts=1).count() == 3
    # Not released: with its connection, a mail server forgets what it has not taken yet.
    killed.kill()
    parts.start_worker()
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == signers
    assert Delivery.objects.filter(sent_at__isnull=False).count() == 3


def test_a_worker_killed_before_it_could_note_the_servers_yes_sends_the_very_same_mail_again(
    letter: Letter, signer: Signer, sink: SmtpSink, parts: Parts
) -> None:
    signer.sign(letter, email="ada@example.org")
    hold = sink.hold("ACCEPTED")
    killed = parts.start_worker()
    parts.start_clock()
    assert hold.reached.wait(60)
    killed.kill()
    parts.start_worker()
    until(nothing_is_owed)
    assert sink.recipients() == ["ada@example.org"] * 2
    first, second = (mail.message["Message-ID"] for mail in sink.received)
    assert first == second


def test_a_signature_is_mailed_confirmed_and_numbered_without_any_clock(
    letter: Letter, signer: Signer, sink: SmtpSink, parts: Parts
) -> None:
    parts.start_worker()
    signer.sign(letter, email="ada@example.org")
    assert sink.wait_for(1, 60)
    assert b"You have signed. Thank you." in signer.press(link_in(sink.received[0].message, "confirm")).content
    until(lambda: signature_of(letter).state == Signature.State.PUBLISHED)
    assert signature_of(letter).number == 1
    assert signer.count(letter)["published"] == 1
    until(nothing_is_owed)
    # The one that asked, and the one that thanks.
    assert sink.recipients() == ["ada@example.org"] * 2
