"""Send an update, pause it, resume it or stop it."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from limits import parse

from letters.base.accounts.operations import mail_to_account
from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    Letter,
    NotificationKind,
    Update,
    User,
)
from letters.organizer.notifications.operations import announce
from letters.organizer.updates.mail import trial_mail
from letters.shared import limits, wakeups
from letters.shared.limits import Limit
from letters.shared.picture_descriptions import lacks_description
from letters.shared.refused import Refusal, Refused

State = Update.State

BETWEEN_UPDATES = timedelta(days=1)

TEST_MAILS = parse("20/hour")


@transaction.atomic
def send_update(update: Update, *, seen: str, by: User, now: datetime) -> None:
    """Start sending to everyone who has signed by now and agreed to updates.

    A worker sends the emails. The text can no longer change.

    Idempotent. Raises Refused("letter_draft") and others for the letter's status, Refused("changed_meanwhile") if the
    text is not the one that was `seen` or is in the bin, Refused("picture_not_described"),
    Refused("another_under_way"), and Refused("too_soon") within a day of the last update.
    """
    # Race: two updates that are sent at once wait for each other at the letter's row. Under this lock, `last_number` is
    # also what the sequencer committed last.
    change = change_letter(update.letter, WRITING, by=by, now=now)
    letter = change.letter
    current = Update.objects.select_for_update(no_key=True).get(pk=update.pk)
    if current.state != State.DRAFT:
        return
    if letter.status not in {Letter.Status.PUBLISHED, Letter.Status.CLOSED}:
        raise Refused(letter.status_refusal())
    if current.binned_at or current.whole_version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if any(map(lacks_description, [current.body, *current.translations.values_list("body", flat=True)])):
        raise Refused(Refusal.PICTURE_NOT_DESCRIBED)
    if code := why_not_now(letter, now=now):
        raise Refused(code)
    Update.objects.filter(pk=update.pk).update(state=State.SENDING, began_at=now, up_to=letter.last_number)
    change.update()
    change.record("send_update", update, details={"letter": letter.pk, "is_public": current.is_public})
    about = {"collective": letter.collective, "letter": letter, "update": current}
    announce(NotificationKind.UPDATE_COPY, update.pk, **about, now=now)
    change.after_commit(wakeups.wake_spreader)
    update.refresh_from_db()


def why_not_now(letter: Letter, *, now: datetime) -> Refusal | Literal[""]:
    """Return why no update of the letter may start now; empty if one may."""
    others = Update.objects.filter(letter=letter)
    if others.under_way().exists():
        return Refusal.ANOTHER_UNDER_WAY
    # Count from the last email of the last update, because sending can take long.
    return Refusal.TOO_SOON if others.filter(ended_at__gt=now - BETWEEN_UPDATES).exists() else ""


@transaction.atomic
def pause_update(update: Update, *, by: User, now: datetime) -> None:
    """Stop sending for now.

    An email that is on its way to the mail server still leaves; the others stay in the queue.
    """
    _change_state(update, {State.SENDING}, State.PAUSED, "pause_update", by=by, now=now)


@transaction.atomic
def resume_update(update: Update, *, by: User, now: datetime) -> None:
    """Send to everyone who has not received the update yet.

    Raises Refused("letter_withdrawn") or ("letter_taken_down").
    """
    # Race: under the letter's lock, because taking it down pauses its updates.
    if change_letter(update.letter, WRITING, by=by, now=now).letter.is_ended:
        raise Refused(update.letter.status_refusal())
    _change_state(update, {State.PAUSED}, State.SENDING, "resume_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)


@transaction.atomic
def stop_update(update: Update, *, by: User, now: datetime) -> None:
    """Stop for good: people who have not received the update never will. A worker drops the remaining emails."""
    _change_state(update, {State.SENDING, State.PAUSED}, State.STOPPED, "stop_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)


def _change_state(update: Update, among: set[State], to: State, verb: str, *, by: User, now: datetime) -> None:
    """Move from one of these states to another. A second call finds nothing to do.

    Race: the letter's row is locked, so that nobody resumes an update while staff suspend the collective.
    """
    change = change_letter(update.letter, WRITING, by=by, now=now)
    if Update.objects.filter(pk=update.pk, state__in=among).update(state=to):
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


@transaction.atomic
def show_update(update: Update, *, is_public: bool, by: User, now: datetime) -> None:
    """Show the update in the public archive, or hide it. Emails that were sent are not affected."""
    change = change_letter(update.letter, WRITING, by=by, now=now)
    if Update.objects.filter(pk=update.pk).exclude(is_public=is_public).update(is_public=is_public):
        change.update()
        verb = "show_update" if is_public else "hide_update"
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


def send_test_mail(update: Update, *, by: User, now: datetime, language: str = "") -> None:
    """Send the update to the writer's own account address, and to no other, as signers in a language get it.

    Raises Refused("too_many") beyond TEST_MAILS, and Refused("no_worker") if no worker accepts the email.
    """
    change = change_letter(update.letter, WRITING, by=by, now=now, lock=False)
    if limits.count([Limit("test mails", str(by.pk), TEST_MAILS)]):
        raise Refused(Refusal.TOO_MANY)
    with transaction.atomic():
        change.record("send_test_mail", update, details={"letter": update.letter_id})
        mail_to_account(trial_mail(update, by.email, language=language))
