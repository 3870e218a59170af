"""When invitations stop, to sign first or to join a collective: too many came back, or were called spam."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Count, Q

from letters.models import COMPLAINED, AuditEvent, Collective, OutgoingEmail, User

# It stops when so many of its emails come back or are called spam, and when they are so large a part of all that
# have left: a mistyped address is no reason, a bought list is.
FEWEST_BACK, BACK_IN_A_HUNDRED = 5, 10
FEWEST_COMPLAINTS, COMPLAINTS_IN_A_THOUSAND = 2, 5
# For how long a collective that was stopped keeps whoever invited for it from inviting for another one.
STOPPED_FOR = timedelta(days=30)
# How long an invitation waits while its collective is stopped, before it is asked again whether it may leave.
ASKED_AGAIN_AFTER = timedelta(hours=1)

KINDS = [OutgoingEmail.Kind.INVITED, OutgoingEmail.Kind.TEAM_INVITATION]


@dataclass(frozen=True)
class Health:
    """How the invitations of a collective fare, since staff last let it go on."""

    ended: int
    came_back: int
    complained: int

    @property
    def is_ill(self) -> bool:
        back = self.came_back >= FEWEST_BACK and self.came_back * 100 >= self.ended * BACK_IN_A_HUNDRED
        spam = self.complained >= FEWEST_COMPLAINTS
        return back or (spam and self.complained * 1000 >= self.ended * COMPLAINTS_IN_A_THOUSAND)


def health_of(collective: Collective) -> Health:
    """Of the collective, not of one letter: whoever has a bad list could go on with the next letter, or invite its
    addresses to the collective.
    """
    # Asked of the database: staff may have let it go on since it was read.
    again = Collective.objects.values_list("invites_again_at", flat=True).get(pk=collective.pk)
    since = Q(sent_at__gt=again) | Q(failed_at__gt=again) if again else Q()
    # Whether or not they are still among the first, see `Progress`.
    first = Q(kind=OutgoingEmail.Kind.INVITED, signature__letter__collective=collective)
    team = Q(kind=OutgoingEmail.Kind.TEAM_INVITATION, invitation__collective=collective)
    # Two questions, each of its own index.
    return _add(*(_count(each & since) for each in (first, team)))


def _count(wanted: Q) -> Health:
    numbers = OutgoingEmail.objects.filter(wanted).aggregate(
        ended=Count("pk", filter=Q(sent_at__isnull=False) | Q(failed_at__isnull=False)),
        came_back=Count("pk", filter=Q(failed_at__isnull=False)),
        complained=Count("pk", filter=Q(error=COMPLAINED)),
    )
    return Health(**numbers)


def _add(first: Health, team: Health) -> Health:
    return Health(first.ended + team.ended, first.came_back + team.came_back, first.complained + team.complained)


@lru_cache(maxsize=64)
def has_stopped_in_second(collective_id: int, second: int) -> bool:
    """As it was within the last second: a thousand invitations ask for the same."""
    return health_of(Collective(pk=collective_id)).is_ill


def is_stopped(collective: Collective, by: User, now: datetime) -> bool:
    """Whether this person may invite nobody for it. A bad list stays bad when it is sent for another collective."""
    if health_of(collective).is_ill:
        return True
    verbs = ["invite_first_signers", "invite_member"]
    invited = AuditEvent.objects.filter(verb__in=verbs, actor=by, at__gt=now - STOPPED_FOR)
    others = Collective.objects.filter(pk__in=invited.values("collective")).exclude(pk=collective.pk)
    return any(health_of(other).is_ill for other in others)
