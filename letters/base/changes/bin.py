"""Put drafts into the bin, and do at once what cannot wait until they are deleted."""

from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, Value, When

from letters.models import (
    Letter,
    OutgoingEmail,
    Signature,
    SignatureQuerySet,
    SignerContact,
    State,
    Transition,
)

# A draft stays in the bin for this long, and is then deleted for good.
KEPT_IN_BIN = timedelta(days=30)
NO_SIGNATURE = 0


def put_in_bin(drafts: "QuerySet[Letter]", now: datetime, *, since: datetime) -> None:
    """Put drafts into the bin. The caller has locked them. `since` says when their time there began.

    Privacy: the letter may never open, so the addresses of people who have not answered an invitation are deleted at
    once, as when all invitations are cancelled.
    """
    ids = list(drafts.filter(status=Letter.Status.DRAFT, binned_at=None).values_list("pk", flat=True))
    end_invitations(Signature.objects.filter(letter__in=ids, is_first=True, state=State.INVITED), now)
    Letter.objects.filter(pk__in=ids).update(binned_at=since, publish_at=None, publish_refused="")


def end_invitations(waiting: SignatureQuerySet, now: datetime) -> int:
    """Reduce invitations to their hash. Returns how many.

    Race: the row lock lets a simultaneous answer win. Timing defence: the database gets the same queries if there are
    none, because organizers can cancel one person's invitation.
    """
    found = list(waiting.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    ids = found or [NO_SIGNATURE]
    # Someone who reported our email as spam has declined. No other email about this letter may reach them.
    complained = Q(concern=Signature.Concern.COMPLAINED)
    Signature.objects.filter(pk__in=ids).move(
        Transition.END_INVITATION,
        to=Transition.END_INVITATION.choose(complained, State.DECLINED, State.EXPIRED),
        concern=Case(When(complained, then=Value(Signature.Concern.COMPLAINED)), default=Value("")),
    )
    SignerContact.objects.filter(pk__in=ids).delete()
    # Sent emails stay as long as the row, so that they count if an address is invited again and again.
    OutgoingEmail.objects.owed().filter(signature__in=ids).update(dropped_at=now)
    return len(found)


def delete_soon(drafts: "QuerySet[Letter]", now: datetime) -> None:
    """Let the next task delete drafts that nobody could restore, even those that are already in the bin."""
    # Lock order: the caller holds the collective.
    locked = list(drafts.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    ended = now - KEPT_IN_BIN
    put_in_bin(Letter.objects.filter(pk__in=locked), now, since=ended)
    Letter.objects.filter(pk__in=locked, binned_at__gt=ended).update(binned_at=ended)
