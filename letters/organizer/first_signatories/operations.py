"""The round of first signatories: invite by mail, remind once, take back. Each of the invited answers for themselves.

An invited person is a row of Signature that counts nowhere and is shown nowhere. So the rule that an address signs
once, bounces, the limit of mails a day and the control link hold for them as for everybody; and what makes it count is
the act of its signer (letters/signing), which nothing here can do for them.

A round on a draft fixes its text: what the first signers read is what will be published. Nobody else sees it before.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest

from letters.base.accounts.invitations import health_of, is_stopped
from letters.base.accounts.queries import invitations_a_day, invited_today
from letters.base.changes.operations import LetterChange, change_letter
from letters.models import (
    CAME_BACK,
    INVITATION_LIFETIME,
    SALT_BYTES,
    UNANSWERED,
    WRITING,
    Display,
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
from letters.organizer.first_signatories.queries import (
    LIST_RETENTION,
    REMIND_AFTER,
    expired_among,
    listed,
    round_refusal,
    sort_out,
    unknown_among,
)
from letters.organizer.first_signatories.signatory_import import Person
from letters.shared import wakeups
from letters.shared.addresses import Address, encrypt, hash_address
from letters.shared.domains import domain_of, is_disposable
from letters.shared.refused import Refusal, Refused

# First signatories are few; and what counts them per page stays quick. How many an account may invite within a day
# is decided in letters/base/accounts/queries.py.
MAX_INVITED = 10_000
BATCH_SIZE = 1000


@transaction.atomic
def keep_list(letter: Letter, *, text: str, encoding: str, by: User, now: datetime) -> None:
    """Keep a list until its organizer has said what its columns mean, in place of an earlier one.

    Every upload is recorded, also one that invites nobody: who tries address after address leaves a trace of each try.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    _must_be_allowed(letter, now)
    values = {"encrypted": encrypt(text), "encoding": encoding, "created_at": now}
    SignatoryList.objects.update_or_create(letter=letter, sent_by=by, defaults=values)
    change.record("upload_list", letter, details={"lines": len(text.splitlines())})


def discard_list(letter: Letter, *, by: User) -> None:
    """Doing it twice changes nothing."""
    SignatoryList.objects.filter(letter=letter, sent_by=by).delete()


