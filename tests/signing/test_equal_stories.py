"""Whatever happens to a letter or to an address between a signing and its emails, a mail log shows the same
whether, and however, the address had signed.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from letters.base.outbox.operations import note_complaint
from letters.models import Letter, MailRequest, OutgoingEmail, User
from letters.organizer.letter_editor.operations import (
    close_letter,
    reopen_letter,
    restore_letter,
    set_up_letter,
    withdraw_letter,
)
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import request_mail
from letters.signer.signing.queries import recipients
from letters.signer.signing.tasks import tend_unconfirmed
from tests.conftest import LetterMaker
from tests.people import NOW, deliver, publish, sign, sign_and_confirm, signature_of
from tests.signing.test_equal_mails import Logged, logged_since, owner_who_had_signed

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SIGNERS = ["public", "hidden", "nobody"]
# What happens after the owner has signed, or has not.
Story = Callable[[Letter, str], None]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch off the memory of letters: stories take less than the second for which a worker remembers one."""
    fresh = Letter.objects.select_related("collective")
    monkeypatch.setattr(recipients, "_signed_letter_in_second", lambda pk, _second: fresh.get(pk=pk))


def log_of(story: Story, letter: Letter, how: str) -> list[Logged]:
    """Return what the mail server sees of one story, for the address of an owner who had signed as `how` says."""
    Letter.objects.update(status="published", closed_at=None, closes_at=None)
    Letter.objects.update(withdrawn_at=None, withdrawn_from="", withdrawn_because="")
    letter.refresh_from_db()
    email = owner_who_had_signed(letter, how)
    before = len(mail.outbox)
    story(letter, email)
    return logged_since(before, 0, email)


def ask(letter: Letter, email: str) -> None:
    """A stranger types it into the form for lost links."""
    address = read_address(email)
    assert address
    request_mail(letter, address=address, language="en", now=timezone.now())


def days_later(days: float) -> None:
    """Move everything that has happened into the past."""
    for row in OutgoingEmail.objects.all():
        for field in ("created_at", "sent_at", "put_off_at"):
            if moment := getattr(row, field):
                setattr(row, field, moment - timedelta(days=days))
        row.next_attempt_at = min(row.next_attempt_at - timedelta(days=days), timezone.now())
        row.save()
    for letter in Letter.objects.all():
        for field in ("closed_at", "closes_at", "withdrawn_at"):
            if moment := getattr(letter, field):
                setattr(letter, field, moment - timedelta(days=days))
        letter.save()


def owner() -> User:
    return User.objects.get(memberships__role="owner")


# The letter ends


def ends_before_the_email_leaves(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now(), name="Someone Else")
    Letter.objects.update(closes_at=timezone.now() - 2 * DAY)
    deliver()
    Letter.objects.update(closes_at=None)


def closed_by_hand_and_asked_for_a_day_later(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now(), name="Someone Else")
    deliver()
    close_letter(letter, by=owner(), now=timezone.now())
    days_later(25 / 24)
    ask(letter, email)
    deliver()


def closed_before_it_was_ever_typed(letter: Letter, email: str) -> None:
    close_letter(letter, by=owner(), now=timezone.now() - 2 * DAY)
    ask(letter, email)
    deliver()


def reminded_after_the_end(letter: Letter, email: str) -> None:
    sign(letter, email, now=NOW, name="Someone Else")
    deliver()
    tend_unconfirmed(now=NOW + 24 * HOUR)
    close_letter(letter, by=owner(), now=timezone.now() - 2 * DAY)
    deliver()
    reopen_letter(letter, by=owner(), now=timezone.now())


def asked_for_while_withdrawn(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now(), name="Someone Else")
    deliver()
    days_later(0.1)
    withdraw_letter(letter, reason="A mistake.", by=owner(), now=timezone.now())
    ask(letter, email)
    deliver()
    restore_letter(letter, by=owner(), now=timezone.now())


def withdrawn_and_restored_before_the_email_leaves(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now(), name="Someone Else")
    withdraw_letter(letter, reason="A mistake.", by=owner(), now=timezone.now())
    deliver()
    restore_letter(letter, by=owner(), now=timezone.now())
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()


