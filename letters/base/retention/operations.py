"""Delete what the site no longer needs about the signers of a letter, once the months of the letter are over.

First the addresses of people who did not agree to updates, later everything that readers do not see. Public names, the
numbers and the count stay. The clock calls this once a day; each batch is a transaction, and a later run continues what
a worker that died has begun.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Coalesce, Trunc

from letters.base.changes.operations import LetterChange, change_letter_unasked
from letters.base.ledger.operations import changing_words
from letters.base.retention import queries
from letters.base.retention.tables import DELETED_WITH_DATA
from letters.base.webhooks.operations import owe_hidden
from letters.models import (
    COMMENT_FOR_EVERYONE,
    COMPLAINED,
    COUNTED,
    TOLD_AT_LEAST,
    TOLD_BEFORE,
    CarryOverAnswer,
    CommentHiding,
    Deletion,
    Display,
    Featuring,
    LedgerOpening,
    Letter,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    OutgoingEmail,
    ReviewDecision,
    Signature,
    SignerContact,
    State,
    Transition,
)
from letters.models.lifecycle import NO_CHANGES, NO_WORDS

Tell = Callable[[Letter], None]
# Their addresses are still needed: someone can confirm or accept. Other tasks end that in time.
UNDER_WAY = [State.PENDING, State.INVITED]


def tend_letter(letter: Letter, *, now: datetime, tell: Tell) -> None:
    """Take the step that is due: fix the months, tell organizers, or delete. Idempotent.

    `tell` announces in the same transaction that something is deleted on `letter.deletion_on`.
    """
    if letter.data_deleted_at is None and not _begin(letter, now=now, tell=tell):
        return
    if letter.data_deleted_at is not None:
        delete_data(letter, now=now)
    else:
        delete_addresses(letter, now=now)


@transaction.atomic
def _begin(letter: Letter, *, now: datetime, tell: Tell) -> bool:
    """Return whether something must be deleted now.

    Race: organizers may reopen the letter or move its end, so this is decided under the lock.
    """
    change = change_letter_unasked(letter, by=None, now=now)
    _fix_months(change)
    today, ended = letter.day_of(now), queries.ended_at(letter)
    deletion, ended_on = letter.next_deletion(ended), letter.day_of(ended)
    if deletion is None or today is None or ended_on is None or letter.can_be_restored(now):
        return False
    planned = letter.planned_day(deletion, ended_on)
    if letter.deletion_on is None:
        if today >= planned - TOLD_BEFORE:
            change.update(deletion_on=max(planned, today + TOLD_AT_LEAST))
            tell(letter)
        return False
    if letter.deletion_on < planned:
        # The letter was reopened, or someone has signed since. Organizers are told again in time.
        change.update(deletion_on=None)
        return False
    if today < letter.deletion_on:
        return False
    if deletion == Deletion.DATA:
        closes = {"status": Letter.Status.CLOSED, "closed_at": now} if letter.status == Letter.Status.PUBLISHED else {}
        change.update(**closes, data_deleted_at=now)
        if closes:
            change.record("close_letter", letter)
    return True


def _fix_months(change: LetterChange) -> None:
    """Privacy: readers have read the months beside the form, so a change of the site's settings does not lengthen
    them.
    """
    letter = change.letter
    if letter.keep_addresses is None or letter.keep_data is None:
        change.update_unseen(keep_addresses=letter.months_of_addresses, keep_data=letter.months_of_data)


def delete_addresses(letter: Letter, *, now: datetime) -> int:
    """Delete the addresses of everyone who did not agree to updates of the collective that the letter belongs to now.

    Their hashes stay, so that nobody signs twice and everyone can still get a new private link.
    """
    disagreed = Q(consent="") | (Q(consented_at__lte=letter.moved_at) if letter.moved_at else Q())
    deleted = 0
    for signatures in queries.batches_of(letter):
        ids = list(signatures.exclude(state__in=UNDER_WAY).values_list("pk", flat=True))
        # Race: a signer may agree to updates at this moment. Then the database looks at the row again.
        deleted += SignerContact.objects.filter(disagreed, pk__in=ids).delete()[0]
    with transaction.atomic():
        change = change_letter_unasked(letter, by=None, now=now)
        change.update(addresses_deleted_at=now, deletion_on=None)
        change.record("delete_addresses", letter, details={"addresses": deleted})
    return deleted


def forget_unneeded_address(signature: Signature) -> None:
    """Delete the address of someone who no longer agrees to updates, once the others are deleted."""
    if signature.letter.addresses_deleted_at is not None:
        SignerContact.objects.filter(pk=signature.pk, consent="").delete()


def delete_data(letter: Letter, *, now: datetime) -> int:
    """Delete everything about signers that readers do not see, and the names that organizers alone see.

    Public names stay, with the hash of the address: their signers can still get a private link and withdraw. Of all
    other signatures, the number and the day are left. Whatever never got a number is deleted.
    """
    emptied = 0
    for signatures in queries.batches_of(letter):
        with transaction.atomic():
            # Lock order: letter, then signatures.
            change = change_letter_unasked(letter, by=None, now=now)
            emptied += _delete_batch(change, signatures)
    with transaction.atomic():
        change = change_letter_unasked(letter, by=None, now=now)
        _forget_organisations(letter)
        change.update(deletion_on=None, **({"featured": []} if letter.withholds_names_later else {}))
        change.record("delete_data", letter, details={"signatures": emptied, "still_counted": letter.signature_count})
    return emptied


def _delete_batch(change: LetterChange, signatures: QuerySet[Signature]) -> int:
    letter = change.letter
    locked = signatures.order_by("pk").select_for_update(no_key=True)
    # "It wasn't me": the hash keeps our emails from the address, and nothing else is left.
    rows = list(locked.exclude(state=State.DISOWNED).values_list("pk", "number"))
    Signature.objects.remove_locked(Transition.DELETE_UNREACHED, [pk for pk, number in rows if number is None])
    numbered = [pk for pk, number in rows if number is not None]
    _delete_around(numbered, letter)
    among = Signature.objects.filter(pk__in=numbered)
    among.move(Transition.WITHDRAW_REJECTED)
    public = list(among.filter(state=COUNTED, display=Display.PUBLIC).values_list("pk", "number"))
    if letter.withholds_names_later:
        for _, number in public:
            owe_hidden(letter, number or 0, now=change.now)
    else:
        _keep_public_words([pk for pk, _ in public], letter)
        among = among.exclude(state=COUNTED, display=Display.PUBLIC)
    withheld = list(among.values_list("pk", flat=True))
    with changing_words(letter.pk, withheld):
        _withhold(withheld, letter)
    return len(rows)


def _delete_around(ids: Sequence[int], letter: Letter) -> None:
    """Delete the rows that belong to these signatures, and the moments and remarks in those that stay."""
    for model in DELETED_WITH_DATA:
        model._default_manager.filter(signature__in=ids).delete()
    OutgoingEmail.objects.filter(signature__in=ids).exclude(error=COMPLAINED).delete()
    Featuring.objects.filter(signature__in=ids).exclude(signature__number__in=letter.featured).delete()
    ReviewDecision.objects.filter(signature__in=ids).update(note="", words_changed=True)
    day = Trunc("answered_at", "day", tzinfo=letter.zone())
    CarryOverAnswer.objects.filter(signature__in=ids).update(answered_at=day)


def _withhold(ids: Sequence[int], letter: Letter) -> None:
    """Privacy: no value, hash or moment tells afterwards whose signature it was, or who could see its name."""
    CommentHiding.objects.filter(signature__in=ids).delete()
    # Nobody can open their commitments in the ledger any more.
    LedgerOpening.objects.filter(signature__in=ids).delete()
    Signature.objects.filter(pk__in=ids).update(
        **{**NO_WORDS, **_nothing_waits(letter)},
        display=Display.NOBODY,
        concern="",
        comment_hidden=False,
        address_hash=None,
        spelling_hash=None,
    )


def _keep_public_words(ids: Sequence[int], letter: Letter) -> None:
    """Keep what the page shows. The country is only ever counted, and a comment may be for the organizers alone."""
    among = Signature.objects.filter(pk__in=ids)
    read = Q(comment_hidden=False, comment_for=COMMENT_FOR_EVERYONE) if letter.comments_public else Q(pk=None)
    silent = list(among.exclude(read).values_list("pk", flat=True))
    CommentHiding.objects.filter(signature__in=silent).delete()
    Signature.objects.filter(pk__in=silent).update(comment="", comment_for="", comment_hidden=False)
    among.filter(concern=Signature.Concern.CHANGED).update(concern="", pending_changes=None)
    among.update(country="", **_nothing_waits(letter))


def _nothing_waits(letter: Letter) -> dict[str, Any]:
    """Return the columns without the changes that a signer asked for, and with the day instead of each moment.

    Privacy: someone with an old mail log could find the signer by the moment of an email.
    """
    day = Trunc(Coalesce("published_at", "signed_at"), "day", tzinfo=letter.zone())
    return {
        **NO_CHANGES,
        "via": "",
        "risk": 0,
        "signed_at": day,
        "confirmed_at": Case(When(confirmed_at__isnull=False, then=day)),
        "published_at": day,
    }


def _forget_organisations(letter: Letter) -> None:
    """Delete the people who signed for organisations. An organisation on the list stays."""
    organisations = OrganisationSignature.objects.filter(letter=letter)
    organisations.exclude(state=OrganisationState.PUBLISHED).withdraw()
    organisations.filter(state=OrganisationState.PUBLISHED).update(because="")
    OrganisationContact.objects.filter(organisation__letter=letter).delete()
