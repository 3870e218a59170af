"""Invite first signatories by email, remind them once, and cancel invitations.

An invited person is a Signature row that is neither counted nor shown. So the same rules apply as to every signature:
an address signs once, bounces matter, emails a day are limited, and the control link works. Only the signer can make it
count (letters/signer/signing); nothing here can.

The first invitation of a draft fixes its text, because the first signatories read what will be published. Nobody else
sees it before.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from letters.base.accounts.invitations import health_of, is_stopped
from letters.base.accounts.queries import invitations_a_day, invited_today
from letters.base.changes.bin import end_invitations
from letters.base.changes.operations import LetterChange, change_letter
from letters.base.outbox.enqueueing import insert_email, key_of, new_email
from letters.base.site_lists.queries import is_throwaway
from letters.models import (
    BOUNCED_OR_REPORTED,
    INVITATION_LIFETIME,
    SALT_BYTES,
    UNANSWERED,
    WRITING,
    Display,
    EmailKind,
    InvitationBatch,
    InvitedPerson,
    Letter,
    OutgoingEmail,
    Revision,
    SignatoryList,
    Signature,
    SignatureQuerySet,
    SignerContact,
    State,
    Transition,
    User,
)
from letters.models.lifecycle import is_in
from letters.organizer.first_signatories.invited import digest_of
from letters.organizer.first_signatories.operations.listing import write_list
from letters.organizer.first_signatories.queries import (
    LIST_RETENTION,
    REMIND_AFTER,
    expired_among,
    invitation_refusal,
    listed,
    reminder_refusal,
    sort_out,
    unknown_among,
)
from letters.organizer.first_signatories.signatory_import import Person
from letters.shared import wakeups
from letters.shared.addresses import Address, encrypt, hash_address
from letters.shared.batches import BATCH_SIZE, batches_of_ids
from letters.shared.domains import domain_of
from letters.shared.refused import Refusal, Refused
from letters.shared.sql import execute

# Performance: this limit keeps the queries quick that count first signatories for each page. The daily limit of an
# account is in letters/base/accounts/queries.py.
MAX_INVITED = 10_000


@transaction.atomic
def keep_list(letter: Letter, *, text: str, encoding: str, by: User, now: datetime) -> None:
    """Store an uploaded list until its organizer has confirmed the columns. It replaces an earlier list.

    Abuse: every upload gets an audit record, even if it invites nobody. So testing one address after another leaves a
    trace.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    _require_may_invite(letter, now)
    values = {"encrypted": encrypt(text), "encoding": encoding, "created_at": now}
    SignatoryList.objects.update_or_create(letter=letter, sent_by=by, defaults=values)
    change.record("upload_list", letter, details={"lines": len(text.splitlines())})


def discard_list(letter: Letter, *, by: User) -> None:
    """Delete the uploaded list. Idempotent."""
    SignatoryList.objects.filter(letter=letter, sent_by=by).delete()


