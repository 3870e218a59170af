from datetime import datetime

from letters.signer.carry_over import queries
from letters.signer.carry_over.operations import owe_batch


def owe_questions(*, now: datetime) -> None:
    """Owe the mails of every question, batch after batch. Whoever takes over from a worker that died goes on there."""
    for question_id in queries.questions_under_way():
        while owe_batch(question_id, now=now):
            pass
