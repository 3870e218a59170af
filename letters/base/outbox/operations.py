"""Claim emails that are due, store the result of each, and apply its consequences for the signature."""

from datetime import datetime, timedelta
from functools import reduce
from math import ceil
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat

from letters.base.audit_log.operations import record
from letters.base.outbox.mail import SendResult, Verdict
from letters.base.switches.queries import is_on
from letters.models import (
    ACTIVE,
    BULK,
    COMPLAINED,
    CONFIRMED_OR_SEALED,
    EMPTIED,
    OF_FORMS,
    OF_ORGANIZERS,
    Display,
    EmailChoices,
    MailRequest,
    MemberInvitation,
    Notification,
    NotificationKind,
    OutgoingEmail,
    OutgoingEmailQuerySet,
    Signature,
    Submission,
    Switch,
    Transition,
    Update,
    User,
    kinds_in_sql,
)
from letters.shared import wakeups
from letters.shared.sql import execute, fetch_rows

MAX_PAUSE = timedelta(hours=2)
# With the pauses below, these take about two days of temporary refusals.
MAX_ATTEMPTS = 30

VERBS = {Signature.Concern.BOUNCED: "note_bounce", Signature.Concern.COMPLAINED: "note_complaint"}

# The work lists, with exactly the conditions of their partial indexes (letters/models/outgoing_email.py).
AT_ONCE = f"kind NOT IN ({kinds_in_sql(BULK)})"
LATER = f"kind IN ({kinds_in_sql(BULK)}) AND update_id IS NULL"
OF_UPDATE = "update_id = %(update)s"
# The number of updates that share a batch.
MAX_CONCURRENT_UPDATES = 10
# MATERIALIZED: otherwise PostgreSQL may run the subquery once for each row, and claim more than its limit.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM letters_outgoingemail
    WHERE next_attempt_at <= %(now)s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AND {which}
    ORDER BY next_attempt_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE letters_outgoingemail AS delivery SET attempts = attempts + 1, next_attempt_at = %(lease)s
