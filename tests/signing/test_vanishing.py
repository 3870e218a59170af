"""A signer withdraws while their email is built: it is dropped, and no traceback is logged."""

import logging
from collections.abc import Callable
from threading import Event

import pytest
from django.core import mail
from django.utils import timezone

from letters.models import Letter, OutgoingEmail, Signature
from letters.signer.signing import queries
from letters.signer.signing.operations import withdraw_signature
from letters.tasks import EMAIL_BUILDERS
from tests.people import NOW, deliver, in_threads, sign, sign_and_confirm, signature_of

KINDS = ["confirm", "signed_again", "requested", "reminder", "thanks", "carry_over", "invited", "update"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_signer_may_disappear_while_any_email_is_built(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    sign_and_confirm(letter)
    OutgoingEmail.objects.exclude(kind="thanks").delete()
    OutgoingEmail.objects.update(kind=kind, sent_at=None)
    build: Callable[..., object] = EMAIL_BUILDERS[kind]

    def gone_first(outgoing: OutgoingEmail) -> object:
        Signature.objects.all().delete()
        return build(outgoing)

    monkeypatch.setitem(EMAIL_BUILDERS, kind, gone_first)
    with caplog.at_level(logging.ERROR):
        deliver()
    assert (caplog.records, mail.outbox) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_a_signer_may_disappear_in_a_real_race(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One thread has claimed the email and begun; the other withdraws before the first one looks up the address."""
    sign(letter, now=NOW)
    begun, withdrawn = Event(), Event()
    recipient_of = queries.recipient_of

    def slowly(outgoing: OutgoingEmail, **more: object) -> queries.Recipient:
        begun.set()
        assert withdrawn.wait(20)
        return recipient_of(outgoing, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "recipient_of", slowly)

    def work(part: int) -> None:
        if part == 0:
            deliver()
            return
        assert begun.wait(20)
        signature = signature_of(letter)
        withdraw_signature(signature, now=timezone.now())
        Signature.objects.filter(pk=signature.pk).delete()
        withdrawn.set()

    with caplog.at_level(logging.WARNING):
        in_threads(work, range(2), threads=2)
    assert (caplog.records, mail.outbox) == ([], [])
