"""Claiming the mails that are due, and noting how each of them ended, and what that says of a signature."""

from datetime import datetime, timedelta
from functools import reduce
from math import ceil
from operator import or_
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Concat

from letters.base.audit_log.operations import record
from letters.base.outbox.mail import SendResult, Verdict
from letters.base.switches.queries import is_on
from letters.models import (
    BULK,
    COMPLAINED,
    OF_ORGANIZERS,
    STANDING,
    DeliveryQuerySet,
    Display,
    MailRequest,
    MemberInvitation,
    OutgoingEmail,
    Signature,
    Switch,
    Transition,
    Update,
    kinds_in_sql,
)
from letters.shared import wakeups

MAX_PAUSE = timedelta(hours=2)
# With the pauses below: given up after about two days of temporary refusals.
MAX_ATTEMPTS = 30

VERBS = {Signature.Concern.BOUNCED: "note_bounce", Signature.Concern.COMPLAINED: "note_complaint"}

# The work lists, in the words of their indexes (letters/models/outgoing_email.py), so that each is found there.
BATCH_SIZE = f"kind NOT IN ({kinds_in_sql(BULK)})"
LATER = f"kind IN ({kinds_in_sql(BULK)}) AND update_id IS NULL"
OF_UPDATE = "update_id = %(update)s"
# So many updates share a batch.
MAX_CONCURRENT_UPDATES = 10
# MATERIALIZED: as a plain subquery it may be planned inside a loop, run again for each row, and pass its own limit.
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

# What of a batch is still ours and not settled. Lock order: whoever withdraws takes rows in another order, so what is
# locked is passed over.
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

# How most mails end, and so not by the ORM, which would take longer to say it than the database to do it.
NOTE_SENT = """
UPDATE letters_outgoingemail SET sent_at = %s, error = ''
WHERE id = %s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
"""

# The address of whoever asked was given for this one email.
NOTE_SENT_AND_FORGET = f"""
WITH sent AS ({NOTE_SENT} RETURNING request_id)
UPDATE letters_mailrequest SET address = NULL FROM sent WHERE id = request_id AND address IS NOT NULL
"""  # noqa: S608 -- our own statement


def claim_emails(*, now: datetime, most: int, bulk: bool = False) -> list[OutgoingEmail]:
    """Up to `most` due deliveries that no other worker gets for MAIL_LEASE_SECONDS, the longest due first: of the mail
    that can wait (`bulk`), or of all other. `now` is the database's clock, as everywhere a lease is compared.

    If this worker dies, they are due again when the lease is over; while it lives, it moves the lease on. Mail that can
    wait stays where it is while bulk mail is switched off, and that of an update while the update is paused.
    """
    if not bulk:
        return _claim(BATCH_SIZE, now=now, most=most)
    if not is_on(Switch.Name.SEND_BULK_MAIL):
        return []
    # One work list after another, each with an equal share of what is left: an update to a million does not keep one
    # to a hundred waiting.
    lists = [(LATER, 0), *((OF_UPDATE, update) for update in _updates_being_sent())]
    claimed: list[OutgoingEmail] = []
    for place, (which, update) in enumerate(lists):
        share = ceil((most - len(claimed)) / (len(lists) - place))
        claimed += _claim(which, now=now, most=share, update=update)
    return claimed


def _updates_being_sent() -> list[int]:
    """By chance, so that each has its turn if there are more than go into one batch."""
    sending = Update.objects.under_way().filter(state=Update.State.SENDING)
    return list(sending.order_by("?").values_list("pk", flat=True)[:MAX_CONCURRENT_UPDATES])


def _claim(which: str, *, now: datetime, most: int, update: int = 0) -> list[OutgoingEmail]:
    """One statement, so nothing is claimed halfway."""
    values: dict[str, Any] = {"now": now, "most": most, "lease": _lease(now), "update": update}
    claimed = OutgoingEmail.objects.raw(CLAIM.format(which=which), values)
    return sorted(claimed, key=lambda outgoing: outgoing.pk)


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def renew_claims(batch: list[OutgoingEmail], *, now: datetime) -> None:
    """Move the lease on for what this worker still holds. What another has taken over stays with the other."""
    lease = _lease(now)
    values: dict[str, Any] = {
        "ids": [outgoing.pk for outgoing in batch],
        "marks": [outgoing.next_attempt_at for outgoing in batch],
        "lease": lease,
    }
    with connection.cursor() as cursor:
        cursor.execute(RENEW, values)
        held = {outgoing_email_id for (outgoing_email_id,) in cursor.fetchall()}
    for outgoing in batch:
        if outgoing.pk in held:
            outgoing.next_attempt_at = lease


