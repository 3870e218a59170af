"""Bounces and spam complaints: reported by a mail server at once, or by a provider hours later.

The payloads are those of the providers' documentation, with our recipients, marks and times.
"""

import hashlib
import hmac
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from letters.base.outbox import pacing
from letters.base.outbox.operations import note_bounce, note_complaint
from letters.base.outbox.queries import bounce_reasons
from letters.models import AuditEvent, Letter, OutgoingEmail, Signature, StoppedDomain
from letters.moderator.moderation import queries as moderation_queries
from letters.public.public_pages.operations import sequence_letter
from letters.shared.addresses import hash_address
from letters.shared.tokens import make_mark, read_mark
from letters.signer.signing.operations import (
    confirm_signature,
    disown_signature,
    purge_unconfirmed,
    remind_unconfirmed,
    withdraw_signature,
)
from petition.logs import without_secrets
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Reader,
    Response,
    Signer,
    add_published,
    ask_again,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
)
from tests.smtp import SmtpSink

pytestmark = pytest.mark.django_db

ADA, BOB = "ada@example.org", "bob@example.org"
SECRET = "a-provider:who-knows-our-secret"
SIGNING_KEY = "the key that Mailgun signs with"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PENDING, HELD, CONFIRMED, PUBLISHED = "pending", "held", "confirmed", "published"


# What providers post


def postmark(email: str, mark: str | None, at: datetime, kind: str = "HardBounce") -> dict[str, Any]:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook, …/spam-complaint-webhook"""
    return {
        "RecordType": "SpamComplaint" if kind == "SpamComplaint" else "Bounce",
        "MessageStream": "outbound",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {} if mark is None else {"outgoing": mark},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": f"smtp;550 5.1.1 <{email}> does not exist",
        "Email": email,
        "From": "letters@example.org",
        "BouncedAt": at.isoformat(),
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Please confirm your signature",
    }


def postmark_suppression(email: str, mark: str | None, at: datetime) -> dict[str, Any]:
    """https://postmarkapp.com/developer/webhooks/subscription-change-webhook"""
    return {
        "RecordType": "SubscriptionChange",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ServerID": 123456,
        "MessageStream": "outbound",
        "ChangedAt": at.isoformat(),
        "Recipient": email,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "HardBounce",
        "Tag": "",
        "Metadata": {} if mark is None else {"outgoing": mark},
    }


def mailgun(email: str, mark: str | None, at: datetime, kind: str = "permanent") -> dict[str, Any]:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads"""
    token, second = "c6f8dd5a7ab3d4c8d4ae5b37f1bb9d3f5a2c9d", str(int(at.timestamp()))
    signature = hmac.new(SIGNING_KEY.encode(), f"{second}{token}".encode(), hashlib.sha256).hexdigest()
    event = {"event": "complained"} if kind == "complained" else {"event": "failed", "severity": kind}
    return {
        "signature": {"timestamp": second, "token": token, "signature": signature},
        "event-data": {
            **event,
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "timestamp": at.timestamp(),
            "log-level": "error",
            "reason": "bounce" if kind == "permanent" else "generic",
            "recipient": email,
            "recipient-domain": email.partition("@")[2],
            "delivery-status": {
                "attempt-no": 1,
                "message": f"5.1.1 <{email}>: no such mailbox",
                "code": 550,
                "description": "",
                "session-seconds": 0.0,
            },
            "message": {"headers": {"to": email, "message-id": "20130503192659.13651.20287@mg.example.org"}},
            "user-variables": {} if mark is None else {"outgoing": mark},
            "tags": [],
        },
    }


def brevo(email: str, mark: str | None, at: datetime, kind: str = "hard_bounce") -> dict[str, Any]:
    """https://developers.brevo.com/docs/transactional-webhooks"""
    return {
        "event": kind,
        "email": email,
        "id": 26224,
        "date": f"{at:%Y-%m-%d %H:%M:%S}",
        "ts": int(at.timestamp()),
        "message-id": "<201798300811.5787683@relay.domain.com>",
        "ts_event": int(at.timestamp()),
        "ts_epoch": int(at.timestamp() * 1000),
        "subject": "Please confirm your signature",
        "reason": "550 5.5.0 Requested action not taken: mailbox unavailable.",
        **({} if mark is None else {"X-Mailin-custom": json.dumps({"outgoing": mark})}),
    }


Payload = Callable[..., dict[str, Any]]
PROVIDERS: dict[str, Payload] = {"postmark": postmark, "mailgun": mailgun, "brevo": brevo}
SPAM = {"postmark": "SpamComplaint", "mailgun": "complained", "brevo": "spam"}


# The webhook


class Provider(Reader):
    """A provider that knows our secret, unless the test gives another one, or none."""

    def post(self, provider: str, payload: object, secret: str = SECRET) -> Response:
        shown = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"} if secret else {}
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        return self.client.post(address(provider), body, content_type="application/json", headers=shown)

    def tell(self, payload: dict[str, Any], provider: str = "postmark") -> None:
        response = self.post(provider, payload)
        assert response.status_code == 200, response.content.decode()


