"""Emails that leave through a provider's API instead of an SMTP server."""

import logging
from collections.abc import Iterator

import pytest
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused, AnymailSerializationError
from django.core.mail import EmailMessage
from pytest_django import Settings

from letters.base.outbox.mail import SendResult, Verdict, hand_over
from letters.models import Letter, OutgoingEmail, Signature
from letters.shared.tokens import read_mark
from tests.outbox.test_deliver import Raising, how_it_went, time_passes
from tests.people import deliver, sign, signature_of
from tests.provider import PostmarkApi

pytestmark = pytest.mark.django_db

# Postmark's answers, from its documentation.
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: "
    "bob@example.org.\nInactive recipients are ones that have generated a hard bounce or a spam complaint.",
}
NO_SENDER = {"ErrorCode": 400, "Message": "The 'From' address <letters@localhost> is no sender signature of yours."}


@pytest.fixture
def api(settings: Settings) -> Iterator[PostmarkApi]:
    """An email provider through which the site sends."""
    with PostmarkApi() as api:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_SERVER_TOKEN": "a key", "POSTMARK_API_URL": api.url}
        yield api


@pytest.fixture
def owed(letter: Letter) -> None:
    for name in ("ada", "bob", "eve"):
        sign(letter, f"{name}@example.org")


def test_the_provider_gets_each_email_once_with_a_mark_and_without_trackers(owed: None, api: PostmarkApi) -> None:
    deliver()
    assert [mail["To"] for mail in api.received] == ["ada@example.org", "bob@example.org", "eve@example.org"]
    first = api.received[0]
    assert read_mark(first["Metadata"]["outgoing"]) == OutgoingEmail.objects.order_by("pk")[0].pk
    assert (first["TrackOpens"], first["TrackLinks"]) == (False, "None")
    assert "/signatures/confirm/" in first["TextBody"]
    assert {header["Name"] for header in first["Headers"]} == {"Message-ID", "Auto-Submitted"}
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["sent 1", "sent 1", "sent 1"]


def test_a_mailbox_that_the_provider_has_given_up_on_counts_as_a_bounce_and_delays_no_other(
    letter: Letter, owed: None, api: PostmarkApi
) -> None:
    api.answer("bob@example.org", 422, INACTIVE)
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["sent 1", "failed 1 refused", "sent 1"]
    assert signature_of(letter, "bob@example.org").concern == Signature.Concern.BOUNCED


def test_a_refusal_of_the_provider_about_us_is_tried_again_and_raises_no_concern(
    letter: Letter, owed: None, api: PostmarkApi
) -> None:
    api.answer("ada@example.org", 422, NO_SENDER)
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["owed 1 HTTP 422", "sent 1", "sent 1"]
    api.answer_normally()
    time_passes()
    deliver()
    assert how_it_went("ada") == "sent 2"
    assert not Signature.objects.exclude(concern="").exists()


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_provider_that_refuses_emails_for_now_gets_all_of_them_later(
    owed: None, api: PostmarkApi, status: int
) -> None:
    api.answer("ada@example.org", status, {"Message": "Not now."})
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == [f"owed 1 HTTP {status}", "owed 0", "owed 0"]


def test_no_email_is_lost_while_the_provider_is_unavailable(owed: None, settings: Settings) -> None:
    with PostmarkApi() as gone:
        url = gone.url
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_SERVER_TOKEN": "a key", "POSTMARK_API_URL": url}
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["owed 1 ConnectionError", "owed 0", "owed 0"]


def test_nothing_that_the_provider_says_about_an_address_is_stored_or_logged(
    owed: None, api: PostmarkApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api.answer("bob@example.org", 422, INACTIVE)
    api.answer("eve@example.org", 422, {"ErrorCode": 300, "Message": "Invalid metadata content: eve@example.org"})
    deliver()
    assert set(OutgoingEmail.objects.values_list("error", flat=True)) == {"refused", "HTTP 422", ""}
    assert caplog.messages
    assert "@" not in "".join(caplog.messages)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (AnymailRecipientsRefused(), SendResult(Verdict.NEVER, "refused")),
        (AnymailError("no sender domain"), SendResult(Verdict.LATER, "AnymailError")),
        (AnymailSerializationError(), SendResult(Verdict.LATER, "AnymailSerializationError")),
        (AnymailAPIError(), SendResult(Verdict.LATER, "AnymailAPIError", usable=False)),
    ],
)
def test_each_failure_has_its_meaning(error: Exception, answer: SendResult) -> None:
    assert hand_over(EmailMessage(to=["a"]), Raising(error)) == answer  # type: ignore[arg-type]
