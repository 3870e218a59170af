"""Count a year of moderation for the report that the EU's Digital Services Act requires (Articles 15 and 24).

Privacy: the numbers are only about letters and decisions: no name, no address, and nothing about any one signer.
Signers' appeals count from the morning on which moderators get them, and no longer once their signer has withdrawn.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from django.db.models import Count

from letters.models import RejectionAppeal, Report, ReviewDecision, TakeDown, User
from letters.shared.refused import Refusal, Refused

Row = Sequence[object]
COLUMNS = ["year", "what", "kind", "number"]


def rows_of_year(year: int, *, by: User) -> Iterator[Row]:
    """Yield the rows of the CSV for one year in UTC. Raises Refused("not_yours") for everyone but site moderators."""
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    span = (datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    yield COLUMNS
    yield from (
        [year, *row]
        for found in (_reports, _takedowns, _appeals, _decisions, _appeals_of_signers)
        for row in found(*span)
    )


def _reports(begins: datetime, ends: datetime) -> Iterator[Row]:
    """Count reports by kind, and decisions on reports about letters, with the median hours until a decision."""
    reports = Report.objects.filter(reported_at__gte=begins, reported_at__lt=ends)
    counted = dict(reports.values_list("reason").annotate(number=Count("pk")).order_by("reason"))
    for reason in Report.Reason:
        kind = "letter" if reason in {Report.Reason.ILLEGAL, Report.Reason.RULES} else "signature"
        yield (f"reports of a {kind}", reason.value, counted.get(reason.value, 0))
    decided = Report.objects.filter(decided_at__gte=begins, decided_at__lt=ends)
    outcomes = dict(decided.values_list("outcome").annotate(number=Count("pk")).order_by("outcome"))
    for outcome in (Report.Outcome.ACTED, Report.Outcome.NOTHING):
        yield ("decisions on reports of a letter", outcome.value, outcomes.get(outcome.value, 0))
    waits = [after - before for before, after in decided.values_list("reported_at", "decided_at") if after]
    yield ("median hours until a decision on a report", "letter", _median_hours(waits))


def _takedowns(begins: datetime, ends: datetime) -> Iterator[Row]:
    taken = TakeDown.objects.filter(taken_down_at__gte=begins, taken_down_at__lt=ends)
    for ground in TakeDown.Ground:
        yield ("letters taken down", f"ground: {ground.value}", taken.filter(ground=ground).count())
    for found_by in TakeDown.FoundBy:
        yield ("letters taken down", f"found by: {found_by.value}", taken.filter(found_by=found_by).count())
    # Programs decide nothing here. They can only point to a letter.
    yield ("letters taken down", "decided by automated means", 0)
    restored = TakeDown.objects.filter(restored_at__gte=begins, restored_at__lt=ends)
    yield ("letters restored", "all", restored.count())


def _appeals(begins: datetime, ends: datetime) -> Iterator[Row]:
    yield ("appeals", "all", TakeDown.objects.filter(appealed_at__gte=begins, appealed_at__lt=ends).count())
    decided = TakeDown.objects.filter(decided_at__gte=begins, decided_at__lt=ends)
    for outcome in (TakeDown.Outcome.UPHELD, TakeDown.Outcome.REVERSED):
        yield ("decisions on appeals", outcome.value, decided.filter(outcome=outcome).count())
    waits = [after - before for before, after in decided.values_list("appealed_at", "decided_at") if before and after]
    yield ("median hours until a decision on an appeal", "all", _median_hours(waits))


def _decisions(begins: datetime, ends: datetime) -> Iterator[Row]:
    """Count moderators' decisions about signatures, and how many of them were undone."""
    made = ReviewDecision.objects.filter(decided_at__gte=begins, decided_at__lt=ends)
    counted = dict(made.values_list("verb").annotate(number=Count("pk")).order_by("verb"))
    for verb in ReviewDecision.Verb:
        yield ("decisions about signatures", verb.value, counted.get(verb.value, 0))
    yield ("decisions about signatures", "undone", made.filter(undone_at__isnull=False).count())


def _appeals_of_signers(begins: datetime, ends: datetime) -> Iterator[Row]:
    queued = RejectionAppeal.objects.filter(queued_at__gte=begins, queued_at__lt=ends)
    yield ("appeals about signatures", "all", queued.count())
    decided = RejectionAppeal.objects.filter(settlement__decided_at__gte=begins, settlement__decided_at__lt=ends)
    for outcome in (RejectionAppeal.Outcome.UPHELD, RejectionAppeal.Outcome.REVERSED):
        yield ("decisions on appeals about signatures", outcome.value, decided.filter(outcome=outcome).count())
    times = decided.values_list("queued_at", "settlement__decided_at")
    waits = [after - before for before, after in times if before and after]
    yield ("median hours until a decision on an appeal about a signature", "all", _median_hours(waits))


def _median_hours(waits: list[timedelta]) -> float | str:
    """Return the median in hours; "" if nothing was decided."""
    return round(median(wait.total_seconds() for wait in waits) / 3600, 1) if waits else ""
