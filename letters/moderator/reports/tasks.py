from datetime import datetime

from letters.moderator.reports.operations import forget_reports


def forget_old_reports(*, now: datetime) -> None:
    forget_reports(now=now)