@transaction.atomic
def invite_people(
    letter: Letter, *, people: Sequence[Person], by: User, now: datetime, sender: str = "", note: str = ""
) -> int:
    """Create an invitation email for everyone on the list who can be invited and is not known already.

    All these emails, reminders included, give the sender's name and the note, if there are any.

    Returns how many on the list can be invited. Privacy: that number, every refusal and every audit record depend on
    the list alone. People who are known already, for whatever reason, get no second email, and the organizer does not
    learn it.

    Idempotent. Raises Refused if the letter is open already, has no text yet ("no_text"), or would have more than
    MAX_INVITED ("too_many"); "too_many_today" beyond the daily limit of the account; and "not_cleared" and
    "invitations_stopped" as `_require_may_invite` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    _require_may_invite(letter, now)
    if is_stopped(letter.collective, by, now):
        raise Refused(Refusal.INVITATIONS_STOPPED)
    eligible = sort_out(letter, people).eligible
    if listed(letter) + len(eligible) > MAX_INVITED:
        raise Refused(Refusal.TOO_MANY)
    if eligible:
        _check_daily_quota(change, len(eligible), by)
    SignatoryList.objects.filter(letter=letter, sent_by=by).delete()
    if eligible:
        _fix_text(change)
        _create_invitations(letter, unknown_among(letter, eligible), now)
        words = {"encrypted": InvitationBatch.encrypted_words(sender=sender, note=note)}
        batch, _ = InvitationBatch.objects.get_or_create(letter=letter, created_at=now, defaults=words)
        write_list(batch, eligible, now)
        change.record("invite_first_signers", letter, details={"invited": len(eligible)})
        change.after_commit(wakeups.notify_bulk_mail_worker)
    return len(eligible)


def _require_may_invite(letter: Letter, now: datetime) -> None:
    """Raise Refused if nobody may be invited now.

    The reasons are those of `invitation_refusal`, "not_cleared" until staff have cleared the collective, and
    "invitations_stopped" while too many of its invitations bounce.
    """
    if refusal := invitation_refusal(letter, now):
        raise Refused(refusal)
    letter.collective.require_cleared()
    if health_of(letter.collective).is_ill:
        raise Refused(Refusal.INVITATIONS_STOPPED)


def _check_daily_quota(change: LetterChange, number: int, by: User) -> None:
    change.lock_account()
    # Withdrawn invitations count too: their emails may have been sent.
    if invited_today(by, change.now) + number > invitations_a_day(by):
        raise Refused(Refusal.TOO_MANY_TODAY)


def _fix_text(change: LetterChange) -> None:
    """Fix the text of a draft from the first invitation on (a database trigger enforces it)."""
    letter = change.letter
    if letter.current_revision_id:
        return
    revision = letter.revisions.latest("number")
    if not revision.translations.filter(language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    Revision.objects.filter(pk=revision.pk).update(published_at=change.now)
    # Privacy: first signatories sign before the publication, and their days must not move either.
    change.update_unseen(current_revision_id=revision.pk, timezone=letter.zone().key)


def _create_invitations(letter: Letter, new: Mapping[bytes, Person], now: datetime) -> None:
    again = expired_among(letter, list(new))
    # Stolen data: if the ids of signatures followed the order of the list, they would link its names to nameless
    # signers.
    shuffled = secrets.SystemRandom().sample([*new.items()], len(new))
    rows = [_signature(letter, digest, person, again.get(digest), now) for digest, person in shuffled]
    # Race: the person may have signed with the form a moment ago. Their signature stays.
    Signature.objects.bulk_create([row for row in rows if row.pk is None], BATCH_SIZE, ignore_conflicts=True)
    invited_again = [row for row in rows if row.pk is not None]
    # Race: one of these people may be signing with the form now. Their signature stays, and its link keeps working.
    Signature.objects.move_each(Transition.INVITE_AGAIN, invited_again, BATCH_SIZE)
    written = Signature.objects.filter(letter=letter, address_hash__in=list(new), state=State.INVITED, signed_at=now)
    ids = {bytes(digest): pk for digest, pk in written.values_list("address_hash", "pk") if digest}
    contacts = [SignerContact(signature_id=pk, address=encrypt(new[d].address.deliverable)) for d, pk in ids.items()]
    SignerContact.objects.bulk_create(contacts, BATCH_SIZE)
    moment = int(now.timestamp() * 1000)
    emails = [new_email(EmailKind.INVITED, pk, moment, now=now, signature_id=pk) for pk in sorted(ids.values())]
    OutgoingEmail.objects.bulk_create(emails, BATCH_SIZE)


def _signature(letter: Letter, digest: bytes, person: Person, pk: int | None, now: datetime) -> Signature:
    offered = next(display for display in Display.values if display in letter.displays)
    proposed = {"name": person.name, "affiliation": person.affiliation, "role": person.role}
    if offered == Display.NOBODY:
        proposed = {}
    disposable = is_throwaway(domain_of(person.address.deliverable))
    return Signature(
        pk=pk,
        letter=letter,
        revision=letter.current_revision,
        language=letter.language,
        display=offered,
        concern=Signature.Concern.DISPOSABLE if disposable else Signature.Concern.NONE,
        state=Transition.INVITE.target,
        is_first=True,
        # A renewed invitation gets a new salt, so that the link in the old email stops working.
        salt=secrets.token_bytes(SALT_BYTES),
        address_hash=digest,
        signed_at=now,
        **proposed,
    )


# One reminder for each invitation: the key contains the second at which it was made.
OWE_REMINDER = insert_email(
    EmailKind.INVITED,
    signature_id="id",
    key=key_of("invited_again", "id", "extract(epoch FROM signed_at)::bigint"),
)
REMIND = f"""
{OWE_REMINDER}
FROM letters_signature
WHERE letter_id = %(letter)s AND is_first AND {is_in([State.INVITED])} AND concern IN ('', 'disposable')
    AND signed_at <= %(before)s AND signed_at > %(after)s
