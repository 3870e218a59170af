"""While emails to a domain are spread, "Check your email" shows the same wait to everyone who types an address
there.

So a person who causes this for a domain cannot tell which addresses signed, never signed, or were removed.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from limits import RateLimitItemPerDay, parse
from pytest_django.fixtures import Settings

from letters.models import Letter, MailRequest, OutgoingEmail, SignerContact, Submission, User
from letters.moderator.moderation.operations import reject_signatures
from letters.shared.addresses import decrypt, read_address
from letters.shared.tokens import CheckToken, make_check_token, read_check_token
from letters.signer.signing.operations import (
    disown_signature,
    forget_requests,
    request_mail,
    sign_letter,
    withdraw_signature,
)
from letters.signer.signing.queries import mail_status
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Signer,
    deliver,
    publish,
    sign_and_confirm,
    signature_of,
    submitted_form,
    words,
)
from tests.signing.test_equal_mails import OWNERS, PADDED, Shape, shape_of

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
TOKEN = re.compile("/signatures/check/[^/]+/")
# What happened to the signature of an address.
End = Callable[[Letter, str], None]
# What the page says, at several times, in seconds after the form was sent.
Seen = list[tuple[str, int, int]]


@pytest.fixture(autouse=True)
def spread(settings: Settings) -> None:
    """Every email to a company waits for its turn."""
    settings.LIMIT_DOMAIN, settings.MAIL_DOMAIN_PACE = RateLimitItemPerDay(0), parse("1/minute")


def withdraw(letter: Letter, email: str) -> None:
    withdraw_signature(signature_of(letter, email), now=timezone.now())


def disown(letter: Letter, email: str) -> None:
    disown_signature(signature_of(letter, email), now=timezone.now())


def reject(letter: Letter, email: str) -> None:
    moderator = User.objects.get(memberships__role="owner")
    reject_signatures(letter, [signature_of(letter, email).pk], reason="Not a person", by=moderator, now=NOW)


def reject_and_withdraw(letter: Letter, email: str) -> None:
    reject(letter, email)
    withdraw(letter, email)


def stay(letter: Letter, email: str) -> None:
    pass


ENDS: dict[str, End] = {
    "stays": stay,
    "withdrawn": withdraw,
    "disowned": disown,
    "rejected": reject,
    "emptied": reject_and_withdraw,
}


def known_as(letter: Letter, how: str, end: str) -> str:
    """Return an address with a domain of its own.

    A week ago its owner signed as `how` says, and then this happened to the signature.
    """
    email = f"owner@{how}-{end}.example"
    if OWNERS[how]:
        sign_and_confirm(letter, email, now=NOW - timedelta(days=7), **OWNERS[how])
        publish(NOW)
        OutgoingEmail.objects.all().delete()
        ENDS[end](letter, email)
        # A decision has a row of its own, whatever the signature shows. It leaves with the daily emails, or never.
        OutgoingEmail.objects.filter(kind=OutgoingEmail.Kind.DECIDED).delete()
    assert not OutgoingEmail.objects.exists()
    return email


def form_is_sent(letter: Letter, email: str, *, name: str = "Someone Else") -> CheckToken:
    now = timezone.now().replace(microsecond=0) - 3 * SECOND
    opened = read_check_token(sign_letter(letter, submitted=submitted_form(email, name=name), language="en", now=now))
    assert opened
    return opened


def email_is_asked_for(letter: Letter, opened: CheckToken) -> CheckToken:
    """Press "Send the email again" on a page that was opened a while ago."""
    now, address = timezone.now().replace(microsecond=0) - 3 * SECOND, read_address(opened.address)
    assert address
    request_mail(letter, address=address, language="en", submission_id=opened.submission_id, now=now)
    again = read_check_token(
        make_check_token(
            signature_id=opened.signature_id,
            salt=opened.salt,
            submission_id=opened.submission_id,
            address=opened.address,
            now=now,
        )
    )
    assert again
    return again


def shown(letter: Letter, opened: CheckToken, *seconds: int) -> Seen:
    """Return what the page says this long after it was opened."""
    found = []
    for each in seconds:
        status = mail_status(opened, letter, now=opened.issued_at + each * SECOND)
        step = (status.at - opened.issued_at).seconds if status.at else 0
        found.append((status.state, step, status.minutes))
    return found


def turn_comes() -> None:
    assert OutgoingEmail.objects.owed().count() == 1
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()
    assert not OutgoingEmail.objects.owed().exists()


def until_the_end(letter: Letter, opened: CheckToken) -> tuple[Seen, list[tuple[str, Shape]]]:
    """Return everything that the page says and the log holds, while the email waits and after its turn."""
    before = len(mail.outbox)
    deliver()
    seen = shown(letter, opened, 4, 6, 40, 55)
    turn_comes()
    seen += shown(letter, opened, 4, 20, 600)
    return seen, [(str(each.subject), shape_of(each)) for each in mail.outbox[before:]]


CASES = [("first", "stays"), *product(["public", "hidden", "nobody"], ENDS)]
WAITED: Seen = [("leaving", 0, 0), *[("delayed", 0, 1)] * 3, ("leaving", 0, 0), *[("handed_over", 5, 0)] * 2]
CONFIRM, AGAIN = ("Confirm your signature", PADDED), ("The email that you asked for", PADDED)


def waited(seen: Seen) -> bool:
    """Return whether this is what everyone sees. The machine may need a few seconds for each half."""
    states = [state for state, _, _ in seen]
    return states == [state for state, _, _ in WAITED] and all(minutes in {0, 1} for _, _, minutes in seen)


@pytest.mark.parametrize(("how", "end"), CASES)
def test_the_form_shows_the_same_wait_for_every_address(letter: Letter, how: str, end: str) -> None:
    email = known_as(letter, how, end)
    seen, log = until_the_end(letter, form_is_sent(letter, email))
    assert waited(seen), seen
    # After "It wasn't me", the address gets no email.
    assert log == ([] if end == "disowned" else [CONFIRM])


@pytest.mark.parametrize(("how", "end"), CASES)
def test_asking_for_the_email_again_shows_the_same_wait_for_every_address(letter: Letter, how: str, end: str) -> None:
    opened = form_is_sent(letter, known_as(letter, how, end))
    OutgoingEmail.objects.all().delete()
    seen, log = until_the_end(letter, email_is_asked_for(letter, opened))
    assert waited(seen), seen
    assert log == ([] if end == "disowned" else [AGAIN])


# The owner acts while the email waits


@pytest.mark.parametrize("how", ["public", "nobody"])
@pytest.mark.parametrize("end", ["withdrawn", "disowned", "rejected", "emptied"])
@pytest.mark.parametrize("is_placed", [True, False], ids=["after its place", "before"])
@pytest.mark.parametrize("form", ["sign", "ask"])
def test_an_owner_who_acts_while_the_email_waits_changes_nothing_on_the_page(
    letter: Letter, how: str, end: str, is_placed: bool, form: str
) -> None:
    email = known_as(letter, how, "stays")
    opened = form_is_sent(letter, email)
    if form == "ask":
        OutgoingEmail.objects.all().delete()
        opened = email_is_asked_for(letter, opened)
    if is_placed:
        deliver()
    ENDS[end](letter, email)
    seen, log = until_the_end(letter, opened)
    assert waited(seen), seen
    assert log == ([AGAIN if form == "ask" else CONFIRM] if end == "rejected" else [])


@pytest.mark.parametrize("end", ["withdrawn", "disowned", "rejected"])
def test_a_page_reloaded_after_that_shows_the_same_wait(letter: Letter, end: str) -> None:
    email = known_as(letter, "public", "stays")
    opened = form_is_sent(letter, email)
    ENDS[end](letter, email)
    OutgoingEmail.objects.all().delete()
    seen, _ = until_the_end(letter, email_is_asked_for(letter, opened))
    assert waited(seen), seen


def test_the_wait_is_the_same_if_the_address_has_signed_again(letter: Letter) -> None:
    email = known_as(letter, "public", "stays")
    opened = form_is_sent(letter, email)
    withdraw(letter, email)
    form_is_sent(letter, email, name="Ada King")
    OutgoingEmail.objects.all().delete()
    seen, log = until_the_end(letter, email_is_asked_for(letter, opened))
    assert waited(seen), seen
    assert log == [AGAIN]


@pytest.mark.parametrize("end", ["withdrawn", "disowned"])
@pytest.mark.parametrize("field", ["sent_at", "failed_at", "dropped_at", "put_off_at"])
def test_the_end_of_an_email_is_shown_at_the_same_moment_after_the_owner_has_acted(
    letter: Letter, end: str, field: str
) -> None:
    email = known_as(letter, "public", "stays")
    opened = form_is_sent(letter, email)
    OutgoingEmail.objects.update(**{field: opened.issued_at + 12 * SECOND})
    before = shown(letter, opened, 10, 14, 15, 600)
    assert [step for _, step, _ in before] == [0, 0, 15, 15]
    ENDS[end](letter, email)
    assert shown(letter, opened, 10, 14, 15, 600) == before


def test_a_temporary_refusal_shows_a_delay_for_everyone(letter: Letter) -> None:
    email = known_as(letter, "public", "stays")
    opened = form_is_sent(letter, email)
    until = opened.issued_at + 170 * SECOND
    OutgoingEmail.objects.update(attempts=1, error="451", next_attempt_at=until)
    before = shown(letter, opened, 6, 100)
    assert before == [("delayed", 0, 3), ("delayed", 0, 2)]
    withdraw(letter, email)
    assert shown(letter, opened, 6, 100) == before


def page_of(letter: Letter, email: str) -> str:
    """Return the page of a person who sent the form a minute ago."""
    now = timezone.now() - 61 * SECOND
    return f"/signatures/check/{sign_letter(letter, submitted=submitted_form(email), language='en', now=now)}/"


@pytest.mark.parametrize("end", ["stays", "withdrawn", "disowned", "rejected"])
def test_the_page_itself_is_the_same_to_the_letter(letter: Letter, signer: Signer, end: str) -> None:
    pages = []
    for how, then in (("first", "stays"), ("public", end)):
        page = page_of(letter, known_as(letter, how, then))
        deliver()
        pages.append(TOKEN.sub("", signer.get(page).content.decode()))
        OutgoingEmail.objects.all().delete()
    assert pages[0] == pages[1]
    assert "Email is delayed by about 1 minute." in pages[0]


@pytest.mark.parametrize("end", ["withdrawn", "disowned", "rejected", "emptied"])
def test_the_page_runs_the_same_queries_for_everyone(letter: Letter, signer: Signer, end: str) -> None:
    numbers = []
    for how, then in (("first", "stays"), ("public", end)):
        page = page_of(letter, known_as(letter, how, then))
        signer.get(page)
        with CaptureQueriesContext(connection) as queries:
            signer.get(page)
            assert signer.client.post(page, {"action": "resend"}, headers=FROM_OUR_PAGE).status_code == 303
        numbers.append(len(queries))
        OutgoingEmail.objects.all().delete()
    assert numbers[0] == numbers[1] > 0


# Stored data


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_an_address_that_gets_no_email_is_kept_until_the_turn_of_the_email(letter: Letter, how: str) -> None:
    form_is_sent(letter, known_as(letter, how, "disowned"))
    deliver()
    assert Submission.objects.get().address
    turn_comes()
    assert Submission.objects.get().address is None


def test_a_second_form_about_it_keeps_its_own_time(letter: Letter) -> None:
    email = known_as(letter, "public", "disowned")
    form_is_sent(letter, email)
    deliver()
    form_is_sent(letter, email)
    first = OutgoingEmail.objects.earliest("pk")
    OutgoingEmail.objects.filter(pk=first.pk).update(next_attempt_at=NOW)
    OutgoingEmail.objects.exclude(pk=first.pk).update(error="spread", next_attempt_at=timezone.now() + 60 * SECOND)
    deliver()
    assert Submission.objects.get().address
    turn_comes()
    assert Submission.objects.get().address is None


@pytest.mark.parametrize("end", ["withdrawn", "disowned", "emptied"])
@pytest.mark.parametrize("form", ["sign", "ask"])
def test_an_owner_who_leaves_while_an_email_waits_leaves_the_domain_and_no_address(
    letter: Letter, end: str, form: str
) -> None:
    email = known_as(letter, "public", "stays")
    signature = signature_of(letter, email)
    opened = form_is_sent(letter, email)
    if form == "ask":
        OutgoingEmail.objects.all().delete()
        email_is_asked_for(letter, opened)
    ENDS[end](letter, email)
    kept = [decrypt(address) for address in MailRequest.objects.values_list("address", flat=True) if address]
    assert kept == ["nobody@public-stays.example"]
    page = words(Signer().get(signature.link("manage", now=timezone.now())))
    assert "we keep the part of your address after the @ until its turn" in page
    assert not Submission.objects.exists()
    assert not SignerContact.objects.exists()
    deliver()
    turn_comes()
    forget_requests(now=timezone.now())
    assert not MailRequest.objects.exclude(address=None).exists()
    forget_requests(now=timezone.now() + timedelta(hours=25))
    assert not MailRequest.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_an_email_postponed_to_another_day_ends_when_its_owner_leaves(letter: Letter) -> None:
    email = known_as(letter, "public", "stays")
    form_is_sent(letter, email)
    later: datetime = timezone.now() + timedelta(days=1)
    OutgoingEmail.objects.update(put_off_at=timezone.now(), next_attempt_at=later)
    withdraw(letter, email)
    assert not OutgoingEmail.objects.owed().exists()