@transaction.atomic
def invite_people(letter: Letter, *, people: Sequence[Person], by: User, now: datetime) -> int:
    """Owe an invitation to everybody on the list who can be invited, and is not known already.

    Returns how many are on the list. Privacy: that number, every refusal and everything that is recorded depend on
    the list alone. Who is known already, whatever the reason, gets no second email, and nobody is told.
    Doing it twice invites nobody twice. Raises Refused if the letter is open already, has no text yet ("no_text"), or
    would have more than MAX_INVITED ("too_many"); "too_many_today" beyond what the account may send in a day;
    "not_cleared" and "round_stopped" as `_must_be_allowed` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    _must_be_allowed(letter, now)
    if is_stopped(letter.collective, by, now):
        raise Refused(Refusal.ROUND_STOPPED)
    eligible = sort_out(letter, people).eligible
    if listed(letter) + len(eligible) > MAX_INVITED:
        raise Refused(Refusal.TOO_MANY)
    if eligible:
        _must_not_be_too_many_today(change, len(eligible), by)
    SignatoryList.objects.filter(letter=letter, sent_by=by).delete()
    if eligible:
        _fix_text(change)
        _write(letter, unknown_among(letter, eligible), now)
        change.record("invite_first_signers", letter, details={"invited": len(eligible)})
        change.after_commit(wakeups.notify_bulk_mail_worker)
    return len(eligible)


def _must_be_allowed(letter: Letter, now: datetime) -> None:
    """Raises Refused if nobody may be invited now: what round_refusal says, "not_cleared" as long as staff have not
    looked at the collective, and "round_stopped" while too many of its invitations come back.
    """
    if refusal := round_refusal(letter, now):
        raise Refused(refusal)
    letter.collective.must_be_cleared()
    if health_of(letter.collective).is_ill:
        raise Refused(Refusal.ROUND_STOPPED)


def _must_not_be_too_many_today(change: LetterChange, number: int, by: User) -> None:
    change.lock_account()
    # What was taken back counts too: its email may have gone.
    if invited_today(by, change.now) + number > invitations_a_day(by):
        raise Refused(Refusal.TOO_MANY_TODAY)


def _fix_text(change: LetterChange) -> None:
    """From the first invitation on, a draft reads as it will when it is published (migration 0002 sees to it)."""
    letter = change.letter
    if letter.current_revision_id:
        return
    revision = letter.revisions.latest("number")
    if not revision.translations.filter(language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    Revision.objects.filter(pk=revision.pk).update(published_at=change.now)
    change.update_unseen(current_revision_id=revision.pk)


def _write(letter: Letter, new: Mapping[bytes, Person], now: datetime) -> None:
    again = expired_among(letter, list(new))
    rows = [_signature(letter, digest, person, again.get(digest), now) for digest, person in new.items()]
    # Somebody may have signed a moment ago: theirs stands.
    Signature.objects.bulk_create([row for row in rows if row.pk is None], BATCH_SIZE, ignore_conflicts=True)
    anew = [row for row in rows if row.pk is not None]
    # Race: one of them may be signing with the form at this moment. Theirs stands, and its link goes on working.
    Signature.objects.move_each(Transition.INVITE_AGAIN, anew, BATCH_SIZE)
    written = Signature.objects.filter(letter=letter, address_hash__in=list(new), state=State.INVITED, signed_at=now)
    ids = {bytes(digest): pk for digest, pk in written.values_list("address_hash", "pk") if digest}
    contacts = [SignerContact(signature_id=pk, address=encrypt(new[d].address.deliverable)) for d, pk in ids.items()]
    SignerContact.objects.bulk_create(contacts, BATCH_SIZE)
    mails = [_mail(pk, now) for pk in sorted(ids.values())]
    OutgoingEmail.objects.bulk_create(mails, BATCH_SIZE)


def _signature(letter: Letter, digest: bytes, person: Person, pk: int | None, now: datetime) -> Signature:
    offered = next(display for display in Display.values if display in letter.displays)
    proposed = {"name": person.name, "affiliation": person.affiliation, "role": person.role}
    if offered == Display.NOBODY:
        proposed = {}
    disposable = is_disposable(domain_of(person.address.deliverable))
    return Signature(
        pk=pk,
        letter=letter,
        revision=letter.current_revision,
        language=letter.language,
        display=offered,
        concern=Signature.Concern.DISPOSABLE if disposable else Signature.Concern.NONE,
        state=Transition.INVITE.target,
        is_first=True,
        # Another one for an invitation that is made anew: the link in the old mail is worth nothing.
        salt=secrets.token_bytes(SALT_BYTES),
        address_hash=digest,
        signed_at=now,
        **proposed,
    )


def _mail(signature_id: int, now: datetime) -> OutgoingEmail:
    return OutgoingEmail(
        kind=OutgoingEmail.Kind.INVITED,
        signature_id=signature_id,
        key=f"invited:{signature_id}:{int(now.timestamp() * 1000)}",
        created_at=now,
        next_attempt_at=now,
    )


# Once for each invitation: the key holds the second at which it was made.
REMIND = f"""
INSERT INTO letters_outgoingemail (kind, signature_id, key, created_at, next_attempt_at, attempts, error)
SELECT 'invited', id, 'invited_again:' || id || ':' || extract(epoch FROM signed_at)::bigint,
    %(now)s::timestamptz, %(now)s::timestamptz, 0, ''
FROM letters_signature
WHERE letter_id = %(letter)s AND is_first AND {is_in([State.INVITED])} AND concern IN ('', 'disposable')
    AND signed_at <= %(before)s AND signed_at > %(after)s
ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 -- our own statement


