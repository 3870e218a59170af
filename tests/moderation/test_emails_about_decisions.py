"""A signer reads of a decision by email only if nobody can learn from a mail log whom a moderator acted on."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from letters.base.outbox.composing import PADDED_LENGTH, PADDED_LINES
from letters.models import Letter, OutgoingEmail, RejectionAppeal, ReviewDecision, Signature, User, next_daily_hour
from letters.moderator.moderation.operations import (
    accept_signatures,
    hold_signatures,
    queue_appeals,
    reject_signatures,
    undo_decision,
)
from letters.shared.tokens import make_handle
from letters.signer.signing.operations import appeal_rejection, withdraw_signature
from letters.signer.signing.telling import may_tell_by_email
from tests.people import browser_of, deliver, message_of, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

# Each as an attacker would choose them: only the last gives nobody away.
SILENT = {
    "a name that nobody sees": ("ada@posteo.de", "nobody"),
    "a name that only organizers see": ("ada@posteo.de", "organizers"),
    "an address at an organisation": ("ada@ministry.example", "public"),
    "a domain that looks like a provider": ("ada@posteo.de.example.org", "public"),
}
TOLD = ("ada@posteo.de", "public")


@pytest.fixture(autouse=True)
def _emails_so_far_are_gone(letter: Letter) -> None:
    Letter.objects.update(displays=["public", "organizers", "nobody"])
    letter.refresh_from_db()


def signed(letter: Letter, email: str, display: str) -> Signature:
    name = "" if display == "nobody" else "Ada Lovelace"
    signature = sign_and_confirm(letter, email, display=display, name=name)
    publish()
    OutgoingEmail.objects.all().delete()
    mail.outbox.clear()
    signature.refresh_from_db()
    return signature


def reject(signature: Signature, by: User) -> ReviewDecision:
    reject_signatures(signature.letter, [signature.pk], reason="", code="twice", by=by, now=timezone.now())
    return ReviewDecision.objects.latest("pk")


def next_morning() -> None:
    """Let the daily hour come."""
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()


def test_the_rule() -> None:
    assert may_tell_by_email("ada@posteo.de", is_named=True)
    assert may_tell_by_email("ada@GMAIL.com", is_named=True)
    assert not may_tell_by_email("ada@posteo.de", is_named=False)
    for address in ("ada@ministry.example", "ada@example.edu", "ada@posteo.de.example.org", "ada@yahoo.example"):
        assert not may_tell_by_email(address, is_named=True)


def test_a_named_signer_at_a_provider_gets_an_email_in_the_morning(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    reject(signature, moderator)
    deliver()
    assert mail.outbox == []
    (owed,) = OutgoingEmail.objects.owed()
    assert owed.next_attempt_at == next_daily_hour(letter.zone(), owed.created_at)
    assert owed.next_attempt_at.astimezone(letter.zone()).hour == 8
    next_morning()
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ada@posteo.de"], "A decision about your signature")
    assert "/signatures/manage/" in str(message.body)
    # Neither the decision nor its reason.
    assert "more than once" not in str(message.body)
    assert "reject" not in str(message.body)
    assert "Ada" not in str(message.body)


@pytest.mark.parametrize("who", SILENT)
def test_nobody_else_gets_one_and_the_reason_waits_behind_the_link(letter: Letter, moderator: User, who: str) -> None:
    signature = signed(letter, *SILENT[who])
    reject(signature, moderator)
    next_morning()
    assert mail.outbox == []
    assert OutgoingEmail.objects.get().dropped_at is not None
    page = words(Client().get(signature.link("manage", now=timezone.now())))
    assert "You seem to have signed this letter more than once." in page


@pytest.mark.parametrize("who", SILENT)
def test_a_moderator_gets_the_same_bytes_whether_an_email_leaves_or_not(
    letter: Letter, moderator: User, who: str
) -> None:
    seen = []
    for email, display in (TOLD, SILENT[who]):
        signature = signed(letter, email, display)
        seen.append(answers(moderator, signature))
        next_morning()
        # The same moderator again, after the email left or was dropped.
        seen[-1] += [browser_of(moderator).get("/moderate/").content.decode()]
        OutgoingEmail.objects.all().delete()
        Signature.objects.filter(pk=signature.pk).delete()
    told, silent = ([without_what_differs(page) for page in pages] for pages in seen)
    assert told == silent


def answers(moderator: User, signature: Signature) -> list[str]:
    """Return what the moderator reads after rejecting, as data and as a page."""
    desk = browser_of(moderator)
    item = make_handle(f"review:{moderator.pk}", signature.pk)
    answer = desk.post("/moderate/decide/", {"item": item, "reject": "twice"}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return [answer.content.decode(), desk.get("/moderate/").content.decode()]


def without_what_differs(page: str) -> str:
    """Leave out the name, which the moderator knows, and random values."""
    import re

    page = page.replace("Ada Lovelace", "WHO").replace("A signature without a name", "WHO")
    page = re.sub(r'"undo": "[^"]+"', "UNDO", page)
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]+"', "", page)


def test_a_decision_that_was_undone_before_the_morning_sends_nothing(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    decision = reject(signature, moderator)
    undo_decision(decision, by=moderator, now=timezone.now())
    assert not OutgoingEmail.objects.owed().exists()
    # A worker that has claimed it drops it.
    OutgoingEmail.objects.create(
        kind="decided",
        key=f"decided:{decision.pk}",
        signature=signature,
        created_at=timezone.now(),
        next_attempt_at=timezone.now(),
    )
    next_morning()
    assert mail.outbox == []


def test_two_decisions_cause_one_email(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    first = reject(signature, moderator)
    undo_decision(first, by=moderator, now=timezone.now())
    reject(signature, moderator)
    next_morning()
    assert len(mail.outbox) == 1


def test_a_hold_and_an_acceptance_cause_no_email(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    hold_signatures(letter, [signature.pk], by=moderator, now=timezone.now())
    accept_signatures(letter, [signature.pk], by=moderator, now=timezone.now())
    assert not OutgoingEmail.objects.exists()


def test_a_signer_who_withdraws_gets_none(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    reject(signature, moderator)
    withdraw_signature(signature, now=timezone.now())
    next_morning()
    assert mail.outbox == []


def test_a_letter_that_was_taken_down_causes_none(letter: Letter, moderator: User) -> None:
    reject(signed(letter, *TOLD), moderator)
    Letter.objects.update(status="taken_down")
    owed = OutgoingEmail.objects.get()
    next_morning()
    owed.refresh_from_db()
    assert mail.outbox == []


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_outcome_of_an_appeal_is_told_in_the_same_way(
    letter: Letter, moderator: User, organizer: User, is_kept: bool
) -> None:
    signature = signed(letter, *TOLD)
    reject(signature, moderator)
    now = timezone.now()
    appeal_rejection(signature, words="I have signed once.", now=now)
    queue_appeals(now=now + timedelta(days=3))
    next_morning()
    if is_kept:
        reject(signature, organizer)
    else:
        accept_signatures(letter, [signature.pk], by=organizer, now=timezone.now())
    publish()
    next_morning()
    assert RejectionAppeal.objects.get().outcome
    assert [message.subject for message in mail.outbox] == ["A decision about your signature"] * 2
    bodies = {str(message.body) for message in mail.outbox}
    assert len({body.partition("/signatures/")[0] for body in bodies}) == 1


def test_the_email_has_the_size_of_all_emails_to_signers(letter: Letter, moderator: User) -> None:
    signature = signed(letter, *TOLD)
    reject(signature, moderator)
    message = message_of(OutgoingEmail.objects.get())
    assert isinstance(message, EmailMultiAlternatives)
    wire = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    assert (len(wire), wire.count(b"\r\n")) == (PADDED_LENGTH, PADDED_LINES)
