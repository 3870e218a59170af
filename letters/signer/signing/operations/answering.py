"""Answer a moderator's question: give a link to a public profile that names the letter."""

from datetime import datetime

from django.db import transaction

from letters.models import Signature, next_daily_hour
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries


@transaction.atomic
def answer_question(signature: Signature, *, link: str, now: datetime) -> None:
    """Store the answer. The signature comes back to the review queue on the next day. Idempotent.

    Raises Refused("nothing_asked") if no question waits for an answer: a moderator has decided since, it was answered
    already, or the time is over.
    """
    # Race: a second click, or a moderator who decides, waits here.
    locked = Signature.objects.select_for_update(no_key=True).get(pk=signature.pk)
    question = queries.question_to(locked)
    if question and question.link == link:
        return
    if question is None or not question.may_answer(now):
        raise Refused(Refusal.NOTHING_ASKED)
    question.link, question.answered_at = link, now
    # Privacy: a moderator who watches a company's network must not see an answer a minute after a visit.
    question.reaches_at = next_daily_hour(signature.letter.zone(), now)
    question.save(update_fields=["link", "answered_at", "reaches_at"])