def asked_for_before_the_first_email_leaves(letter: Letter, email: str) -> None:
    """The withdrawal holds back the first email.

    The email about a lost link says that there is nothing, and must not be the last one.
    """
    sign(letter, email, now=timezone.now(), name="Someone Else")
    withdraw_letter(letter, reason="A mistake.", by=owner(), now=timezone.now())
    deliver()
    ask(letter, email)
    deliver()
    restore_letter(letter, by=owner(), now=timezone.now())
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()


def withdrawn_for_good_before_the_email_leaves(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now(), name="Someone Else")
    withdraw_letter(letter, reason="A mistake.", by=owner(), now=timezone.now())
    deliver()
    days_later(1.01)
    deliver()


ENDS: list[tuple[Story, list[str]]] = [
    (ends_before_the_email_leaves, []),
    (closed_by_hand_and_asked_for_a_day_later, ["Confirm your signature", "The email that you asked for"]),
    (closed_before_it_was_ever_typed, ["The email that you asked for"]),
    (reminded_after_the_end, ["Confirm your signature"]),
    (asked_for_while_withdrawn, ["Confirm your signature", "The email that you asked for"]),
    (withdrawn_and_restored_before_the_email_leaves, ["Confirm your signature"]),
    (asked_for_before_the_first_email_leaves, ["The email that you asked for", "Confirm your signature"]),
    (withdrawn_for_good_before_the_email_leaves, []),
]


@pytest.mark.parametrize("how", SIGNERS)
@pytest.mark.parametrize(("story", "subjects"), ENDS, ids=lambda each: getattr(each, "__name__", None))
def test_the_end_of_a_letter_reveals_nobody(letter: Letter, story: Story, subjects: list[str], how: str) -> None:
    first = log_of(story, letter, "first")
    assert [subject for _, _, _, subject, _ in first] == subjects
    assert log_of(story, letter, how) == first


def test_the_first_email_has_the_link_that_the_lost_link_could_not_have(letter: Letter) -> None:
    asked_for_before_the_first_email_leaves(letter, "ada@example.org")
    lost, first = (str(each.body) for each in mail.outbox)
    assert "There is no such signature." in lost
    assert "/signatures/confirm/" in first


def test_a_postponed_lost_link_that_replaced_the_first_email_has_the_link_too(
    letter: Letter, published: LetterMaker
) -> None:
    for slug in ("one", "two", "three"):
        published(slug)
    withdrawn_on_a_day_that_is_full(letter, "ada@example.org")
    assert len(mail.outbox) == 4
    assert "/signatures/confirm/" in str(mail.outbox[-1].body)


def test_a_person_who_waits_on_a_closed_letter_reads_that_there_is_no_signature(letter: Letter) -> None:
    closed_by_hand_and_asked_for_a_day_later(letter, "ada@example.org")
    assert "There is no such signature." in str(mail.outbox[-1].body)
    assert "/signatures/" not in str(mail.outbox[-1].body)


def test_an_end_in_the_past_is_refused_unless_it_is_unchanged(letter: Letter) -> None:
    now = timezone.now()
    for past in (now - 2 * DAY, now):
        with pytest.raises(Refused, match="end_is_past"):
            set_up_letter(letter, values={"closes_at": past}, by=owner(), now=now)
    set_up_letter(letter, values={"closes_at": now + HOUR}, by=owner(), now=now)
    set_up_letter(letter, values={"closes_at": now + HOUR, "goal": 5}, by=owner(), now=now + DAY)
    letter.refresh_from_db()
    assert (letter.closes_at, letter.goal) == (now + HOUR, 5)


# The three emails of a day


def uses_up_the_day(email: str) -> None:
    for slug in ("one", "two", "three"):
        ask(Letter.objects.get(slug=slug), email)
    deliver()


def two_forms_on_a_day_that_is_full(letter: Letter, email: str) -> None:
    uses_up_the_day(email)
    ask(letter, email)
    deliver()
    sign(letter, email, now=timezone.now(), name="Someone Else")
    deliver()
    days_later(1.01)
    deliver()


def two_forms_the_other_way_round(letter: Letter, email: str) -> None:
    uses_up_the_day(email)
    sign(letter, email, now=timezone.now(), name="Someone Else")
    deliver()
    ask(letter, email)
    deliver()
    days_later(1.01)
    deliver()


def two_forms_due_at_once(letter: Letter, email: str) -> None:
    uses_up_the_day(email)
    ask(letter, email)
    sign(letter, email, now=timezone.now(), name="Someone Else")
    deliver()
    days_later(1.01)
    deliver()