def address(provider: str) -> str:
    return f"/anymail/{provider}/tracking/"


@pytest.fixture
def provider(settings: Settings) -> Provider:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}
    return Provider()


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    """A real mail server, to which the site sends."""
    with SmtpSink() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def last_mail(signature: Signature, kind: str = "") -> OutgoingEmail:
    mails = OutgoingEmail.objects.filter(signature=signature, **({"kind": kind} if kind else {}))
    return mails.latest("pk")


def mark_of(signature: Signature, kind: str = "") -> str:
    return make_mark(last_mail(signature, kind).pk)


def state_of(signature: Signature) -> tuple[str, str]:
    """Return the current state and concern."""
    signature.refresh_from_db()
    return signature.state, signature.concern


def signed_and_mailed(letter: Letter, email: str = ADA, **words: str) -> Signature:
    """A person who has just signed, and whose email has been sent."""
    signature = sign(letter, email, now=timezone.now(), **words)
    deliver()
    return signature


def confirmed_and_thanked(letter: Letter, email: str = ADA, **entered: str) -> Signature:
    """The same person after confirming, and after the thank-you email."""
    signature = sign_and_confirm(letter, email, now=timezone.now(), **entered)
    deliver()
    return signature


def confirmed_and_asked(letter: Letter, email: str = ADA) -> Signature:
    """The same person after asking for the control link again: the newest email."""
    signature = confirmed_and_thanked(letter, email)
    ask_again(signature, now=timezone.now())
    deliver()
    return signature


def confirmed_by_mail(letter: Letter, email: str = ADA, **words: str) -> Signature:
    """A person whose first email has left, and who has confirmed with it."""
    signature = signed_and_mailed(letter, email, **words)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
    deliver()
    return signature


def ended(outgoing: OutgoingEmail) -> tuple[bool, bool, str]:
    """Return whether the email was sent, whether it failed, and why."""
    outgoing.refresh_from_db()
    return outgoing.sent_at is not None, outgoing.failed_at is not None, outgoing.error


def recorded(signature: Signature) -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(object_kind="signature", object_id=signature.pk, verb__startswith="note_")
    return list(events.order_by("pk").values_list("verb", "reason"))


# Who may post


@pytest.mark.parametrize("name", PROVIDERS)
def test_without_a_secret_there_is_no_such_address(name: str, letter: Letter, settings: Settings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": ""}
    signature = signed_and_mailed(letter)
    payload = PROVIDERS[name](ADA, mark_of(signature), timezone.now())
    for secret in (SECRET, ":", ""):
        assert Provider().post(name, payload, secret).status_code == 404
    assert state_of(signature) == (PENDING, "")


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("secret", ["", ":", "a-provider:", "a-provider:who-knows-another-secret", "ä:ö"])
def test_nothing_is_noted_with_a_wrong_secret(name: str, secret: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    payload = PROVIDERS[name](ADA, mark_of(signature), timezone.now())
    assert provider.post(name, payload, secret).status_code == 400
    assert state_of(signature) == (PENDING, "")


def test_mailgun_must_also_sign_its_reports(letter: Letter, provider: Provider, settings: Settings) -> None:
    signature = signed_and_mailed(letter)
    payload = mailgun(ADA, mark_of(signature), timezone.now())
    payload["signature"]["signature"] = "0" * 64
    assert provider.post("mailgun", payload).status_code == 400
    del settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"]
    assert provider.post("mailgun", payload).status_code == 404
    assert state_of(signature) == (PENDING, "")


@pytest.mark.parametrize("path", ["/anymail/sendgrid/tracking/", "/anymail/postmark/inbound/", "/anymail/postmark/"])
def test_nothing_else_of_anymail_has_an_address(path: str, provider: Provider) -> None:
    assert provider.client.post(path, "{}", content_type="application/json").status_code == 404


def test_the_address_can_be_tried_with_head_and_refuses_get_with_a_page(provider: Provider) -> None:
    assert provider.client.head(address("postmark")).status_code == 200
    refused = provider.get(address("postmark"))
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "HEAD, POST"
    assert b"<h1" in refused.content


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"null", b"7", b'{"RecordType": "Inbound"}', b"\xff", b'{"event": 7}']
)
@pytest.mark.parametrize("name", PROVIDERS)
def test_an_unreadable_report_is_refused_or_ignored(name: str, body: bytes, provider: Provider) -> None:
    assert provider.post(name, body).status_code in {200, 400}


