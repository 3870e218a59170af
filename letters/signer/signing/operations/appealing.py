"""Appeal against a rejection: the signer of a removed signature says once what is wrong about the decision."""

from datetime import datetime

from django.db import transaction

from letters.models import RejectionAppeal, Signature, next_daily_hour
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries


@transaction.atomic
def appeal_rejection(signature: Signature, *, words: str, now: datetime) -> None:
    """Store the appeal. It comes into the review queue on the next day, and changes nothing until then. Idempotent.

    Raises Refused("no_reason") without words, and Refused("appeal_over") if there is no decision to appeal against: it
    was undone, there was an appeal already, or the time is over.
    """
    said = words.strip()
    if not said:
        raise Refused(Refusal.NO_REASON)
    # Race: a second click, or a moderator who undoes the decision, waits here.
    locked = Signature.objects.select_for_update(no_key=True).get(pk=signature.pk)
    removal = queries.removal_of(locked)
    if removal and removal.appeal and removal.appeal.words == said:
        return
    if removal is None or not removal.may_appeal(now):
        raise Refused(Refusal.APPEAL_OVER)
    decision = removal.decision
    RejectionAppeal.objects.create(
        decision=decision,
        signature=locked,
        rejected_by_id=decision.decided_by_id,
        approved_by_id=decision.bulk.approved_by_id if decision.bulk else None,
        words=said,
        appealed_at=now,
        # Privacy: a moderator who watches a company's network must not see an appeal a minute after a visit.
        reaches_at=next_daily_hour(signature.letter.zone(), now),
    )