def withdrawn_on_a_day_that_is_full(letter: Letter, email: str) -> None:
    """The lost link replaces the first email, which waited. It waits until the withdrawal has been undone."""
    uses_up_the_day(email)
    days_later(0.9)
    sign(letter, email, now=timezone.now(), name="Someone Else")
    withdraw_letter(letter, reason="A mistake.", by=owner(), now=timezone.now())
    deliver()
    ask(letter, email)
    deliver()
    days_later(0.2)
    deliver()
    restore_letter(letter, by=owner(), now=timezone.now())
    OutgoingEmail.objects.owed().update(next_attempt_at=timezone.now())
    deliver()


FULL: list[Story] = [two_forms_on_a_day_that_is_full, two_forms_the_other_way_round, two_forms_due_at_once]
FULL.append(withdrawn_on_a_day_that_is_full)


@pytest.mark.parametrize("how", SIGNERS)
@pytest.mark.parametrize("story", FULL)
def test_one_postponed_email_waits_for_everyone(letter: Letter, published: LetterMaker, story: Story, how: str) -> None:
    for slug in ("one", "two", "three"):
        published(slug)
    first = log_of(story, letter, "first")
    assert len(first) == 4
    assert log_of(story, letter, how) == first


# Complaints


def complains(email: str) -> None:
    """The owner reports the last email as spam, and time passes until everything that can be deleted is."""
    deliver()
    assert mail.outbox[-1].to == [email]
    note_complaint(OutgoingEmail.objects.latest("pk"), at=timezone.now(), now=timezone.now())
    days_later(10)
    tend_unconfirmed(now=timezone.now())


def types_it_everywhere(letter: Letter, email: str) -> None:
    other = Letter.objects.get(slug="another")
    for each in (letter, other):
        ask(each, email)
    for each in (letter, other):
        sign(each, email, now=NOW, name="Another Again")
    deliver()
    tend_unconfirmed(now=NOW + 24 * HOUR)
    deliver()


def complains_of_a_lost_link(letter: Letter, email: str) -> None:
    ask(letter, email)
    complains(email)
    types_it_everywhere(letter, email)


def complains_of_a_signing(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now() - 9 * DAY, name="Someone Else")
    complains(email)
    types_it_everywhere(letter, email)


def complains_of_a_reminder(letter: Letter, email: str) -> None:
    sign(letter, email, now=NOW, name="Someone Else")
    deliver()
    tend_unconfirmed(now=NOW + 24 * HOUR)
    complains(email)
    types_it_everywhere(letter, email)


def complains_and_is_forgotten(letter: Letter, email: str) -> None:
    sign(letter, email, now=timezone.now() - 20 * DAY, name="Someone Else")
    complains(email)
    types_it_everywhere(letter, email)


COMPLAINTS: list[Story] = [
    complains_of_a_lost_link,
    complains_of_a_signing,
    complains_of_a_reminder,
    complains_and_is_forgotten,
]


@pytest.mark.parametrize("how", SIGNERS)
@pytest.mark.parametrize("story", COMPLAINTS)
def test_a_complaint_stops_emails_whether_the_address_has_signed_or_not(
    letter: Letter, published: LetterMaker, story: Story, how: str
) -> None:
    other = published("another")
    first = log_of(story, letter, "first")
    # The complaint is about this letter. Afterwards only the form of the other letter sends emails.
    assert len(first) > 2
    assert {subject for _, _, _, subject, _ in first[-2:]} == {
        "Confirm your signature",
        "A reminder about your signature",
    }
    # Nothing may be left of the previous address, whose reminders would come in between.
    letter.signatures.all().delete()
    other.signatures.all().delete()
    assert log_of(story, letter, how) == first
    # This holds however the address had signed the other letter.
    signed_other = "owner-other@example.org"
    sign_and_confirm(other, signed_other, now=NOW - DAY)
    publish(NOW)
    deliver()
    OutgoingEmail.objects.filter(signature=signature_of(other, signed_other)).delete()
    mail.outbox.clear()
    story(letter, signed_other)
    assert logged_since(0, 0, signed_other) == first


def test_a_complaint_keeps_no_address(letter: Letter) -> None:
    ask(letter, "ada@example.org")
    complains("ada@example.org")
    assert not MailRequest.objects.filter(address__isnull=False).exists()
