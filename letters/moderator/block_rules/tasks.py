from datetime import datetime

from letters.moderator.block_rules.operations import forget_rules


def tidy_rules(*, now: datetime) -> None:
    forget_rules(now=now)
