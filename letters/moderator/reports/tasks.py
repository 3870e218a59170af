from datetime import datetime

from letters.moderator.reports.operations import forget_reports, settle_name_reports


def forget_old_reports(*, now: datetime) -> None:
    forget_reports(now=now)


def tell_people_named(*, now: datetime) -> None:
    """Tell people named what was decided. Without a broker this is tried again."""
    settle_name_reports(now=now)
