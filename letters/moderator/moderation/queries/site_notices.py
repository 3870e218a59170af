"""Read whether anything beside signatures waits for a person who moderates the whole site."""

from dataclasses import dataclass

from django.db.models import Exists

from letters.models import BulkDecision, RejectionAppeal, SecondOpinion, User, Wave
from letters.moderator.moderation.queries.opinions import waiting_disagreements


@dataclass(frozen=True)
class SiteNotices:
    """The things that the page of the queue has to look for. Each is usually false."""

    has_appeals_against: bool
    has_drawn: bool
    has_disagreements: bool
    has_waves: bool
    has_bulk_decisions: bool


def site_notices(person: User) -> SiteNotices:
    """Performance: one query, so that the page of the queue does not look for each of these in vain."""
    row = User.objects.filter(pk=person.pk).values_list(
        Exists(RejectionAppeal.objects.waiting().barred_to(person)),
        Exists(SecondOpinion.objects.filter(answer=SecondOpinion.Answer.NONE)),
        Exists(waiting_disagreements()),
        Exists(Wave.objects.filter(over_at=None)),
        Exists(BulkDecision.objects.filter(state=BulkDecision.State.ASKED)),
    )
    return SiteNotices(*row.get())
