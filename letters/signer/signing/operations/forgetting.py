"""Delete what is no longer needed: unconfirmed signatures, submissions, requests and emails."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest

from letters.models import (
    A_DAY,
    ASKED_FOR,
    BOUNCED_OR_REPORTED,
    COMPLAINED,
    FORGOTTEN,
    LEFT,
    RETENTION,
    TO_FORGET,
    ConfirmationCode,
    MailRequest,
    OutgoingEmail,
    Signature,
    State,
    Submission,
    Transition,
    retention_of,
)
from letters.shared.batches import BATCH_SIZE, batches_of_ids
from letters.shared.sql import execute
from letters.signer.signing import queries
from letters.signer.signing.operations.detaching import KIND
from letters.signer.signing.operations.leaving import empty_signature

# A reminder can still be sent for this long after it is due, because the task runs only every ten minutes.
OWED_WITHIN = timedelta(hours=1)


def purge_unconfirmed(*, now: datetime) -> int:
    """Delete signatures that nobody has confirmed within CONFIRMATION_DAYS, with address and emails. Return how many.

    After a spam complaint the keyed hash stays, as after "it wasn't me": the site writes no more to that address.
    """
    waited = _unconfirmed(now)
    purged = 0
    for concerns in _pending_since(now - timedelta(days=settings.CONFIRMATION_DAYS)):
        if Signature.Concern.COMPLAINED in concerns.values():
            for signature in waited.filter(pk__in=concerns, concern=Signature.Concern.COMPLAINED):
                empty_signature(signature, Transition.DISOWN_COMPLAINED, now=now)
        purged += _purge_batch(waited.exclude(concern=Signature.Concern.COMPLAINED), list(concerns))
    return purged


def _pending_since(since: datetime) -> Iterator[dict[int, str]]:
    """Yield the pending signatures of that time, in batches: the concern of each, by its id.

    Performance: emails and submissions are looked up for each batch. If they were part of this query, PostgreSQL would
    read all of the site to find a few.
    """
    pending = Signature.objects.filter(state=State.PENDING)
    for letter_id in list(pending.values_list("letter", flat=True).distinct()):
        old, after = pending.filter(letter=letter_id, signed_at__lte=since).order_by("pk"), 0
        while batch := dict(old.filter(pk__gt=after).values_list("pk", "concern")[:BATCH_SIZE]):
            yield batch
            after = max(batch)


@transaction.atomic
def _purge_batch(old: QuerySet[Signature], ids: list[int]) -> int:
    # Performance: a prepared statement would get one plan for all times, and that plan reads every email of the site.
    execute("SET LOCAL plan_cache_mode = force_custom_plan")
    # Race: someone may confirm at this moment, so check all conditions under the lock.
    doomed = list(old.filter(pk__in=ids).select_for_update().values_list("pk", flat=True))
    # Performance: each foreign key is checked for each row, and every check would get a plan of its own.
    execute("SET LOCAL plan_cache_mode = DEFAULT")
    return Signature.objects.remove_locked(Transition.PURGE, doomed) if doomed else 0


def _unconfirmed(now: datetime) -> QuerySet[Signature]:
    since = now - timedelta(days=settings.CONFIRMATION_DAYS)
    # A signature that is pending again because its email bounced gets the whole time again, from the bounce. Privacy:
    # every page "check your email" must work until it ends. Otherwise it would tell whether the address had signed
    # before.
    kept = Q(failed_at__gt=since) | Q(created_at__gt=now - queries.CHECK_LIFETIME, kind__in=ASKED_FOR)
    # Privacy: organizers read how many invitations bounced. That number must not tell who has not confirmed.
    kept |= Q(BOUNCED_OR_REPORTED, kind=OutgoingEmail.Kind.INVITED)
    keeping = OutgoingEmail.objects.filter(kept, signature=OuterRef("pk"))
    # Each submission can be confirmed for the whole time, whoever typed an earlier one.
    typed = Submission.objects.unanswered().filter(signature=OuterRef("pk"), submitted_at__gt=since)
    return Signature.objects.filter(~Exists(keeping), ~Exists(typed), state=State.PENDING, signed_at__lte=since)


def forget_submissions(*, now: datetime) -> int:
    """Delete what was typed after a signature had been confirmed, once CONFIRMATION_DAYS are over. Return how many.

    Delete codes that can no longer be used, and addresses that no email needs.
    """
    _delete_in_batches(ConfirmationCode.objects.filter(expires_at__lte=now - queries.CHECK_LIFETIME))
    _forget_typed_addresses(now)
    # Delete them even if an email about them still waits: the page and the emails say how long they are kept.
    old = Submission.objects.filter(submitted_at__lte=now - timedelta(days=settings.CONFIRMATION_DAYS))
    return _delete_in_batches(old.exclude(signature__state=State.PENDING))


def _forget_typed_addresses(now: datetime) -> None:
    owed = OutgoingEmail.objects.owed().filter(signature=OuterRef("signature"), submission_id=OuterRef("pk"))
    reminded = now - timedelta(hours=max(settings.REMINDER_HOURS, default=0)) - OWED_WITHIN
    kept = Submission.objects.filter(~Exists(owed), address__isnull=False, submitted_at__lte=reminded)
    kept.exclude(answered_at=None).delete()
    # A submission that can be confirmed keeps its address, which becomes that of the signer.
    kept.exclude(signature__state=State.PENDING).update(address=None)


def forget_requests(*, now: datetime) -> int:
    """Delete the addresses of requests whose email has ended, and later the requests. Return how many requests."""
    _forget_counts(now)
    emails = OutgoingEmail.objects.filter(request_id=OuterRef("pk"))
    MailRequest.objects.filter(~Exists(emails.owed()), address__isnull=False).update(address=None)
    return _delete_in_batches(MailRequest.objects.filter(~Exists(emails), requested_at__lte=now - RETENTION))


def _forget_counts(now: datetime) -> None:
    """Delete what a withdrawn signature left behind to count its emails, after a day."""
    left = OutgoingEmail.objects.filter(TO_FORGET, kind=KIND, key__startswith=LEFT)
    ended = left.annotate(left_at=Greatest("sent_at", "failed_at", "dropped_at")).filter(left_at__lte=now - A_DAY)
    # Spam complaints are kept longer, like those about any other request.
    while batch := dict(ended.exclude(error=COMPLAINED).values_list("pk", "request_id")[:BATCH_SIZE]):
        OutgoingEmail.objects.filter(pk__in=batch).delete()
        MailRequest.objects.filter(pk__in=batch.values()).delete()


def forget_emails(*, now: datetime) -> int:
    """Delete emails that ended a while ago, except those that organizers are still shown. Return how many."""
    forgotten = 0
    for kind in FORGOTTEN:
        before = now - retention_of(kind)
        old = OutgoingEmail.objects.filter(TO_FORGET, kind=kind, created_at__lte=before)
        ended = old.annotate(ended_at=Greatest("sent_at", "failed_at", "dropped_at")).filter(ended_at__lte=before)
        # Privacy: a spam complaint stops our emails to the address, so it stays whether the address has signed or not.
        unwanted = Q(error=COMPLAINED)
        forgotten += _delete_in_batches(
            ended.exclude(BOUNCED_OR_REPORTED, signature__state=State.PENDING).exclude(unwanted)
        )
    return forgotten


def _delete_in_batches(doomed: QuerySet[Any]) -> int:
    return sum(doomed.filter(pk__in=ids).delete()[0] for ids in batches_of_ids(doomed))
