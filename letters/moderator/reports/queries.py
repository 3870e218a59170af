"""Read the reports that wait for a moderator of the site."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q

from letters.models import Letter, Report

MAX_SHOWN = 50
OPEN = Q(reports__outcome="", reports__signature__isnull=True)


def open_reports(letter: Letter) -> list[Report]:
    """Return the reports about a letter that nobody has decided, newest first."""
    return list(Report.objects.filter(letter=letter, outcome="", signature=None).order_by("-pk")[:MAX_SHOWN])


@dataclass(frozen=True)
class Reported:
    letter: Letter
    number: int


def reported_letters() -> list[Reported]:
    """Return the letters with open reports, the longest wait first."""
    waiting = Letter.objects.public().filter(OPEN).exclude(status=Letter.Status.TAKEN_DOWN)
    counted = waiting.annotate(number=Count("reports", filter=OPEN), since=Min("reports__reported_at", filter=OPEN))
    found = counted.select_related("collective").order_by("since")[:MAX_SHOWN]
    return [Reported(each, each.number) for each in found]  # type: ignore[attr-defined]  # annotated above