def settle_email(outgoing: OutgoingEmail, answer: SendResult, *, now: datetime) -> None:
    """Note what the mail server said."""
    if answer.verdict is Verdict.SENT:
        # It has been sent, whoever holds the claim by now: not saying so would send it again.
        with connection.cursor() as cursor:
            asked_for = outgoing.request_id is not None
            cursor.execute(NOTE_SENT_AND_FORGET if asked_for else NOTE_SENT, [now, outgoing.pk])
    elif answer.came_back:
        _note_bounce(outgoing, _still_claimed([outgoing]), error=answer.error, at=now, now=now)
    elif answer.verdict is Verdict.NEVER or outgoing.attempts >= MAX_ATTEMPTS:
        _still_claimed([outgoing]).update(failed_at=now, error=answer.error)
    else:
        pause = pause_after(outgoing.attempts)
        _still_claimed([outgoing]).update(next_attempt_at=now + pause, error=answer.error)


def drop_email(outgoing: OutgoingEmail, *, now: datetime) -> None:
    """Its cause is no longer true: nobody is owed this mail any more."""
    OutgoingEmail.objects.owed().filter(pk=outgoing.pk).update(dropped_at=now)


@transaction.atomic
def put_off_email(outgoing: OutgoingEmail, *, until: datetime, now: datetime) -> None:
    """It may not leave before then. No attempt was made, and none is counted.

    One mail waits like this for each signature, the newest: those before it would say the same. An organizer's mail
    says something else than one that a form brings, and neither takes the place of the other. Those that are about no
    signature are each for another person.
    """
    changed = _still_claimed([outgoing]).update(next_attempt_at=until, put_off_at=now, attempts=0)
    if changed and (outgoing.signature_id or outgoing.request_id):
        # Only those before it: two that are put off at the same moment must not wait for each other.
        waiting = _to_the_same(outgoing).filter(pk__lt=outgoing.pk)
        is_alike = Q(kind__in=[outgoing.kind]) if outgoing.kind in OF_ORGANIZERS else ~Q(kind__in=OF_ORGANIZERS)
        waiting.filter(is_alike, put_off_at__isnull=False).update(dropped_at=now)


def _to_the_same(outgoing: OutgoingEmail) -> DeliveryQuerySet:
    """What is owed about the same letter to the same spelling of an address.

    Privacy: whether it was about a signature or not. An address may have signed between two emails, and who has signed
    before must not get one less. Nobody loses their email to whoever types another spelling.
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
    """Its domain takes no mail before then. No attempt was made, and none is counted."""
    _still_claimed([outgoing]).update(next_attempt_at=until, attempts=F("attempts") - 1, error=why)


def release_emails(outgoing_emails: list[OutgoingEmail], *, now: datetime) -> None:
    """Give back what was not tried, so that it is due at once and no attempt is counted."""
    if outgoing_emails:
        _still_claimed(outgoing_emails).update(next_attempt_at=now, attempts=F("attempts") - 1)


def note_bounce(outgoing: OutgoingEmail, *, at: datetime, now: datetime, error: str = "bounced") -> None:
    """The mail came back for good, said whoever sent it for us, and when. Saying it twice changes nothing."""
    taken = OutgoingEmail.objects.filter(pk=outgoing.pk, failed_at=None, dropped_at=None)
    _note_bounce(outgoing, taken, error=error, at=at, now=now)


def note_complaint(outgoing: OutgoingEmail, *, at: datetime, now: datetime) -> None:
    """The owner of the mailbox called the mail spam. Saying it twice changes nothing."""
    if outgoing.signature_id is None:
        _note_unwanted_invitation(outgoing, now=now)
        return
    with transaction.atomic():
        signature = _locked(outgoing)
        if signature is None or not OutgoingEmail.objects.filter(pk=outgoing.pk).exclude(error=COMPLAINED).update(
            error=COMPLAINED
        ):
            return
        _doubt(signature, outgoing, Signature.Concern.COMPLAINED, error=COMPLAINED, at=at, now=now)
        # What a worker holds at this moment is asked once more whether it is true before it is sent.
        owed = OutgoingEmail.objects.owed().filter(signature=signature).select_for_update(skip_locked=True, no_key=True)
        OutgoingEmail.objects.filter(pk__in=[each.pk for each in owed]).update(dropped_at=now)


def note_delay(outgoing: OutgoingEmail) -> None:
    """The mail has not arrived yet, or not for a reason that lies in the mailbox. Nothing follows from it."""
    OutgoingEmail.objects.filter(pk=outgoing.pk, sent_at__isnull=False, error="").update(error="deferred")


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 15 s, 30 s, 1 min … at most two hours."""
    pause = timedelta(seconds=settings.MAIL_RETRY_SECONDS * 2 ** min(attempts - 1, 20))
    return min(pause, MAX_PAUSE)