# A bounce


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_bounce_ends_the_email_and_marks_the_signature(name: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    other = signed_and_mailed(letter, BOB)
    provider.tell(PROVIDERS[name](ADA, mark_of(signature), timezone.now()), name)
    assert state_of(signature) == (PENDING, "bounced")
    assert ended(last_mail(signature)) == (False, True, "bounced")
    assert recorded(signature) == [("note_bounce", "bounced")]
    assert state_of(other) == (PENDING, "")
    assert ended(last_mail(other)) == (True, False, "")


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_bounce_reported_twice_is_noted_once(name: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    for mark in (mark_of(signature), mark_of(signature), None, None):
        provider.tell(PROVIDERS[name](ADA, mark, timezone.now()), name)
    assert len(recorded(signature)) == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[("postmark", kind) for kind in ("SoftBounce", "Transient", "DnsError", "Blocked", "DMARCPolicy", "Unknown")],
        ("mailgun", "temporary"),
        *[("brevo", kind) for kind in ("soft_bounce", "deferred", "error")],
    ],
)
def test_a_full_mailbox_a_slow_server_or_a_fault_of_ours_raises_no_concern(
    name: str, kind: str, letter: Letter, provider: Provider
) -> None:
    """To anymail, a soft bounce is "bounced" like a hard one."""
    signature = signed_and_mailed(letter)
    provider.tell(PROVIDERS[name](ADA, mark_of(signature), timezone.now(), kind), name)
    assert state_of(signature) == (PENDING, "")
    sent, failed, error = ended(last_mail(signature))
    assert (sent, failed) == (True, False)
    assert error in {"", "deferred"}
    assert recorded(signature) == []


@pytest.mark.parametrize("kind", ["BadEmailAddress", "ManuallyDeactivated"])
def test_postmarks_words_for_a_missing_mailbox_are_understood(kind: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(postmark(ADA, mark_of(signature), timezone.now(), kind))
    assert state_of(signature) == (PENDING, "bounced")


def test_postmarks_second_kind_of_hard_bounce_is_understood(letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(postmark_suppression(ADA, mark_of(signature), timezone.now()))
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    assert state_of(signature) == (PENDING, "bounced")
    assert len(recorded(signature)) == 1


@pytest.mark.parametrize("kind", ["invalid_email", "blocked"])
def test_brevos_words_for_a_missing_mailbox_are_understood(kind: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(brevo(ADA, mark_of(signature), timezone.now(), kind), "brevo")
    assert state_of(signature) == (PENDING, "bounced")


@pytest.mark.parametrize("event", ["delivered", "opened", "click", "request", "unsubscribe", "something new"])
def test_other_events_are_ignored(event: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(brevo(ADA, mark_of(signature), timezone.now(), event), "brevo")
    assert state_of(signature) == (PENDING, "")
    assert ended(last_mail(signature)) == (True, False, "")


@pytest.mark.parametrize(
    ("reviewed", "before"), [(True, HELD), (False, CONFIRMED)], ids=["held", "confirmed, no number yet"]
)
def test_a_bounce_of_a_form_email_after_the_confirmation_changes_no_signature(
    reviewed: bool, before: str, published: LetterMaker, provider: Provider, reader: Reader
) -> None:
    """Otherwise a company could type an employee's address, refuse the email, and watch the public count."""
    letter = published(reviewed=reviewed)
    signature = confirmed_and_asked(letter)
    publish()
    seen = reader.count(letter), reader.get(letter.get_absolute_url())["ETag"]
    provider.tell(postmark(ADA, mark_of(signature, "requested"), timezone.now()))
    signature.refresh_from_db()
    assert signature.confirmed_at
    publish()
    assert (reader.count(letter), reader.get(letter.get_absolute_url())["ETag"]) == seen
    assert purge_unconfirmed(now=timezone.now() + 30 * DAY) == 0
    assert state_of(signature) == (before if reviewed else PUBLISHED, "")


@pytest.mark.parametrize("reviewed", [False, True])
@pytest.mark.parametrize("kind", ["HardBounce", "SpamComplaint"])
def test_moderators_do_not_see_whose_email_a_company_sends_back(
    reviewed: bool, kind: str, published: LetterMaker, provider: Provider
) -> None:
    """Otherwise a moderator with a mail gateway could type a staff list, and see which nameless row is marked."""
    letter = published(reviewed=reviewed)
    signature = confirmed_by_mail(letter, name="", display="nobody")
    ask_again(signature, ADA, now=timezone.now())
    deliver()
    publish()
    before = [(each.pk, each.concern) for each in moderation_queries.waiting(letter).signatures]
    for told in (mark_of(signature, "requested"), mark_of(signature, "confirm"), None):
        provider.tell(postmark(ADA, told, timezone.now(), kind))
    assert state_of(signature)[1] == ""
    assert [(each.pk, each.concern) for each in moderation_queries.waiting(letter).signatures] == before


@pytest.mark.parametrize(
    ("reviewed", "before"), [(True, HELD), (False, CONFIRMED)], ids=["held", "confirmed, no number yet"]
)
def test_a_bounce_takes_an_unnumbered_signature_back_to_pending_and_organizers_can_count_it(
    reviewed: bool, before: str, published: LetterMaker, provider: Provider
) -> None:
    letter = published(reviewed=reviewed)
    signature = confirmed_by_mail(letter)
    if reviewed:
        publish()
        letter.refresh_from_db()
        assert letter.awaiting_review == 1
    assert state_of(signature) == (before, "")
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), timezone.now()))
    assert state_of(signature) == (PENDING, "bounced")
    assert (signature.confirmed_at, signature.verified) == (None, "")
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.awaiting_confirmation, letter.awaiting_review) == (0, 1, 0)


