from datetime import datetime

from letters.revising import queries
from letters.revising.operations import owe_batch


def owe_questions(*, now: datetime) -> None:
    """Owe the mails of every question, batch after batch. Whoever takes over from a worker that died goes on there."""
    for question_id in queries.questions_under_way():
        while owe_batch(question_id, now=now):
            pass
