"""Check decisions of moderators: draw some by lot, ask another moderator, and let a site moderator settle the rest.

A second opinion is blind: the page shows neither the decision nor who took it. It changes nothing by itself.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from letters.base.changes.operations import change_letter
from letters.models import MODERATING, ErrorRate, ReviewDecision, SecondOpinion, Signature, User
from letters.moderator.moderation import queries
from letters.moderator.moderation.operations.begin import CLAIM_LIFETIME
from letters.moderator.moderation.operations.undoing import undo_decision
from letters.moderator.moderation.queries import Scope
from letters.shared.refused import Refusal, Refused

Answer, Verdict = SecondOpinion.Answer, SecondOpinion.Verdict
# At most this many decisions of a day are drawn. Each has the same chance: this number over that of all, or 1.
DRAWN_A_DAY = 20
DAY = timedelta(days=1)
# Decisions older than this are not drawn.
DRAWN_WITHIN = timedelta(days=7)


@transaction.atomic
def draw_decisions(*, now: datetime) -> int:
    """Draw from the decisions that are a day old and were taken since the last draw, once a day (UTC).

    Returns how many. Abuse: the lot is that of the operating system, so no moderator can guess which decisions someone
    else will see.
    """
    if queries.was_drawn_since(now.replace(hour=0, minute=0, second=0, microsecond=0)):
        return 0
    until = now - DAY
    last = queries.last_draw()
    # If no draw took place for some days, their decisions are drawn now.
    since = max(last - DAY, until - DRAWN_WITHIN) if last else until - DRAWN_WITHIN
    ids = queries.decisions_to_draw_from(since, until)
    drawn = secrets.SystemRandom().sample(ids, min(DRAWN_A_DAY, len(ids)))
    decisions = ReviewDecision.objects.filter(pk__in=drawn).select_related("signature")
    opinions = [
        SecondOpinion(
            decision=each,
            signature=each.signature,
            letter_id=each.letter_id,
            fingerprint=each.signature.fingerprint(),
            drawn_at=now,
        )
        for each in decisions
    ]
    return len(SecondOpinion.objects.bulk_create(opinions, ignore_conflicts=True))


def claim_opinion(scope: Scope, *, now: datetime) -> tuple[int, Signature] | None:
    """Give the person a signature to look at, if one was drawn. Returns the id of the second opinion with it.

    One that has changed since it was drawn is dropped. If someone has taken the same decision again, it follows that.
    """
    while (pk := queries.claim_next(scope, now=now, until=now + CLAIM_LIFETIME)) is not None:
        opinion = SecondOpinion.objects.get(pk=pk)
        signature = queries.signature_to_look_at(pk)
        if signature and _follow(opinion):
            return pk, signature
        opinion.delete()
    return None


def _follow(opinion: SecondOpinion) -> bool:
    """Move the second opinion to a newer decision of the same verb. Returns whether there is one that holds.

    Abuse: otherwise a moderator could restore and reject again, and nobody would check either decision.
    """
    decision = queries.decision_instead_of(opinion)
    if decision and decision.pk != opinion.decision_id:
        opinion.decision = decision
        opinion.save(update_fields=["decision"])
    return decision is not None


@transaction.atomic
def give_opinion(opinion: SecondOpinion, answer: str, *, by: User, now: datetime) -> None:
    """Note what another moderator would have decided. The signature stays as it is.

    Raises Refused: "not_yours", "second_person" for anyone who has decided about the signature, and "decided_again" if
    it was answered, or has changed, since it was drawn.
    """
    change = change_letter(opinion.letter, MODERATING, by=by, now=now, or_site_moderator=True)
    # Race: two people may have it, if a claim ended. The second finds an answer.
    locked = SecondOpinion.objects.select_for_update().filter(pk=opinion.pk, answer="").first()
    if locked is None or not _follow(locked):
        raise Refused(Refusal.DECIDED_AGAIN)
    _require_other(locked, by)
    locked.answer, locked.answered_by, locked.answered_at = Answer(answer), by, now
    locked.disagrees = answer != locked.decision.verb
    locked.claimed_by = locked.claimed_until = None
    locked.save()
    # Privacy: the record names the letter alone, so nobody learns which decisions are checked.
    change.record("check_decision", change.letter)


@transaction.atomic
def settle_opinion(opinion: SecondOpinion, *, was_wrong: bool, by: User, now: datetime) -> None:
    """Decide about a disagreement. A decision that was wrong is undone, and the signature is in the queue again.

    Raises Refused: "not_yours" for anyone but site moderators, "second_person" for the two who disagree, and
    "decided_again" if someone else was faster, or the signer has changed or withdrawn the signature since.
    """
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    change = change_letter(opinion.letter, MODERATING, by=by, now=now, or_site_moderator=True)
    # Race: the signer who changes the words waits for the letter.
    waiting = queries.waiting_disagreements().filter(pk=opinion.pk)
    locked = waiting.select_for_update(of=["self"]).first()
    if locked is None:
        raise Refused(Refusal.DECIDED_AGAIN)
    _require_other(locked, by)
    if locked.answered_by_id == by.pk:
        raise Refused(Refusal.SECOND_PERSON)
    verdict = Verdict.WRONG if was_wrong else Verdict.RIGHT
    SecondOpinion.objects.filter(pk=locked.pk).update(verdict=verdict, settled_by=by, settled_at=now)
    if was_wrong:
        # If someone has decided again, nothing is left to undo.
        with suppress(Refused):
            undo_decision(locked.decision, by=by, now=now)
    change.record("settle_check", change.letter, details={"verdict": verdict})


def _require_other(opinion: SecondOpinion, by: User) -> None:
    decided = ReviewDecision.objects.filter(signature=opinion.signature_id)
    if decided.filter(Q(decided_by=by) | Q(undone_by=by) | Q(bulk__approved_by=by)).exists():
        raise Refused(Refusal.SECOND_PERSON)


def tend_opinions(*, now: datetime) -> None:
    """Drop what nobody answered in time, and disagreements about words that are gone. Forget what is older than a year,
    and count the error rate of the site.
    """
    SecondOpinion.objects.filter(answer="", drawn_at__lte=now - queries.ANSWERED_WITHIN).delete()
    open_ones = SecondOpinion.objects.filter(disagrees=True, verdict="")
    open_ones.exclude(pk__in=queries.waiting_disagreements().values("pk")).delete()
    SecondOpinion.objects.filter(answered_at__lte=now - queries.COUNTED_FOR).delete()
    checked, wrong = queries.error_rate(now=now)
    ErrorRate.objects.update_or_create(pk=ErrorRate.ONLY, defaults={"checked": checked, "wrong": wrong})