FROM due WHERE delivery.id = due.id
RETURNING delivery.*
"""

# The emails of a batch that are still ours and not settled. Lock order: withdrawing takes rows in another order, so
# rows that are locked are skipped.
RENEW = """
WITH held AS MATERIALIZED (
    SELECT delivery.id FROM letters_outgoingemail AS delivery
    JOIN unnest(%(ids)s::bigint[], %(marks)s::timestamptz[]) AS claimed (id, mark)
        ON delivery.id = claimed.id AND delivery.next_attempt_at = claimed.mark
    WHERE sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
    FOR UPDATE OF delivery SKIP LOCKED
)
UPDATE letters_outgoingemail AS delivery SET next_attempt_at = %(lease)s FROM held WHERE delivery.id = held.id
RETURNING delivery.id
"""

# Performance: most emails end here, and the ORM would take longer than the database.
NOTE_SENT = """
UPDATE letters_outgoingemail SET sent_at = %s, error = ''
WHERE id = %s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
"""

# Privacy: the person who asked gave the address for this one email only.
NOTE_SENT_AND_FORGET = f"""
WITH sent AS ({NOTE_SENT} RETURNING request_id)
UPDATE letters_mailrequest SET address = NULL FROM sent WHERE id = request_id AND address IS NOT NULL
"""  # noqa: S608 -- our own statement


def claim_emails(*, now: datetime, most: int, bulk: bool = False) -> list[OutgoingEmail]:
    """Claim up to `most` emails for MAIL_LEASE_SECONDS, the longest due first: bulk emails, or all others.

    `now` is the database's clock, as everywhere a lease is compared. If this worker dies, the emails are due again
    after the lease; while it lives, it extends the lease. Bulk emails are not claimed while bulk email is switched off,
    nor the emails of an update while it is paused.
    """
    if not bulk:
        return _claim(AT_ONCE, now=now, most=most)
    if not is_on(Switch.Name.SEND_BULK_MAIL):
        return []
    # Each work list gets an equal share of what is left, so that an update to a million people does not delay one to a
    # hundred.
    lists = [(LATER, 0), *((OF_UPDATE, update) for update in _updates_being_sent())]
    claimed: list[OutgoingEmail] = []
    for place, (which, update) in enumerate(lists):
        share = ceil((most - len(claimed)) / (len(lists) - place))
        claimed += _claim(which, now=now, most=share, update=update)
    return claimed


def _updates_being_sent() -> list[int]:
    """Return updates in random order, so that each gets a turn if there are more than fit into one batch."""
    sending = Update.objects.under_way().filter(state=Update.State.SENDING)
    return list(sending.order_by("?").values_list("pk", flat=True)[:MAX_CONCURRENT_UPDATES])


def _claim(which: str, *, now: datetime, most: int, update: int = 0) -> list[OutgoingEmail]:
    """Claim in one statement, so that nothing is claimed halfway."""
    values: dict[str, Any] = {"now": now, "most": most, "lease": _lease(now), "update": update}
    claimed = OutgoingEmail.objects.raw(CLAIM.format(which=which), values)
    return sorted(claimed, key=lambda outgoing: outgoing.pk)


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def renew_claims(batch: list[OutgoingEmail], *, now: datetime) -> None:
    """Extend the lease of what this worker still holds. Emails that another worker has taken over stay with it."""
    lease = _lease(now)
    values: dict[str, Any] = {
        "ids": [outgoing.pk for outgoing in batch],
        "marks": [outgoing.next_attempt_at for outgoing in batch],
        "lease": lease,
    }
    held = {outgoing_email_id for (outgoing_email_id,) in fetch_rows(RENEW, values)}
    for outgoing in batch:
        if outgoing.pk in held:
            outgoing.next_attempt_at = lease


def settle_email(outgoing: OutgoingEmail, answer: SendResult, *, now: datetime) -> None:
    """Store how the mail server answered."""
    if answer.verdict is Verdict.SENT:
        # Store that it was sent, whoever holds the claim now. Otherwise it would be sent again.
        asked_for = outgoing.request_id is not None
        execute(NOTE_SENT_AND_FORGET if asked_for else NOTE_SENT, [now, outgoing.pk])
    elif answer.bounced:
        _note_bounce(outgoing, _still_claimed([outgoing]), error=answer.error, at=now, now=now)
    elif answer.verdict is Verdict.NEVER or outgoing.attempts >= MAX_ATTEMPTS:
        _still_claimed([outgoing]).update(failed_at=now, error=answer.error)
    else:
        pause = pause_after(outgoing.attempts)
        _still_claimed([outgoing]).update(next_attempt_at=now + pause, error=answer.error)


def drop_email(outgoing: OutgoingEmail, *, now: datetime) -> None:
    """Drop an email whose cause no longer holds.

    Privacy: an address that was typed for a signature that its owner has withdrawn or disowned is no longer needed.
    """
    OutgoingEmail.objects.owed().filter(pk=outgoing.pk).update(dropped_at=now)
    if outgoing.submission_id:
        about = OutgoingEmail.objects.owed().filter(signature=OuterRef("signature"), submission_id=OuterRef("pk"))
        typed = Submission.objects.filter(~Exists(about), pk=outgoing.submission_id, signature__state__in=EMPTIED)
        typed.update(address=None)


@transaction.atomic
def put_off_email(outgoing: OutgoingEmail, *, until: datetime, now: datetime) -> None:
    """Delay an email without counting an attempt.

    Only the newest email for a signature waits like this, because earlier ones would say the same. Emails from
    organizers and from forms say different things, so they do not replace each other. Emails about no signature are
    each for another person.
    """
    changed = _still_claimed([outgoing]).update(next_attempt_at=until, put_off_at=now, attempts=0)
    if changed and (outgoing.signature_id or outgoing.request_id):
        # Race: drop only earlier emails, so that two that are delayed at the same moment do not wait for each other.
        waiting = _owed_to_same_address(outgoing).filter(pk__lt=outgoing.pk)
        is_alike = Q(kind__in=[outgoing.kind]) if outgoing.kind in OF_ORGANIZERS else ~Q(kind__in=OF_ORGANIZERS)
        waiting.filter(is_alike, put_off_at__isnull=False).update(dropped_at=now)


def _owed_to_same_address(outgoing: OutgoingEmail) -> OutgoingEmailQuerySet:
    """Select unsent emails about the same letter to the same spelling of an address.

    Privacy: this includes emails about no signature. The address may have signed between two emails, and must not get
    fewer emails because of that. Abuse: a person who types another spelling must not replace someone's email.
    """
    owed = OutgoingEmail.objects.owed().filter(spelling_hash=outgoing.spelling_hash)
    about = outgoing.signature or outgoing.request
    if about is None or about.address_hash is None:
        return owed.filter(signature=outgoing.signature, invitation=outgoing.invitation)
    same = {"letter_id": about.letter_id, "address_hash": about.address_hash}
    signatures = list(Signature.objects.filter(**same).values_list("pk", flat=True))
    requests = list(MailRequest.objects.filter(**same).values_list("pk", flat=True))
    return owed.filter(Q(signature__in=signatures) | Q(signature=None, request__in=requests))


def postpone_email(outgoing: OutgoingEmail, *, until: datetime, why: str) -> None:
    """Delay an email without counting an attempt, because its domain does not accept emails now."""
    _still_claimed([outgoing]).update(next_attempt_at=until, attempts=F("attempts") - 1, error=why)


def release_emails(outgoing_emails: list[OutgoingEmail], *, now: datetime) -> None:
    """Release emails that were not attempted, so that they are due at once and no attempt is counted."""
    if outgoing_emails:
        _still_claimed(outgoing_emails).update(next_attempt_at=now, attempts=F("attempts") - 1)


def note_bounce(outgoing: OutgoingEmail, *, at: datetime, now: datetime, error: str = "bounced") -> None:
    """Store a permanent bounce that the provider reported, with its time. Idempotent."""
    taken = OutgoingEmail.objects.filter(pk=outgoing.pk, failed_at=None, dropped_at=None)
    _note_bounce(outgoing, taken, error=error, at=at, now=now)


def note_complaint(outgoing: OutgoingEmail, *, at: datetime, now: datetime) -> None:
    """Store that the owner of the mailbox reported the email as spam. Idempotent."""
    if outgoing.notification:
        _note_unwanted_notification(outgoing, outgoing.notification)
        return
    if outgoing.signature_id is None:
        _note_unwanted_invitation(outgoing, now=now)
        return
    with transaction.atomic():
        signature = _locked(outgoing)
        if signature is None or not OutgoingEmail.objects.filter(pk=outgoing.pk).exclude(error=COMPLAINED).update(
            error=COMPLAINED
        ):
            return
        _raise_concern(signature, outgoing, Signature.Concern.COMPLAINED, error=COMPLAINED, at=at, now=now)
        # An email that a worker has claimed is checked again before it is sent.
        # Privacy: emails that a form caused are dropped only then. Dropped here, they would be missing from the log of
        # a mail server only if the address had signed before.
        owed = OutgoingEmail.objects.owed().filter(signature=signature).exclude(kind__in=OF_FORMS)
        owed = owed.select_for_update(skip_locked=True, no_key=True)
        OutgoingEmail.objects.filter(pk__in=[each.pk for each in owed]).update(dropped_at=now)


def note_delay(outgoing: OutgoingEmail) -> None:
    """Note that the email is delayed, or failed for a reason outside the mailbox. Nothing else changes."""
    OutgoingEmail.objects.filter(pk=outgoing.pk, sent_at__isnull=False, error="").update(error="deferred")


def pause_after(attempts: int) -> timedelta:
    """Return the pause after this many attempts: 15 s, 30 s, 1 min … at most two hours."""
    pause = timedelta(seconds=settings.MAIL_RETRY_SECONDS * 2 ** min(attempts - 1, 20))
    return min(pause, MAX_PAUSE)


def _still_claimed(outgoing_emails: list[OutgoingEmail]) -> OutgoingEmailQuerySet:
    """Select the emails that no other worker has taken over: the end of the lease identifies the claim."""
    of_mark: dict[datetime, list[int]] = {}
    for outgoing in outgoing_emails:
        of_mark.setdefault(outgoing.next_attempt_at, []).append(outgoing.pk)
    ours = (Q(next_attempt_at=mark, pk__in=ids) for mark, ids in of_mark.items())
    return OutgoingEmail.objects.owed().filter(reduce(or_, ours))


@transaction.atomic
def _note_bounce(
    outgoing: OutgoingEmail, still: OutgoingEmailQuerySet, *, error: str, at: datetime, now: datetime
) -> None:
    """End the email, if `still` finds it unchanged, and apply the consequences."""
    if outgoing.signature_id is None:
        # A bounced invitation or notification. Its owner can see the first, and nothing else changes.
        still.update(sent_at=None, failed_at=now, error=error)
        return
    signature = _locked(outgoing)
    if signature and still.update(sent_at=None, failed_at=now, error=error):
        _raise_concern(signature, outgoing, Signature.Concern.BOUNCED, error=error, at=at, now=now)


@transaction.atomic
def _note_unwanted_notification(outgoing: OutgoingEmail, notification: Notification) -> None:
    """Switch off such emails to the account, as the link in them does."""
    OutgoingEmail.objects.filter(pk=outgoing.pk).update(error=COMPLAINED)
    if account := User.objects.filter(pk=outgoing.account_id or 0).first():
        EmailChoices.objects.switch_off(account, NotificationKind(notification.kind))


@transaction.atomic
def _note_unwanted_invitation(outgoing: OutgoingEmail, *, now: datetime) -> None:
    """Revoke the invitation. Whether other emails may go to this address is checked when they are sent."""
    OutgoingEmail.objects.filter(pk=outgoing.pk).update(error=COMPLAINED)
    invitation = (
        MemberInvitation.objects.open().select_for_update(no_key=True).filter(pk=outgoing.invitation_id or 0).first()
    )
    if invitation:
        MemberInvitation.objects.filter(pk=invitation.pk).update(address=None, revoked_at=now)
        record("note_complaint", invitation, by=None, now=now, reason=COMPLAINED)


def _locked(outgoing: OutgoingEmail) -> Signature | None:
    """Lock the signature, if it still exists. Lock order: before the email's own row, as withdrawing and purging do.

    The letter's row is not locked: the sequencer, which holds it, finds changes by itself.
    """
    return Signature.objects.select_for_update(no_key=True).filter(pk=outgoing.signature_id or 0).first()


def _raise_concern(
    signature: Signature,
    outgoing: OutgoingEmail,
    concern: Signature.Concern,
    *,
    error: str,
    at: datetime,
    now: datetime,
) -> None:
    """Apply the consequences and record them, so that organizers can be told why a signature waits again."""
    # Abuse: otherwise someone who types a non-existent spelling could undo another person's confirmation.
    if not outgoing.goes_to_signer(signature):
        return
    changes, asks_again = _consequences(signature, outgoing, concern, at)
    locked = Signature.objects.filter(pk=signature.pk)
    if changes and not asks_again:
        locked.update(**changes, to_score=signature.state in CONFIRMED_OR_SEALED)
        transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    if asks_again:
        locked.move(Transition.ASK_AGAIN, **changes)
        # A signer who confirms again gets thanks again, so the key of that email must be free.
        thanks = OutgoingEmail.objects.filter(signature=signature, kind=OutgoingEmail.Kind.THANKS)
        thanks.update(key=Concat("key", Value(":"), "pk", output_field=CharField()))
        transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    states = {"from": signature.state, "to": Transition.ASK_AGAIN.target if asks_again else signature.state}
    details = {"letter": signature.letter_id, "mail": outgoing.kind, **states}
    record(VERBS[concern], signature, by=None, now=now, reason=error, details=details)


def _consequences(
    signature: Signature, outgoing: OutgoingEmail, concern: Signature.Concern, at: datetime
) -> tuple[dict[str, Any], bool]:
    """Return what changes in a signature after its email bounced or was reported as spam, and whether its signer must
    confirm again.

    A bounce undoes no confirmation if the email was caused with it (the thank-you) or after it. The signer has read
    another email. Privacy: anyone can cause an email by typing the address. If its bounce undid a confirmation, a
    company that bounces its own mail could see in the public counts that an employee has signed, and have the signature
    deleted. If it marked the signature for the moderators, one of them could see that. The same holds for a spam
    complaint about a signature without a name, which gets no email but those.
    """
    if signature.state == Signature.State.INVITED:
        return {"concern": concern}, False
    if signature.state not in ACTIVE:
        return {}, False
    # Providers report late and repeatedly. A signer who has confirmed since then has shown that the mailbox is theirs.
    # A time before the signing comes from a wrong clock.
    disproved = signature.confirmed_at is not None and signature.signed_at <= at < signature.confirmed_at
    if disproved and concern == Signature.Concern.BOUNCED:
        return {}, False
    if _says_nothing(signature, outgoing, concern):
        return {}, False
    changes: dict[str, Any] = {"concern": concern} if _outweighs(concern, signature) else {}
    thanked = outgoing.kind == OutgoingEmail.Kind.THANKS
    outweighed = disproved or (thanked and concern == Signature.Concern.BOUNCED)
    return changes, signature.state in Transition.ASK_AGAIN.sources and not outweighed


def _says_nothing(signature: Signature, outgoing: OutgoingEmail, concern: Signature.Concern) -> bool:
    """Return whether a stranger could have caused the email after the owner of the mailbox had confirmed, or the site
    to someone who is not named yet.
    """
    if signature.confirmed_at is None:
        return False
    is_later = outgoing.kind in OF_FORMS and outgoing.created_at > signature.confirmed_at
    # Abuse: a company that bounces its own mail must not keep a letter below the number of names that it needs.
    is_later |= signature.state == Signature.State.SEALED and outgoing.created_at >= signature.confirmed_at
    is_nameless = signature.display == Display.NOBODY
    return is_nameless or (is_later and concern == Signature.Concern.BOUNCED)


def _outweighs(concern: Signature.Concern, signature: Signature) -> bool:
    """Return whether the concern replaces the current one. A concern that holds a signature back must stay."""
    if concern == Signature.Concern.COMPLAINED or not signature.concern:
        return True
    return signature.state == Signature.State.PUBLISHED and signature.concern != Signature.Concern.COMPLAINED
