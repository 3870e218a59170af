"""Suspend an account or a collective, end that, and tell the people concerned.

A suspended account cannot sign in. A suspended collective keeps its members, who can read its pages and change nothing:
`change_letter` and `change_collective` refuse (letters/base/changes). Its public letters stay, and people can sign them
and withdraw: signers acted freely, and do not lose their voice because of a collective. To take a letter down is a
separate decision, with its own reason.
"""

from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import transaction

from letters.base.accounts.operations import mail_to_account
from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_collective_unasked
from letters.models import AuditEvent, Collective, EmailKind, Letter, OutgoingEmail, Suspension, Update, User
from letters.organizer.collectives.mail import suspension_emails
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused

MAX_REASON = 1000
# The kinds of email that a suspended collective causes.
KINDS = [EmailKind.INVITED, EmailKind.TEAM_INVITATION, EmailKind.CARRY_OVER]


@transaction.atomic
def suspend_collective(collective: Collective, *, reason: str, by: User, now: datetime) -> Suspension:
    """Stop everything that a collective does.

    Updates that are being sent are paused and stay so. Invitations and questions about a change wait. A scheduled
    publication does not happen. Raises Refused("not_yours"), Refused("no_reason") or Refused("suspended_already").
    """
    _require_may_suspend(by, reason)
    change_collective_unasked(collective, by=by, now=now)
    # Race: an operation on a letter either has ended by now, so that its work is stopped here, or sees the suspension.
    list(Letter.objects.filter(collective=collective).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    if collective.suspended_at:
        raise Refused(Refusal.SUSPENDED_ALREADY)
    Collective.objects.filter(pk=collective.pk).update(suspended_at=now)
    collective.suspended_at = now
    Update.objects.filter(letter__collective=collective).pause()
    record("suspend_collective", collective, by=by, now=now, reason=reason.strip())
    return Suspension.objects.create(collective=collective, reason=reason.strip(), began_at=now, began_by=by)


@transaction.atomic
def suspend_account(account: User, *, reason: str, by: User, now: datetime) -> Suspension:
    """End an account's sessions and stop what it began. Raises Refused as `suspend_collective` does.

    Nobody suspends a superuser, and so nobody suspends themselves: the site must keep someone who runs it. What the
    account began for its collectives stops, and other members can begin it again.
    """
    _require_may_suspend(by, reason)
    account.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    if refusal := why_not_suspended(account):
        raise Refused(refusal)
    User.objects.filter(pk=account.pk).update(is_active=False, suspended_at=now)
    account.is_active, account.suspended_at = False, now
    for session in UserSession.objects.filter(user=account):
        session.end()
    _stop_what_it_began(account, now)
    record("suspend_account", account, by=by, now=now, reason=reason.strip())
    return Suspension.objects.create(account=account, reason=reason.strip(), began_at=now, began_by=by)


def why_not_suspended(account: User) -> Refusal | None:
    """Return why an account cannot be suspended; None if it can."""
    if account.is_superuser:
        return Refusal.RUNS_THE_SITE
    if account.is_active:
        return None
    return Refusal.SUSPENDED_ALREADY if account.suspended_at else Refusal.CLOSED_ACCOUNT


@transaction.atomic
def end_suspension(suspension: Suspension, *, reason: str, by: User, now: datetime) -> None:
    """Restore what was suspended. Idempotent. Raises Refused("not_yours") or Refused("no_reason").

    A letter whose scheduled time has passed becomes a draft without a time, because nobody may expect it any more.
    """
    _require_may_suspend(by, reason)
    if suspension.collective:
        change_collective_unasked(suspension.collective, by=by, now=now)
    current = Suspension.objects.current().filter(pk=suspension.pk)
    if not current.update(ended_at=now, ended_by=by, end_reason=reason.strip()):
        return
    if suspension.collective:
        _restore_collective(suspension.collective, now)
        record("restore_collective", suspension.collective, by=by, now=now, reason=reason.strip())
    elif suspension.account:
        # An account that was closed since then stays closed.
        suspended = User.objects.filter(pk=suspension.account.pk, suspended_at__isnull=False)
        suspended.update(is_active=True, suspended_at=None)
        record("restore_account", suspension.account, by=by, now=now, reason=reason.strip())
    suspension.refresh_from_db()


def _restore_collective(collective: Collective, now: datetime) -> None:
    Collective.objects.filter(pk=collective.pk).update(suspended_at=None)
    missed = Letter.objects.filter(collective=collective, publish_at__lte=now, status=Letter.Status.DRAFT)
    missed.update(publish_at=None, publish_refused="")
    Letter.objects.filter(collective=collective).exclude(publish_refused="").update(publish_refused="")
    for theirs in ({"signature__letter__collective": collective}, {"invitation__collective": collective}):
        OutgoingEmail.objects.owed().filter(kind__in=KINDS, **theirs).update(next_attempt_at=now)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)
    transaction.on_commit(wakeups.notify_mail_worker)


def _require_may_suspend(by: User, reason: str) -> None:
    if not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    if len(reason) > MAX_REASON:
        raise Refused(Refusal.TOO_LONG)


def _stop_what_it_began(account: User, now: datetime) -> None:
    """Stop updates, schedules and invitations that this account began.

    Its invitations of members need no work: only those of an active owner can be accepted.
    """
    theirs = AuditEvent.objects.filter(actor=account)
    Update.objects.filter(pk__in=_done(theirs, ["send_update", "resume_update"])).pause()
    scheduled = Letter.objects.filter(publish_at__isnull=False, pk__in=_done(theirs, ["schedule_letter"]))
    for letter in scheduled.order_by("pk").select_for_update(no_key=True):
        Letter.objects.filter(pk=letter.pk).update(publish_at=None, publish_refused="")
        record("schedule_letter", letter, by=None, now=now, details={"publish_at": None})
    lists = theirs.filter(verb="invite_first_signers").values_list("object_id", "at")
    for letter_id, at in lists:
        # Privacy: drop all emails of a list together, whether or not people have answered.
        of_list = {"signature__letter": letter_id, "signature__signed_at": at, "kind": EmailKind.INVITED}
        OutgoingEmail.objects.owed().filter(**of_list).update(dropped_at=now)


def _done(events: Any, verbs: list[str]) -> Any:
    return events.filter(verb__in=verbs).values("object_id")


def tell_of_suspensions(*, now: datetime) -> None:
    """Email the people concerned, once for the beginning and once for the end.

    A worker does it, so that a suspension never waits for the mail server.
    """
    for column, is_end in (("told_at", False), ("told_end_at", True)):
        untold = Suspension.objects.filter(**{column: None})
        due = untold.filter(ended_at__isnull=False) if is_end else untold
        for suspension_id in list(due.order_by("pk").values_list("pk", flat=True)[:100]):
            _tell(suspension_id, column, is_end=is_end, now=now)


@transaction.atomic
def _tell(suspension_id: int, column: str, *, is_end: bool, now: datetime) -> None:
    """Race: the mark and the emails belong to one transaction. If there is no broker, both are tried again later."""
    untold = Suspension.objects.filter(pk=suspension_id, **{column: None})
    suspension = untold.select_for_update(of=("self",), skip_locked=True).first()
    if suspension is None:
        return
    untold.update(**{column: now})
    for message in suspension_emails(suspension, is_end=is_end):
        mail_to_account(message)
