from datetime import datetime

from letters.organizer.featured.operations import pass_on_answers


def feature_who_agreed(*, now: datetime) -> None:
    pass_on_answers(now=now)