def test_a_bounce_leaves_a_published_signature_published_and_marks_it_for_moderators(
    letter: Letter, provider: Provider, reader: Reader
) -> None:
    signature = confirmed_and_thanked(letter)
    publish()
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    publish()
    assert state_of(signature) == (PUBLISHED, "bounced")
    assert signature.number == 1
    assert reader.count(letter)["published"] == 1
    assert "Ada Lovelace" in reader.read(letter)


def test_a_signer_who_confirms_again_after_a_bounce_is_thanked_again(letter: Letter, provider: Provider) -> None:
    signature = confirmed_by_mail(letter)
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), timezone.now()))
    assert state_of(signature)[0] == PENDING
    confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
    assert state_of(signature)[0] == CONFIRMED
    deliver()
    thanks = OutgoingEmail.objects.filter(signature=signature, kind=OutgoingEmail.Kind.THANKS).order_by("pk")
    assert [(each.sent_at is not None, each.error) for each in thanks] == [(True, ""), (True, "")]
    publish()
    assert state_of(signature)[0] == PUBLISHED


@pytest.mark.parametrize(
    ("offset", "state"),
    [(timedelta(microseconds=-1), CONFIRMED), (timedelta(), PENDING), (timedelta(microseconds=1), PENDING)],
    ids=["before", "in the same moment", "after"],
)
def test_a_confirmation_disproves_only_an_earlier_bounce(offset: timedelta, state: str, letter: Letter) -> None:
    signature = confirmed_and_asked(letter)
    assert signature.confirmed_at
    moment = timezone.now()
    Signature.objects.filter(pk=signature.pk).update(signed_at=moment - timedelta(minutes=1), confirmed_at=moment)
    note_bounce(last_mail(signature), at=moment + offset, now=timezone.now())
    assert state_of(signature)[0] == state


@pytest.mark.parametrize(
    ("offset", "state"),
    [(timedelta(microseconds=-1), PENDING), (timedelta(), CONFIRMED)],
    ids=["before the signing", "with it"],
)
def test_a_bounce_dated_before_the_signing_comes_from_a_wrong_clock(
    offset: timedelta, state: str, letter: Letter
) -> None:
    signature = confirmed_and_asked(letter)
    moment = timezone.now()
    later = moment + timedelta(minutes=1)
    Signature.objects.filter(pk=signature.pk).update(signed_at=moment, confirmed_at=later)
    note_bounce(last_mail(signature), at=moment + offset, now=later)
    assert state_of(signature)[0] == state


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"event-data":' * 10_000, b'[{"a":' * 20_000])
@pytest.mark.parametrize("name", PROVIDERS)
def test_deeply_nested_json_is_refused(name: str, body: bytes, provider: Provider) -> None:
    assert provider.post(name, body).status_code == 400


def test_a_bounce_reported_after_a_later_confirmation_is_disproved_by_it(
    published: LetterMaker, provider: Provider
) -> None:
    """The first email bounced, the second one arrived, and only then does the provider report the first."""
    letter = published(reviewed=True)
    signature = signed_and_mailed(letter)
    bounced_at = timezone.now()
    confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), bounced_at))
    assert state_of(signature) == (HELD, "")
    assert ended(last_mail(signature, "confirm")) == (False, True, "bounced")


def test_repeating_a_bounce_after_the_confirmation_changes_nothing(published: LetterMaker, provider: Provider) -> None:
    letter = published(reviewed=True)
    signature = signed_and_mailed(letter)
    told = postmark(ADA, mark_of(signature), timezone.now())
    provider.tell(told)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
    provider.tell(told)
    # This holds even if the reports do not show that it is the same bounce.
    provider.tell({**told, "Metadata": {}})
    assert state_of(signature)[0] == HELD
    assert len(recorded(signature)) <= 2


def test_a_clock_that_is_years_behind_is_not_believed(published: LetterMaker, provider: Provider) -> None:
    signature = confirmed_by_mail(published(reviewed=True))
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), NOW - 365 * DAY))
    assert state_of(signature) == (PENDING, "bounced")


