from datetime import datetime

from letters.moderator.moderation.operations import (
    draw_decisions,
    end_claims,
    forget_criteria,
    forget_replaced_words,
    queue_answers,
    queue_appeals,
    tend_opinions,
    work_on_bulk,
)
from letters.moderator.moderation.queries import at_work
from letters.shared.clock import database_now


def tidy_queue(*, now: datetime) -> None:
    end_claims(now=now)
    forget_replaced_words(now=now)
    forget_criteria(now=now)


def pass_on_appeals(*, now: datetime) -> None:
    queue_appeals(now=now)
    queue_answers(now=now)


def check_decisions(*, now: datetime) -> None:
    """Draw decisions for second opinions, and count how many were wrong."""
    draw_decisions(now=now)
    tend_opinions(now=now)


def decide_in_bulk() -> None:
    """Work on every bulk decision, one batch of each in turn, so that a large one does not keep others waiting."""
    left = at_work()
    while left:
        # Each batch has its own time, by which its decisions are found again.
        left = [pk for pk in left if work_on_bulk(pk, now=database_now())]