def _still_claimed(outgoing_emails: list[OutgoingEmail]) -> DeliveryQuerySet:
    """Those that no other worker has taken over: the end of the lease is the claim's mark."""
    of_mark: dict[datetime, list[int]] = {}
    for outgoing in outgoing_emails:
        of_mark.setdefault(outgoing.next_attempt_at, []).append(outgoing.pk)
    ours = (Q(next_attempt_at=mark, pk__in=ids) for mark, ids in of_mark.items())
    return OutgoingEmail.objects.owed().filter(reduce(or_, ours))


@transaction.atomic
def _note_bounce(outgoing: OutgoingEmail, still: DeliveryQuerySet, *, error: str, at: datetime, now: datetime) -> None:
    """End the delivery, if `still` finds it as it was, and draw the conclusions."""
    if outgoing.signature_id is None:  # Of an invitation: whoever invited reads it, and nothing else follows.
        still.update(sent_at=None, failed_at=now, error=error)
        return
    signature = _locked(outgoing)
    if signature and still.update(sent_at=None, failed_at=now, error=error):
        _doubt(signature, outgoing, Signature.Concern.BOUNCED, error=error, at=at, now=now)


@transaction.atomic
def _note_unwanted_invitation(outgoing: OutgoingEmail, *, now: datetime) -> None:
    """It cannot be accepted any more. That no other one leaves for this address is asked when one is to be sent."""
    OutgoingEmail.objects.filter(pk=outgoing.pk).update(error=COMPLAINED)
    invitation = (
        MemberInvitation.objects.open().select_for_update(no_key=True).filter(pk=outgoing.invitation_id or 0).first()
    )
    if invitation:
        MemberInvitation.objects.filter(pk=invitation.pk).update(address=None, revoked_at=now)
        record("note_complaint", invitation, by=None, now=now, reason=COMPLAINED)


def _locked(outgoing: OutgoingEmail) -> Signature | None:
    """Its signature, if it is still there. Before the delivery's own row, as whoever withdraws or purges takes them.

    The letter's row is left alone: the sequencer, which holds it, finds what has changed by itself.
    """
    return Signature.objects.select_for_update(no_key=True).filter(pk=outgoing.signature_id or 0).first()


def _doubt(
    signature: Signature,
    outgoing: OutgoingEmail,
    concern: Signature.Concern,
    *,
    error: str,
    at: datetime,
    now: datetime,
) -> None:
    """Draw the conclusions, and record them, so that organizers can be told why a signature waits again."""
    # Else whoever types a spelling that does not exist could take another person's confirmation back.
    if not outgoing.goes_to_signer(signature):
        return
    thanked = outgoing.kind == OutgoingEmail.Kind.THANKS
    changes, asks_again = _consequences(signature, concern, at, thanked=thanked)
    locked = Signature.objects.filter(pk=signature.pk)
    if changes and not asks_again:
        locked.update(**changes)
    if asks_again:
        locked.move(Transition.ASK_AGAIN, **changes)
        # Whoever confirms again is thanked again, and the key of that mail must be free.
        thanks = OutgoingEmail.objects.filter(signature=signature, kind=OutgoingEmail.Kind.THANKS)
        thanks.update(key=Concat("key", Value(":"), "pk", output_field=CharField()))
        transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    states = {"from": signature.state, "to": Transition.ASK_AGAIN.target if asks_again else signature.state}
    details = {"letter": signature.letter_id, "mail": outgoing.kind, **states}
    record(VERBS[concern], signature, by=None, now=now, reason=error, details=details)


def _consequences(
    signature: Signature, concern: Signature.Concern, at: datetime, *, thanked: bool
) -> tuple[dict[str, Any], bool]:
    """What changes in a signature after an email to its signer came back, or was reported as spam, at that moment; and
    whether its signer must confirm again.

    A mail that only thanks takes no confirmation back by coming back: who has confirmed has read another.
    """
    if signature.state == Signature.State.INVITED:
        return {"concern": concern}, False
    if signature.state not in STANDING:
        return {}, False
    # Providers tell late, and again: who has confirmed since then has shown that the mailbox is theirs. A moment before
    # the signing is no time at all, but a clock that is wrong.
    disproved = signature.confirmed_at is not None and signature.signed_at <= at < signature.confirmed_at
    if disproved and concern == Signature.Concern.BOUNCED:
        return {}, False
    changes: dict[str, Any] = {"concern": concern} if _outweighs(concern, signature) else {}
    # A person who signed as nobody has left no address, so we could never ask them again.
    outweighed = disproved or (thanked and concern == Signature.Concern.BOUNCED)
    can_ask = signature.state in Transition.ASK_AGAIN.sources and signature.display != Display.NOBODY
    return changes, can_ask and not outweighed


def _outweighs(concern: Signature.Concern, signature: Signature) -> bool:
    """Whether it takes the place of the concern that there is. One that will hold a signature back must stay."""
    if concern == Signature.Concern.COMPLAINED or not signature.concern:
        return True
    return signature.state == Signature.State.PUBLISHED and signature.concern != Signature.Concern.COMPLAINED