ON CONFLICT (key) DO NOTHING
"""


@transaction.atomic
def remind_invited(letter: Letter, *, by: User, now: datetime) -> None:
    """Create a reminder for people who have not answered for a day. Nobody gets a second reminder.

    Privacy: the number of reminders is neither returned nor recorded. Raises Refused if the letter no longer accepts
    signatures, and as `invite_people` does for a collective that may not send invitations.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    require_may_remind(letter, now)
    values: dict[str, Any] = {
        "letter": letter.pk,
        "now": now,
        "before": now - REMIND_AFTER,
        "after": now - INVITATION_LIFETIME,
    }
    execute(REMIND, values)
    late = {"batch__created_at__lte": values["before"], "batch__created_at__gt": values["after"]}
    InvitedPerson.objects.filter(letter=letter, resent_at=None, cancelled_at=None, **late).update(resent_at=now)
    change.record("remind_first_signers", letter)
    change.after_commit(wakeups.notify_bulk_mail_worker)


def require_may_remind(letter: Letter, now: datetime) -> None:
    """Raise Refused if invitations cannot be resent."""
    if refusal := reminder_refusal(letter, now):
        raise Refused(refusal)
    letter.collective.require_cleared()
    if health_of(letter.collective).is_ill:
        raise Refused(Refusal.INVITATIONS_STOPPED)


@transaction.atomic
def withdraw_invitation(letter: Letter, *, address: Address, by: User, now: datetime) -> None:
    """Cancel the unanswered invitation to an address, if there is one.

    Privacy: organizers do not learn whether there was one, because the person may have signed without a name. The audit
    record is written either way, because owners read it.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    address_hash = hash_address(address.canonical)
    listed = InvitedPerson.objects.filter(letter=letter, digest=digest_of(letter.pk, address_hash))
    listed.filter(cancelled_at=None).update(cancelled_at=now)
    end_invitation(letter, now, address_hash=address_hash)
    change.record("withdraw_invitation", letter)


def end_invitation(letter: Letter, now: datetime, **which: Any) -> None:
    """End the unanswered invitation that has these values, if there is one."""
    end_invitations(_unanswered(letter).filter(**which), now)


@transaction.atomic
def cancel_invitations(letter: Letter, *, by: User, now: datetime) -> None:
    """Cancel all unanswered invitations. Privacy: nobody learns how many there were.

    If nobody has signed a draft, its text can be edited again.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    InvitedPerson.objects.filter(letter=letter, cancelled_at=None).update(cancelled_at=now)
    end_invitations(_unanswered(letter), now)
    change.record("call_off_round", letter, details={"text_is_free": _free_text(change)})


def _free_text(change: LetterChange) -> bool:
    letter = change.letter
    if letter.status != Letter.Status.DRAFT or not letter.current_revision_id:
        return False
    if Signature.objects.filter(letter=letter, is_first=True).exclude(state__in=UNANSWERED).exists():
        return False
    fixed = letter.current_revision_id
    change.update_unseen(current_revision_id=None)
    Revision.objects.filter(pk=fixed).update(published_at=None)
    return True


def forget_invitations(*, now: datetime) -> None:
    """Delete uploaded lists that nobody confirmed, and addresses of people who have not answered in time.

    Also delete the hashes of everyone who has not signed, once the letter has been open for the lifetime of an
    invitation.
    """
    SignatoryList.objects.filter(created_at__lte=now - LIST_RETENTION).delete()
    late = Signature.objects.filter(is_first=True, state=State.INVITED, signed_at__lte=now - INVITATION_LIFETIME)
    for ids in batches_of_ids(late):
        with transaction.atomic():
            end_invitations(late.filter(pk__in=ids), now)
    opened = Greatest(F("letter__published_at"), Coalesce(F("letter__opens_at"), F("letter__published_at")))
    unsigned = Signature.objects.filter(is_first=True, state__in=Transition.FORGET_INVITATION.sources)
    over = (
        unsigned.exclude(letter__status=Letter.Status.DRAFT)
        .alias(opened=opened)
        .filter(opened__lte=now - INVITATION_LIFETIME)
    )
    _delete_bounces(now)
    for ids in batches_of_ids(over):
        # Race: they may be signing with the form now, so the condition is checked again.
        Signature.objects.filter(pk__in=ids).remove(Transition.FORGET_INVITATION)


def _delete_bounces(now: datetime) -> None:
    """Delete the bounces of invitations, including those of people who have signed.

    Privacy: otherwise only the bounces of signers would be left, and organizers could count them.
    """
    opened = Greatest("published_at", Coalesce("opens_at", "published_at"))
    over = Letter.objects.exclude(status=Letter.Status.DRAFT).alias(opened=opened)
    over = over.filter(opened__lte=now - INVITATION_LIFETIME)
    back = OutgoingEmail.objects.filter(BOUNCED_OR_REPORTED, kind=OutgoingEmail.Kind.INVITED)
    back.filter(signature__letter__in=over).delete()


def _unanswered(letter: Letter) -> SignatureQuerySet:
    return Signature.objects.filter(letter=letter, is_first=True, state=State.INVITED)
