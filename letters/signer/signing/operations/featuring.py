"""Answer the organizers' question whether the letter's page may feature a name, and take the answer back."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.models import Featuring, Letter, Signature, next_daily_hour
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def answer_featuring(signature: Signature, *, agrees: bool, now: datetime) -> None:
    """Store the answer. The name comes to its place, and the organizers read the answer, on the next day. Idempotent.

    Signers can change their mind at any time. A featured name leaves its place at once. Raises Refused("nothing_asked")
    if there is no question.
    """
    # Race: organizers who take the question back, and the clock that passes answers on, wait here.
    change = change_letter_unasked(
        Letter.objects.select_related("collective").get(pk=signature.letter_id), by="signer", now=now
    )
    featuring = Featuring.objects.filter(signature=signature).first()
    if featuring is None:
        raise Refused(Refusal.NOTHING_ASKED)
    answer = Featuring.Answer.YES if agrees else Featuring.Answer.NO
    if featuring.answer == answer:
        return
    featuring.answer = answer
    number, shown = signature.number, change.letter.featured
    if number in shown and not agrees:
        change.update(featured=[each for each in shown if each != number])
        featuring.reaches_at = featuring.passed_on_at = now
    else:
        # Privacy: organizers who watch a company's network must not see an answer a minute after a visit.
        featuring.reaches_at, featuring.passed_on_at = next_daily_hour(change.letter.zone(), now), None
    featuring.save(update_fields=["answer", "reaches_at", "passed_on_at"])
