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
    Update,
    User,
)
from letters.organizer.updates.mail import trial_mail
from letters.shared import limits, wakeups
from letters.shared.limits import Limit
from letters.shared.refused import Refusal, Refused

State = Update.State

BETWEEN_UPDATES = timedelta(days=1)

TEST_MAILS = parse("20/hour")


@transaction.atomic
def send_update(update: Update, *, seen: str, by: User, now: datetime) -> None:
    """Start sending to everyone who has signed by now and agreed to updates.

    A worker sends the emails. The text can no longer change.

    Idempotent. Raises Refused("letter_draft") or Refused("letter_withdrawn"), Refused("changed_meanwhile") if the text
    is not the one that was `seen`, Refused("another_under_way"), and Refused("too_soon") within a day of the last
    update.
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
    if current.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if code := why_not_now(letter, now=now):
        raise Refused(code)
    Update.objects.filter(pk=update.pk).update(state=State.SENDING, began_at=now, up_to=letter.last_number)
    change.update()
    change.record("send_update", update, details={"letter": letter.pk, "is_public": current.is_public})
    change.after_commit(wakeups.wake_spreader)
    update.refresh_from_db()


def why_not_now(letter: Letter, *, now: datetime) -> Refusal | Literal[""]:
    """Return why no update of the letter may start now; empty if one may."""
    others = Update.objects.filter(letter=letter)
    if others.under_way().exists():
        return Refusal.ANOTHER_UNDER_WAY
    # Counted from the last email of the last update, because sending can take long.
    return Refusal.TOO_SOON if others.filter(ended_at__gt=now - BETWEEN_UPDATES).exists() else ""


@transaction.atomic
def pause_update(update: Update, *, by: User, now: datetime) -> None:
    """Stop sending for now. An email that is on its way to the mail server still leaves; the others stay owed."""
    _change_state(update, {State.SENDING}, State.PAUSED, "pause_update", by=by, now=now)


@transaction.atomic
def resume_update(update: Update, *, by: User, now: datetime) -> None:
    """Send to everyone who has not had the update yet. Raises Refused("letter_withdrawn")."""
    if Letter.objects.filter(pk=update.letter_id, status=Letter.Status.WITHDRAWN).exists():
        raise Refused(Refusal.LETTER_WITHDRAWN)
    _change_state(update, {State.PAUSED}, State.SENDING, "resume_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)


@transaction.atomic
def stop_update(update: Update, *, by: User, now: datetime) -> None:
    """Stop for good: people who have not had the update do not get it. A worker drops the emails that are owed."""
    _change_state(update, {State.SENDING, State.PAUSED}, State.STOPPED, "stop_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)


def _change_state(update: Update, among: set[State], to: State, verb: str, *, by: User, now: datetime) -> None:
    """Move from one of these states to another. A second call finds nothing to do."""
    change = change_letter(update.letter, WRITING, by=by, now=now, lock=False)
    if Update.objects.filter(pk=update.pk, state__in=among).update(state=to):
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


@transaction.atomic
def show_update(update: Update, *, is_public: bool, by: User, now: datetime) -> None:
    """Show the update in the public archive, or hide it. Emails that were sent stay sent."""
    change = change_letter(update.letter, WRITING, by=by, now=now)
    if Update.objects.filter(pk=update.pk).exclude(is_public=is_public).update(is_public=is_public):
        change.update()
        verb = "show_update" if is_public else "hide_update"
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


def send_test_mail(update: Update, *, by: User, now: datetime) -> None:
    """Send the update to the writer's own account address, and to no other.

    Raises Refused("too_many") beyond TEST_MAILS, and Refused("no_worker") if no worker accepts the email.
    """
    change = change_letter(update.letter, WRITING, by=by, now=now, lock=False)
    if limits.count([Limit("test mails", str(by.pk), TEST_MAILS)]):
        raise Refused(Refusal.TOO_MANY)
    with transaction.atomic():
        change.record("send_test_mail", update, details={"letter": update.letter_id})
        mail_to_account(trial_mail(update, by.email))