def test_a_bounce_may_be_reported_before_we_note_that_the_email_left(letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    OutgoingEmail.objects.update(sent_at=None, attempts=1, next_attempt_at=timezone.now() + HOUR)
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    assert state_of(signature) == (PENDING, "bounced")
    assert ended(last_mail(signature)) == (False, True, "bounced")


def test_a_nameless_signature_stays_confirmed_because_no_address_is_left_to_ask(
    published: LetterMaker, provider: Provider
) -> None:
    letter = published(reviewed=True)
    signature = confirmed_and_thanked(letter, name="", display="nobody")
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    assert state_of(signature)[0] == HELD


@pytest.mark.parametrize("act", [withdraw_signature, disown_signature])
def test_nothing_is_noted_for_a_withdrawn_signature(
    act: Callable[..., None], letter: Letter, provider: Provider
) -> None:
    signature = signed_and_mailed(letter)
    mark = mark_of(signature)
    act(signature, now=timezone.now())
    before = state_of(signature)
    for told in (mark, None):
        provider.tell(postmark(ADA, told, timezone.now()))
        provider.tell(postmark(ADA, told, timezone.now(), "SpamComplaint"))
    assert state_of(signature) == before
    assert recorded(signature) == []


@pytest.mark.parametrize("held_for", [Signature.Concern.DISPOSABLE, Signature.Concern.UNPROVEN])
def test_a_bounce_does_not_replace_a_concern_that_holds_the_signature(
    held_for: str, letter: Letter, provider: Provider
) -> None:
    """Otherwise the owner of a disposable address could let one email bounce, and then need no moderator."""
    signature = signed_and_mailed(letter)
    Signature.objects.update(concern=held_for)
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    assert state_of(signature) == (PENDING, held_for)
    assert bounce_reasons(letter) == {"bounced": 1}


# Which email it was


def test_the_mark_tells_which_letter_of_an_address_a_bounce_is_about(
    published: LetterMaker, provider: Provider
) -> None:
    first, second = signed_and_mailed(published("first")), signed_and_mailed(published("second"))
    provider.tell(postmark(ADA, mark_of(first), timezone.now()))
    assert (state_of(first), state_of(second)) == ((PENDING, "bounced"), (PENDING, ""))


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_bounce_without_a_mark_counts_for_every_letter_of_the_address(
    name: str, published: LetterMaker, provider: Provider
) -> None:
    """An email through the provider's SMTP server. Another spelling of the address is the same mailbox."""
    letters = [published("first"), published("second")]
    signatures = [signed_and_mailed(letter) for letter in letters]
    other = signed_and_mailed(letters[0], BOB)
    provider.tell(PROVIDERS[name]("ADA+letters@Example.org", None, timezone.now()), name)
    assert [state_of(signature) for signature in signatures] == [(PENDING, "bounced")] * 2
    assert state_of(other) == (PENDING, "")


def test_an_unknown_email_is_not_ours(letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(postmark(ADA, make_mark(last_mail(signature).pk + 1), timezone.now()))
    provider.tell(postmark("stranger@example.org", None, timezone.now()))
    provider.tell(postmark("no address", None, timezone.now()))
    assert state_of(signature) == (PENDING, "")


def test_an_email_of_another_site_at_the_same_provider_is_not_ours(
    letter: Letter, provider: Provider, settings: Settings
) -> None:
    signature = signed_and_mailed(letter)
    pk, ours = last_mail(signature).pk, settings.SECRET_KEY
    settings.SECRET_KEY = "the secret of another site, as long as one for production has to be"
    theirs = make_mark(pk)
    settings.SECRET_KEY = ours
    for metadata in ({"outgoing": theirs}, {"outgoing": str(pk)}, {"outgoing": pk}, {"user": "7"}, {"outgoing": None}):
        provider.tell({**postmark(ADA, None, timezone.now()), "Metadata": metadata})
    assert state_of(signature) == (PENDING, "")


def test_a_mark_survives_a_change_of_the_secret_that_keeps_the_old_one(settings: Settings) -> None:
    mark = make_mark(7)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, as long as one for production would have to be"
    assert read_mark(mark) == 7
    settings.SECRET_KEY_FALLBACKS = []
    assert read_mark(mark) is None


def test_marks_do_not_reveal_how_many_have_signed() -> None:
    """Providers write marks into headers that the recipient can read."""
    marks = [make_mark(number) for number in range(1, 200)]
    assert len({mark[:8] for mark in marks}) == len({mark[-8:] for mark in marks}) == len(marks)
    assert {len(mark) for mark in marks} == {32}
    assert make_mark(7) == make_mark(7)


def test_plain_smtp_sends_no_mark(letter: Letter, sink: SmtpSink) -> None:
    signature = signed_and_mailed(letter)
    assert mark_of(signature) not in sink.received[0].message.as_string()


# Complaints


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_person_who_reports_spam_gets_no_more_email(name: str, letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    provider.tell(PROVIDERS[name](ADA, mark_of(signature), timezone.now(), SPAM[name]), name)
    assert state_of(signature) == (PENDING, "complained")
    assert ended(last_mail(signature)) == (True, False, "complained")
    assert recorded(signature) == [("note_complaint", "complained")]
    # Neither the clock causes an email, nor does someone who types the address again.
    remind_unconfirmed(now=timezone.now() + 2 * DAY)
    sign(letter, ADA, now=timezone.now() + HOUR)
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()
    assert len(mail.outbox) == 1


def test_emails_waiting_for_a_person_who_complains_are_dropped(letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    remind_unconfirmed(now=timezone.now() + 2 * DAY)
    assert OutgoingEmail.objects.owed().count() == 1
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), timezone.now(), "SpamComplaint"))
    sent = len(mail.outbox)
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()
    assert len(mail.outbox) == sent
    assert not OutgoingEmail.objects.owed().exists()
    assert OutgoingEmail.objects.filter(kind="reminder", dropped_at__isnull=False).count() == 1


def test_a_complaint_undoes_a_confirmation_but_removes_no_published_signature(
    published: LetterMaker, provider: Provider
) -> None:
    reviewed, plain = published("reviewed", reviewed=True), published("plain")
    held, shown = confirmed_and_thanked(reviewed), confirmed_and_thanked(plain)
    publish()
    for signature in (held, shown):
        provider.tell(postmark(ADA, mark_of(signature), timezone.now(), "SpamComplaint"))
    assert state_of(held) == (PENDING, "complained")
    assert state_of(shown) == (PUBLISHED, "complained")


def test_a_complaint_and_a_bounce_in_either_order_are_a_complaint(letter: Letter, provider: Provider) -> None:
    for email, kinds in ((ADA, ["HardBounce", "SpamComplaint"]), (BOB, ["SpamComplaint", "HardBounce"])):
        signature = signed_and_mailed(letter, email)
        for kind in [*kinds, *kinds]:
            provider.tell(postmark(email, mark_of(signature), timezone.now(), kind))
        assert state_of(signature) == (PENDING, "complained")


def test_the_complaint_of_an_address_outlives_its_signature(letter: Letter, provider: Provider) -> None:
    """Otherwise a person who types the address after two weeks could cause email to it again."""
    signature = signed_and_mailed(letter)
    provider.tell(postmark(ADA, mark_of(signature), timezone.now(), "SpamComplaint"))
    assert purge_unconfirmed(now=timezone.now() + 15 * DAY) == 0
    signature.refresh_from_db()
    assert (signature.state, signature.name, hasattr(signature, "contact")) == ("disowned", "", False)
    assert signature.address_hash == hash_address(ADA)
    sign(letter, ADA, now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1


# Consequences


def test_nobody_is_reminded_after_a_bounce(letter: Letter, provider: Provider) -> None:
    signature = signed_and_mailed(letter)
    owed_before = signed_and_mailed(letter, BOB)
    remind_unconfirmed(now=timezone.now() + 2 * DAY)
    assert OutgoingEmail.objects.owed().count() == 2
    for each in (signature, owed_before):
        provider.tell(postmark(ADA, mark_of(each, "confirm"), timezone.now()))
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()
    assert len(mail.outbox) == 2
    assert remind_unconfirmed(now=timezone.now() + 4 * DAY) == 0


def test_bounced_emails_count_towards_the_daily_three(letter: Letter, provider: Provider) -> None:
    """Otherwise a person who types a non-existent mailbox could cause email to it without limit."""
    signature = signed_and_mailed(letter)
    for _ in range(6):
        provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
        ask_again(signature, now=timezone.now())
        deliver()
    assert len(mail.outbox) == 3


def test_a_signature_that_waits_again_after_weeks_is_not_deleted_at_once(
    published: LetterMaker, provider: Provider
) -> None:
    """Organizers must have time to see why it waits."""
    signature = confirmed_by_mail(published(reviewed=True))
    Signature.objects.update(signed_at=timezone.now() - 30 * DAY, confirmed_at=timezone.now() - 30 * DAY)
    OutgoingEmail.objects.filter(kind="confirm").update(created_at=timezone.now() - 30 * DAY - HOUR)
    provider.tell(postmark(ADA, mark_of(signature, "confirm"), timezone.now()))
    assert state_of(signature) == (PENDING, "bounced")
    assert purge_unconfirmed(now=timezone.now() + 13 * DAY) == 0
    assert purge_unconfirmed(now=timezone.now() + 15 * DAY) == 1


def test_organizers_can_see_how_many_signatures_wait_because_of_bounces(
    published: LetterMaker, provider: Provider, sink: SmtpSink, django_assert_num_queries: Any
) -> None:
    letter, other = published("first"), published("other")
    sink.answer("RCPT", "550 5.1.1 unknown", to="unknown@example.org")
    sink.answer("RCPT", "553 not a mailbox", to="another@example.org")
    for email in ("unknown@example.org", "another@example.org", "fine@example.org"):
        signed_and_mailed(letter, email)
    for number in range(2):
        back = signed_and_mailed(letter, f"back{number}@example.org")
        provider.tell(postmark(f"back{number}@example.org", mark_of(back), timezone.now()))
    angry = signed_and_mailed(letter, "angry@example.org")
    provider.tell(postmark("angry@example.org", mark_of(angry), timezone.now(), "SpamComplaint"))
    signed_and_mailed(other, "unknown@example.org")
    with django_assert_num_queries(1):
        assert bounce_reasons(letter) == {"bounced": 2, "550 5.1.1": 1, "553": 1, "complained": 1}
    assert bounce_reasons(other) == {"550 5.1.1": 1}


def test_a_bounce_does_not_change_the_first_words_of_check_your_email(
    letter: Letter, provider: Provider, signer: Signer
) -> None:
    page = signer.sign(letter, email=ADA).headers["Location"]
    deliver()
    before = signer.get(page).status_code
    provider.tell(postmark(ADA, mark_of(signature_of(letter)), timezone.now(), "SpamComplaint"))
    assert signer.get(page).status_code == before == 200
    assert b"spam complaint" not in signer.get(page).content.lower()


# A mail server that refuses at once


@pytest.mark.parametrize(
    ("stage", "code"), [("RCPT", "550"), ("RCPT", "553"), ("DATA", "550 5.2.1"), ("RCPT", "556 5.1.10")]
)
def test_an_smtp_refusal_of_the_mailbox_is_a_bounce(letter: Letter, sink: SmtpSink, stage: str, code: str) -> None:
    sink.answer(stage, f"{code} <{ADA}> no such mailbox", to=ADA)
    signature, other = signed_and_mailed(letter), signed_and_mailed(letter, BOB)
    assert state_of(signature) == (PENDING, "bounced")
    assert ended(last_mail(signature)) == (False, True, code)
    assert recorded(signature) == [("note_bounce", code)]
    assert state_of(other) == (PENDING, "")


@pytest.mark.parametrize(
    ("stage", "code"),
    [("DATA", "554"), ("RCPT", "552"), ("RCPT", "550 5.7.1"), ("DATA", "554 5.6.0"), ("RCPT", "550 5.1.8")],
)
def test_a_permanent_smtp_refusal_about_us_raises_no_concern_and_is_shown(
    letter: Letter, sink: SmtpSink, stage: str, code: str
) -> None:
    sink.answer(stage, f"{code} <{ADA}> not from you", to=ADA)
    signature = signed_and_mailed(letter)
    assert state_of(signature) == (PENDING, "")
    assert ended(last_mail(signature)) == (False, True, code)
    assert recorded(signature) == []
    assert bounce_reasons(letter) == {code: 1}
    sink.answer_normally()
    ask_again(signature, now=timezone.now())
    deliver()
    assert bounce_reasons(letter) == {}


def test_an_email_that_failed_for_days_is_shown(letter: Letter, sink: SmtpSink) -> None:
    signature = sign(letter, now=timezone.now())
    OutgoingEmail.objects.update(attempts=29)
    sink.answer("RCPT", "450 later", to=ADA)
    deliver()
    assert state_of(signature) == (PENDING, "")
    assert bounce_reasons(letter) == {"450": 1}


@pytest.mark.parametrize(("stage", "code"), [("RCPT", "550 5.1.1"), ("DATA", "554"), ("RCPT", "550")])
@pytest.mark.parametrize("before", [HELD, CONFIRMED])
def test_a_bounced_thank_you_email_undoes_no_confirmation(
    published: LetterMaker, sink: SmtpSink, stage: str, code: str, before: str
) -> None:
    signature = signed_and_mailed(published(reviewed=before == HELD))
    confirm_signature(signature, verified=Signature.Verified.CODE, now=timezone.now())
    sink.answer(stage, f"{code} no", to=ADA)
    deliver()
    assert state_of(signature) == (before, "" if code == "554" else "bounced")
    assert ended(last_mail(signature, "thanks")) == (False, True, code)
    assert signature.confirmed_at


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("marked", [True, False])
def test_a_thank_you_email_reported_as_bounced_by_a_provider_undoes_no_confirmation(
    name: str, marked: bool, published: LetterMaker, provider: Provider
) -> None:
    signature = confirmed_and_thanked(published(reviewed=True))
    provider.tell(PROVIDERS[name](ADA, mark_of(signature, "thanks") if marked else None, timezone.now() + HOUR), name)
    assert state_of(signature) == (HELD, "bounced")


def test_an_smtp_refusal_of_a_published_signature_leaves_it_published(letter: Letter, sink: SmtpSink) -> None:
    signature = sign_and_confirm(letter, now=timezone.now())
    publish()
    sink.answer("RCPT", "550 5.1.1 the mailbox is gone", to=ADA)
    deliver()
    assert state_of(signature) == (PUBLISHED, "bounced")


@pytest.mark.parametrize(("stage", "answer"), [("RCPT", "450 later"), ("MAIL", "550 not from you")])
def test_a_temporary_smtp_refusal_or_one_about_us_is_no_bounce(
    letter: Letter, sink: SmtpSink, stage: str, answer: str
) -> None:
    sink.answer(stage, answer)
    signature = signed_and_mailed(letter)
    assert state_of(signature) == (PENDING, "")


def test_an_email_that_cannot_be_encoded_is_no_bounce(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    signature = sign(letter, now=timezone.now())
    outgoing = last_mail(signature)
    OutgoingEmail.objects.filter(pk=outgoing.pk).update(attempts=29, next_attempt_at=NOW)
    signature.submissions.update(address=b"sealed under a key that nobody has")
    deliver()
    assert ended(outgoing) == (False, True, "InvalidToken")
    assert state_of(signature) == (PENDING, "")


# Locks


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("note", [note_bounce, note_complaint])
def test_a_bounce_does_not_wait_for_a_lock_on_the_letter(note: Callable[..., None], published: LetterMaker) -> None:
    """The sequencer holds the letter's row while it takes signatures, so holding one must not wait for the letter."""
    letter = published(reviewed=True)
    signature = confirmed_by_mail(letter)

    def impatiently(outgoing: OutgoingEmail) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            note(outgoing, at=timezone.now(), now=timezone.now())

    with transaction.atomic():
        Letter.objects.select_for_update().get(pk=letter.pk)
        in_threads(impatiently, [last_mail(signature, "confirm")], threads=1)
    assert state_of(signature)[0] == PENDING


@pytest.mark.django_db(transaction=True)
def test_bounces_complaints_confirmations_and_the_sequencer_at_once_end_with_a_true_count(letter: Letter) -> None:
    signatures = [sign(letter, f"signer{number}@example.org", now=timezone.now()) for number in range(24)]
    deliver()

    def work(part: int) -> None:
        if part % 4 == 3:
            for _ in range(12):
                sequence_letter(letter.pk, now=timezone.now())
            return
        for place, signature in enumerate(signatures):
            if part % 4 == 0:
                confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
            elif place % 2:
                note_bounce(last_mail(signature, "confirm"), at=timezone.now(), now=timezone.now())
            else:
                note_complaint(last_mail(signature, "confirm"), at=timezone.now(), now=timezone.now())
        deliver()

    in_threads(work, range(8), threads=8)
    publish()
    letter.refresh_from_db()
    states = list(Signature.objects.filter(letter=letter).values_list("state", flat=True))
    assert letter.signature_count == states.count(PUBLISHED)
    assert letter.awaiting_confirmation == states.count(PENDING)
    # Held: confirmed after a complaint.
    assert letter.awaiting_review == states.count("held")
    assert len(states) == states.count(PUBLISHED) + states.count(PENDING) + states.count("held") == 24
    numbers = Signature.objects.filter(number__isnull=False).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, letter.signature_count + 1))


@pytest.mark.django_db(transaction=True)
def test_one_of_two_equal_reports_at_once_is_processed(letter: Letter) -> None:
    signature = signed_and_mailed(letter)
    outgoing = last_mail(signature)
    in_threads(lambda _: note_bounce(outgoing, at=timezone.now(), now=timezone.now()), range(6), threads=6)
    assert len(recorded(signature)) == 1


# Stored data


def test_no_row_and_no_line_of_the_log_holds_the_address_or_the_secret(
    letter: Letter, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    signature = signed_and_mailed(letter)
    told = postmark(ADA, mark_of(signature), timezone.now())
    provider.post("postmark", told, "a-provider:with-another-secret")
    provider.post("postmark", b"ada@example.org is no json")
    provider.post("mailgun", {**mailgun(ADA, None, timezone.now()), "signature": {}})
    provider.tell(told)
    written = [without_secrets(f"{record.getMessage()} {record.exc_text or ''}") for record in caplog.records]
    assert any("postmark" in line.lower() for line in written)
    for secret in ("@", "who-knows-our-secret", "with-another-secret", mark_of(signature)):
        assert secret not in "".join(written)
    events = json.dumps(list(AuditEvent.objects.values_list("reason", "details")))
    assert "@" not in events
    assert ended(last_mail(signature))[2] == "bounced"


def test_staff_can_list_signatures_with_bounced_emails(letter: Letter, provider: Provider, admin_client: Any) -> None:
    add_published(letter, 2)
    signature = signed_and_mailed(letter)
    provider.tell(postmark(ADA, mark_of(signature), timezone.now()))
    page = admin_client.get("/admin/letters/signature/?concern__exact=bounced").content.decode()
    assert f"/admin/letters/signature/{signature.pk}/change/" in page
    assert "1 signature" in page
    assert "Email to this address bounced" in page


def test_bounces_reported_by_a_provider_slow_a_domain_and_each_counts_once(
    letter: Letter, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "FEWEST_REFUSED", 2)
    first, second = (signed_and_mailed(letter, f"{name}@company.example") for name in ("ada", "bob"))
    for _ in range(3):
        provider.tell(postmark("ada@company.example", mark_of(first), timezone.now()))
    assert not StoppedDomain.objects.exists()
    provider.tell(postmark("bob@company.example", mark_of(second), timezone.now()))
    assert StoppedDomain.objects.get().domain == "company.example"