@transaction.atomic
def remind_invited(letter: Letter, *, by: User, now: datetime) -> None:
    """Owe a second email to those who have not answered for a day; nobody gets a third.

    Privacy: how many they are is neither returned nor recorded. Raises Refused if the letter takes no signatures any
    more, and as `invite_people` does for a collective that may not send invitations.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    refusal = round_refusal(letter, now)
    if refusal and refusal != Refusal.LETTER_OPEN:
        raise Refused(refusal)
    letter.collective.must_be_cleared()
    if health_of(letter.collective).is_ill:
        raise Refused(Refusal.ROUND_STOPPED)
    values: dict[str, Any] = {
        "letter": letter.pk,
        "now": now,
        "before": now - REMIND_AFTER,
        "after": now - INVITATION_LIFETIME,
    }
    with connection.cursor() as cursor:
        cursor.execute(REMIND, values)
    change.record("remind_first_signers", letter)
    change.after_commit(wakeups.notify_bulk_mail_worker)


@transaction.atomic
def withdraw_invitation(letter: Letter, *, address: Address, by: User, now: datetime) -> None:
    """Take one back that has not been answered. Nobody is told whether there was one: they may have signed unnamed.

    Recorded either way: owners read the record, and must not learn it there.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    _end(_waiting(letter).filter(address_hash=hash_address(address.canonical)), now)
    change.record("withdraw_invitation", letter)


@transaction.atomic
def call_off_round(letter: Letter, *, by: User, now: datetime) -> None:
    """Take back all that have not been answered; how many they are is not told.

    If nobody has signed a draft, its text can be written again: there is no signature under it.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    _end(_waiting(letter), now)
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
    """Lists that nobody confirmed; addresses of those who have not answered in time; and, once the letter has been open
    for as long, the hashes of all who have not signed.
    """
    SignatoryList.objects.filter(created_at__lte=now - LIST_RETENTION).delete()
    late = Signature.objects.filter(is_first=True, state=State.INVITED, signed_at__lte=now - INVITATION_LIFETIME)
    while batch := list(late.values_list("pk", flat=True)[:BATCH_SIZE]):
        with transaction.atomic():
            _end(late.filter(pk__in=batch), now)
    opened = Greatest(F("letter__published_at"), Coalesce(F("letter__opens_at"), F("letter__published_at")))
    unsigned = Signature.objects.filter(is_first=True, state__in=Transition.FORGET_INVITATION.sources)
    over = (
        unsigned.exclude(letter__status=Letter.Status.DRAFT)
        .alias(opened=opened)
        .filter(opened__lte=now - INVITATION_LIFETIME)
    )
    _forget_what_came_back(now)
    while batch := list(over.values_list("pk", flat=True)[:BATCH_SIZE]):
        # Asked again: they may be signing by the form at this very moment.
        Signature.objects.filter(pk__in=batch).remove(Transition.FORGET_INVITATION)


def _forget_what_came_back(now: datetime) -> None:
    """Of those who have signed too. Privacy: otherwise only theirs would be left, and organizers could count them."""
    opened = Greatest("published_at", Coalesce("opens_at", "published_at"))
    over = Letter.objects.exclude(status=Letter.Status.DRAFT).alias(opened=opened)
    over = over.filter(opened__lte=now - INVITATION_LIFETIME)
    back = OutgoingEmail.objects.filter(CAME_BACK, kind=OutgoingEmail.Kind.INVITED)
    back.filter(signature__letter__in=over).delete()


def _waiting(letter: Letter) -> SignatureQuerySet:
    return Signature.objects.filter(letter=letter, is_first=True, state=State.INVITED)


def _end(waiting: SignatureQuerySet, now: datetime) -> int:
    """Leave nothing of the invited but the hash. How many it concerned; who answers at this moment has answered."""
    ids = list(waiting.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    # A person who reported our email as spam has said no. No other email about this letter may reach them.
    complained = Q(concern=Signature.Concern.COMPLAINED)
    Signature.objects.filter(pk__in=ids).move(
        Transition.END_INVITATION,
        to=Transition.END_INVITATION.choose(complained, State.DECLINED, State.EXPIRED),
        concern=Case(When(complained, then=Value(Signature.Concern.COMPLAINED)), default=Value("")),
    )
    SignerContact.objects.filter(pk__in=ids).delete()
    # Those that were sent stay until the row goes: an address that is invited again and again has had them all.
    OutgoingEmail.objects.owed().filter(signature__in=ids).update(dropped_at=now)
    return len(ids)
