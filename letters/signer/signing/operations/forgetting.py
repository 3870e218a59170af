"""Delete what nobody needs any more: unconfirmed signatures, submissions, requests and emails."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Greatest

from letters.models import (
    CAME_BACK,
    COMPLAINED,
    TO_FORGET,
    ConfirmationCode,
    MailRequest,
    OutgoingEmail,
    Signature,
    Submission,
)
from letters.signer.signing import queries
from letters.signer.signing.operations.leaving import LEFT, _is_pending, empty_signature

PURGE_BATCH_SIZE = 1000


# By then the clock has owed a reminder that is due. It looks every ten minutes.
OWED_WITHIN = timedelta(hours=1)


def purge_unconfirmed(*, now: datetime) -> int:
    """Delete signatures that nobody has confirmed within CONFIRMATION_DAYS, with address and mails. How many.

    Of whoever called our mail spam the hash is kept, as after "it wasn't me": that address is written to no more.
    """
    since = now - timedelta(days=settings.CONFIRMATION_DAYS)
    # One that had been confirmed, and waits again since its mail came back, has as long again from then. And the pages
    # "check your mail" lead to it until they end, or they would tell that it was there before they were opened.
    kept = Q(failed_at__gt=since) | Q(created_at__gt=now - queries.CHECK_LIFETIME, kind__in=queries.ASKED_FOR)
    # Privacy: organizers read how many invitations came back. That number must not tell who has not confirmed.
    kept |= Q(CAME_BACK, kind=OutgoingEmail.Kind.INVITED)
    keeping = OutgoingEmail.objects.filter(kept, signature=OuterRef("pk"))
    # Each submission may be confirmed for as long, whoever typed the one before it.
    typed = Submission.objects.unanswered().filter(signature=OuterRef("pk"), submitted_at__gt=since)
    waited = Signature.objects.filter(
        ~Exists(keeping), ~Exists(typed), state=Signature.State.PENDING, signed_at__lte=since
    )
    for signature in waited.filter(concern=Signature.Concern.COMPLAINED)[:PURGE_BATCH_SIZE]:
        # Somebody may confirm at this very moment.
        empty_signature(signature, now=now, only_if=_is_pending, state=Signature.State.DISOWNED)
    old = waited.exclude(concern=Signature.Concern.COMPLAINED)
    purged = 0
    while batch := list(old.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        with transaction.atomic():
            # Asked again under the lock: somebody may confirm at this very moment.
            doomed = old.filter(pk__in=batch).select_for_update().values_list("pk", flat=True)
            # With them go their contacts and deliveries.
            purged += Signature.objects.filter(pk__in=list(doomed)).delete()[1].get("letters.Signature", 0)
    return purged


def forget_submissions(*, now: datetime) -> int:
    """Delete what was typed after a signature had been confirmed, once CONFIRMATION_DAYS are over. How many.

    And the addresses that were kept for emails, none of which is owed or will be; and codes that nobody can use.
    """
    ConfirmationCode.objects.filter(expires_at__lte=now - queries.CHECK_LIFETIME).delete()
    owed = OutgoingEmail.objects.owed().filter(signature=OuterRef("signature"), submission_id=OuterRef("pk"))
    reminded = now - timedelta(hours=max(settings.REMINDER_HOURS, default=0)) - OWED_WITHIN
    kept = Submission.objects.filter(~Exists(owed), address__isnull=False)
    after_reminders = kept.filter(submitted_at__lte=reminded)
    after_reminders.filter(answered_at__isnull=False).delete()
    # One that waits keeps it: if it is confirmed, that is the signer's address.
    after_reminders.exclude(signature__state=Signature.State.PENDING).update(address=None)
    # Whatever is still owed: the page and the emails about it say how long it is kept.
    old = Submission.objects.filter(submitted_at__lte=now - timedelta(days=settings.CONFIRMATION_DAYS))
    doomed = old.exclude(signature__state=Signature.State.PENDING)
    forgotten = 0
    while batch := list(doomed.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        forgotten += Submission.objects.filter(pk__in=batch).delete()[0]
    return forgotten


def forget_requests(*, now: datetime) -> int:
    """Delete the addresses of emails that somebody asked for and that are not owed any more, and in the end the
    requests. How many.
    """
    _forget_counts(now)
    of_it = OutgoingEmail.objects.filter(request_id=OuterRef("pk"))
    MailRequest.objects.filter(~Exists(of_it.owed()), address__isnull=False).update(address=None)
    old = MailRequest.objects.filter(~Exists(of_it), requested_at__lte=now - RETENTION)
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        forgotten += MailRequest.objects.filter(pk__in=batch).delete()[0]
    return forgotten


def _forget_counts(now: datetime) -> None:
    """What a signature that was emptied had left behind (`_keep_count`): after a day nobody counts it."""
    left = OutgoingEmail.objects.filter(TO_FORGET, kind=OutgoingEmail.Kind.REQUESTED, key__startswith=LEFT)
    ended = left.annotate(left_at=Greatest("sent_at", "failed_at")).filter(left_at__lte=now - queries.DAY)
    # What its reader called spam is kept longer, like that of any other request.
    while batch := dict(ended.exclude(error=COMPLAINED).values_list("pk", "request_id")[:PURGE_BATCH_SIZE]):
        OutgoingEmail.objects.filter(pk__in=batch).delete()
        MailRequest.objects.filter(pk__in=batch.values()).delete()


# Mails that have ended are kept for so long; the first mail to a signer and the one that thanks, while there is a
# signature. Whoever types an address again and again would fill the table with them.
RETENTION = timedelta(days=7)


def forget_mails(*, now: datetime) -> int:
    """Delete what is left of mails that ended a while ago. How many. What organizers are still shown stays."""
    forgotten = 0
    for kind in [*queries.ASKED_FOR, OutgoingEmail.Kind.REMINDER, OutgoingEmail.Kind.THANKS]:
        # What keeps a reminder from being owed twice is its row.
        days = settings.CONFIRMATION_DAYS if kind == OutgoingEmail.Kind.REMINDER else 0
        before = now - max(RETENTION, timedelta(days=days))
        old = OutgoingEmail.objects.filter(TO_FORGET, kind=kind, created_at__lte=before)
        ended = old.annotate(ended_at=Greatest("sent_at", "failed_at", "dropped_at")).filter(ended_at__lte=before)
        # What its reader called spam keeps us from writing there once more. Privacy: whether they have signed or not.
        unwanted = Q(error=COMPLAINED)
        doomed = ended.exclude(CAME_BACK, signature__state=Signature.State.PENDING).exclude(unwanted)
        while batch := list(doomed.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
            forgotten += doomed.filter(pk__in=batch).delete()[0]
    return forgotten
