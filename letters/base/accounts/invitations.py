"""Decide when a collective may send no more invitations, because too many bounced or were reported as spam."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Count, Q

from letters.models import COMPLAINED, AuditEvent, Collective, OutgoingEmail, User

# Both the number and the percentage must be exceeded: a bought list is a reason to stop, a few mistyped addresses are
# not.
FEWEST_BACK, BACK_IN_A_HUNDRED = 5, 10
FEWEST_COMPLAINTS, COMPLAINTS_IN_A_THOUSAND = 2, 5
# While a collective is stopped, everyone who invited for it this recently cannot invite for another one either.
STOPPED_FOR = timedelta(days=30)
# The pause before an invitation of a stopped collective is checked again.
ASKED_AGAIN_AFTER = timedelta(hours=1)

KINDS = [OutgoingEmail.Kind.INVITED, OutgoingEmail.Kind.TEAM_INVITATION]


@dataclass(frozen=True)
class Health:
    """The results of a collective's invitations since staff last allowed it to continue."""

    ended: int
    bounced: int
    complained: int

    @property
    def is_ill(self) -> bool:
        back = self.bounced >= FEWEST_BACK and self.bounced * 100 >= self.ended * BACK_IN_A_HUNDRED
        spam = self.complained >= FEWEST_COMPLAINTS
        return back or (spam and self.complained * 1000 >= self.ended * COMPLAINTS_IN_A_THOUSAND)


def health_of(collective: Collective) -> Health:
    """Count the results of a collective's invitations.

    Abuse: this counts for the whole collective, not for one letter. Otherwise someone with a bad list could continue
    with the next letter, or invite the same addresses as members.
    """
    # Race: staff may have allowed the collective to continue since the row was read.
    again = Collective.objects.values_list("invites_again_at", flat=True).get(pk=collective.pk)
    since = Q(sent_at__gt=again) | Q(failed_at__gt=again) if again else Q()
    # Independent of `is_first`: see `Progress`.
    first = Q(kind=OutgoingEmail.Kind.INVITED, signature__letter__collective=collective)
    team = Q(kind=OutgoingEmail.Kind.TEAM_INVITATION, invitation__collective=collective)
    # Performance: two queries, each with its own index.
    return _add(*(_count(each & since) for each in (first, team)))


def _count(wanted: Q) -> Health:
    numbers = OutgoingEmail.objects.filter(wanted).aggregate(
        ended=Count("pk", filter=Q(sent_at__isnull=False) | Q(failed_at__isnull=False)),
        bounced=Count("pk", filter=Q(failed_at__isnull=False)),
        complained=Count("pk", filter=Q(error=COMPLAINED)),
    )
    return Health(**numbers)


def _add(first: Health, team: Health) -> Health:
    return Health(first.ended + team.ended, first.bounced + team.bounced, first.complained + team.complained)


@lru_cache(maxsize=64)
def has_stopped_in_second(collective_id: int, second: int) -> bool:
    """Return whether a collective was stopped, at most a second ago: a thousand invitations ask the same question.

    A suspended collective is stopped, too.
    """
    is_suspended = Collective.objects.filter(pk=collective_id, suspended_at__isnull=False).exists()
    return is_suspended or health_of(Collective(pk=collective_id)).is_ill


def is_stopped(collective: Collective, by: User, now: datetime) -> bool:
    """Return whether this person may not invite for the collective.

    Abuse: a bad list is as bad in another collective.
    """
    if health_of(collective).is_ill:
        return True
    verbs = ["invite_first_signers", "invite_member"]
    invited = AuditEvent.objects.filter(verb__in=verbs, actor=by, at__gt=now - STOPPED_FOR)
    others = Collective.objects.filter(pk__in=invited.values("collective")).exclude(pk=collective.pk)
    return any(health_of(other).is_ill for other in others)
