from datetime import datetime

from letters.signer.carry_over import queries
from letters.signer.carry_over.operations import owe_batch


def owe_questions(*, now: datetime) -> None:
    """Create the emails of every question in batches. If a worker dies, another one continues where it stopped."""
    for question_id in queries.questions_under_way():
        while owe_batch(question_id, now=now):
            pass
