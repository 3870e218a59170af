"""Announce what happened, turn it into emails, and store what a person wants to get. Workers create the emails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from letters.base.outbox.enqueueing import new_email
from letters.models import (
    TOPICS_OF,
    Collective,
    EmailChoices,
    EmailKind,
    LetterReview,
    Notification,
    NotificationKind,
    OutgoingEmail,
    Topic,
    User,
    Wave,
)
from letters.organizer.notifications import queries
from letters.organizer.notifications.daily_email import days_of, span_to_tell
from letters.shared import wakeups

# Staff get at most one email about collectives in this time.
BETWEEN_STAFF_EMAILS = timedelta(hours=1)
# Moderators of the site get at most one email about reports and appeals in this time.
BETWEEN_MODERATORS_EMAILS = timedelta(days=1)
# Race: a collective that was created a moment ago may not be visible yet. The next email names it.
SETTLED_AFTER = timedelta(minutes=1)
RETENTION = timedelta(days=30)
MAX_FORGOTTEN = 1000


def announce(kind: NotificationKind, *cause: object, now: datetime, **about: Any) -> None:
    """Store that something happened. This is the only way to email organizers or staff about an event. Idempotent for
    one kind and cause.

    Call it in the transaction of its cause. A worker finds out who gets it, so that the caller does not wait for that.
    """
    key = ":".join(map(str, [kind.value, *cause]))
    # Race: the unique key decides. The insert waits only until the other transaction has ended.
    Notification.objects.bulk_create([Notification(kind=kind, key=key, created_at=now, **about)], ignore_conflicts=True)


@transaction.atomic
def announce_shields(*, now: datetime) -> None:
    """Tell the organizers of each letter whose shield was raised."""
    raised = Wave.objects.filter(shielded_at__isnull=False, announced_at=None).select_related("letter__collective")
    for wave in raised.select_for_update(of=("self",), skip_locked=True):
        letter = wave.letter
        announce(NotificationKind.SHIELD, wave.pk, collective=letter.collective, letter=letter, now=now)
        Wave.objects.filter(pk=wave.pk).update(announced_at=now)


def spread_all(*, now: datetime) -> None:
    for notification_id in queries.to_spread():
        spread_notification(notification_id, now=now)


@transaction.atomic
def spread_notification(notification_id: int, *, now: datetime) -> None:
    """Create one email for each person who gets this notification.

    The emails and the mark that they exist are written in one transaction, so a worker that dies neither loses nor
    repeats one.
    """
    waiting = Notification.objects.filter(pk=notification_id, spread_at=None)
    notification = waiting.select_for_update(no_key=True, skip_locked=True).first()
    if notification is None:
        return
    is_copy = notification.kind == NotificationKind.UPDATE_COPY
    kind = EmailKind.UPDATE_COPY if is_copy else EmailKind.NOTIFICATION
    emails = [
        new_email(kind, notification.pk, account.pk, now=now, notification=notification, account=account)
        for account in queries.recipients_of(notification)
    ]
    OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
    Notification.objects.filter(pk=notification.pk).update(spread_at=now)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)


def end_days(*, now: datetime, most: int) -> None:
    """Report past days to the members of each collective, once DAILY_HOUR has passed in its time zone."""
    # A collective that was told about a day in the last few hours cannot have another complete day.
    for untold in queries.collectives_to_tell(now - timedelta(hours=20)):
        span = span_to_tell(ZoneInfo(untold.timezone), untold.told_until, now=now)
        if span and end_day(untold, *span, now=now):
            most -= 1
        if not most:
            return


@transaction.atomic
def end_day(untold: queries.Untold, begins: datetime, ends: datetime, *, now: datetime) -> bool:
    """Announce what happened in the days until `ends`, if anything did. Returns False if another worker has done so.

    Race: comparing and setting `told_until` is one statement, and the notification is in the same transaction. So a
    worker that dies loses no day, and two workers never report a day twice.
    """
    seen = Collective.objects.filter(pk=untold.collective_id, told_until=untold.told_until)
    if not seen.update(told_until=ends):
        return False
    collective = Collective.objects.get(pk=untold.collective_id)
    if days_of(collective, begins, ends, TOPICS_OF[NotificationKind.DAILY]):
        about = {"collective": collective, "begins_at": begins, "ends_at": ends}
        announce(NotificationKind.DAILY, collective.pk, ends.isoformat(), now=now, **about)
    return True


def tell_staff(*, now: datetime) -> None:
    """Tell staff about collectives that wait for them, at most once in BETWEEN_STAFF_EMAILS.

    Race: the key names the beginning, so two workers that see the same one announce once.
    """
    last = queries.last_of(NotificationKind.COLLECTIVES_WAIT)
    begins, ends = last.ends_at if last else None, now - SETTLED_AFTER
    is_early = begins is not None and ends - begins < BETWEEN_STAFF_EMAILS
    if not is_early and queries.collectives_waiting(begins, ends).exists():
        since = begins.isoformat() if begins else "start"
        announce(NotificationKind.COLLECTIVES_WAIT, since, begins_at=begins, ends_at=ends, now=now)


def tell_of_reviews(*, now: datetime) -> None:
    """Tell organizers what became of a text that waited for a site moderator.

    Race: the mark and the notification belong to one transaction. The clock itself tells of a first text that it
    publishes.
    """
    for review_id in queries.reviews_to_tell():
        with transaction.atomic():
            untold = LetterReview.objects.filter(pk=review_id, told_at=None).select_related("letter__collective")
            review = untold.select_for_update(of=("self",), skip_locked=True).first()
            if review is None:
                continue
            LetterReview.objects.filter(pk=review.pk).update(told_at=now)
            if review.outcome == LetterReview.Outcome.SENT_BACK or review.kind != LetterReview.Kind.FIRST:
                about = {"letter": review.letter, "collective": review.letter.collective}
                announce(NotificationKind.LETTER_REVIEWED, review.pk, now=now, **about)


def tell_moderators(*, now: datetime) -> None:
    """Tell the moderators of the site that reports or appeals wait, at most once a day, and only if one is new.

    Race: as in `tell_staff`.
    """
    last = queries.last_of(NotificationKind.REPORTS_WAIT)
    begins, ends = last.ends_at if last else None, now - SETTLED_AFTER
    is_early = begins is not None and ends - begins < BETWEEN_MODERATORS_EMAILS
    if not is_early and queries.is_new_for_moderators(begins, ends):
        since = begins.isoformat() if begins else "start"
        announce(NotificationKind.REPORTS_WAIT, since, begins_at=begins, ends_at=ends, now=now)


def forget_notifications(*, now: datetime) -> None:
    """Delete old notifications with their emails, except the last that told staff or moderators: the next one begins
    there.
    """
    last = [queries.last_of(kind) for kind in (NotificationKind.COLLECTIVES_WAIT, NotificationKind.REPORTS_WAIT)]
    kept = [each.pk for each in last if each]
    old = Notification.objects.filter(created_at__lt=now - RETENTION).exclude(pk__in=kept)
    Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:MAX_FORGOTTEN])).delete()


@transaction.atomic
def choose_emails(account: User, *, wanted: Mapping[Topic, bool], language: str) -> None:
    """Store which emails the person wants. Topics that are not in `wanted` stay as they were."""
    choices = EmailChoices.objects.locked(account)
    choices.topics |= {topic.value: wants for topic, wants in wanted.items()}
    choices.language = language
    choices.save()


@transaction.atomic
def switch_off(account: User, kind: NotificationKind) -> None:
    """Switch off everything that one kind of email is about. Idempotent."""
    EmailChoices.objects.switch_off(account, kind)
