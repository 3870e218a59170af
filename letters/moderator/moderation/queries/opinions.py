"""Read second opinions: what can be drawn, what a moderator gets, and how often decisions were wrong."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from letters.models import (
    COUNTED,
    WRONG,
    Letter,
    ReviewDecision,
    SecondOpinion,
    Signature,
    State,
    User,
)
from letters.moderator.moderation.queries.queue import Scope, with_letters
from letters.shared.sql import fetch_row
from letters.shared.tokens import read_handle

Verb = ReviewDecision.Verb
# A second opinion that nobody has given within this time is dropped.
ANSWERED_WITHIN = timedelta(days=14)
# The public error rate covers this time.
COUNTED_FOR = timedelta(days=365)
# The state in which each decision leaves a signature, until someone decides again or its signer changes it.
LEFT_AS = Q(verb=Verb.ACCEPT, signature__state__in=[State.CONFIRMED, COUNTED]) | Q(
    verb=Verb.REJECT, signature__state=State.REJECTED
)
# The signature still has the words about which the two moderators disagree.
WORDS_KEPT = Q(decision__words_changed=False, signature__confirmed_at__lte=F("decision__decided_at"))


def decisions_that_hold() -> QuerySet[ReviewDecision]:
    """Select decisions that still hold: the newest about a signature whose words are kept, in a public letter.

    Abuse: one that was undone is passed over. Otherwise a moderator could take another decision and undo it, and nobody
    would check the first.
    """
    later = ReviewDecision.objects.filter(signature=OuterRef("signature"), pk__gt=OuterRef("pk"), undone_at=None)
    public = ReviewDecision.objects.filter(LEFT_AS, ~Exists(later), undone_at=None)
    public = public.exclude(signature__concern=Signature.Concern.RECHECK)
    shown = public.filter(letter__in=Letter.objects.public().exclude(status=Letter.Status.TAKEN_DOWN))
    # An emptied signature has no time of confirmation, and one that was confirmed again may have other words.
    return shown.filter(words_changed=False, signature__confirmed_at__lte=F("decided_at"))


def decisions_to_draw_from(since: datetime, until: datetime) -> list[int]:
    """Return the ids of the decisions of this time that still hold, and were not drawn.

    Abuse: a newer decision of the same verb takes the place of an older one. Otherwise a moderator who restores and
    rejects again every day would have no decision that is old enough.
    """
    taken = ReviewDecision.objects.filter(signature=OuterRef("signature"), verb=OuterRef("verb"))
    taken = taken.filter(decided_at__gt=since, decided_at__lte=until)
    waiting = SecondOpinion.objects.filter(signature=OuterRef("signature"), decision__verb=OuterRef("verb"), answer="")
    found = decisions_that_hold().filter(Exists(taken), ~Exists(waiting), decided_at__gt=since, second_opinion=None)
    return list(found.values_list("pk", flat=True))


def last_draw() -> datetime | None:
    return SecondOpinion.objects.order_by("-drawn_at").values_list("drawn_at", flat=True).first()


def decision_instead_of(opinion: SecondOpinion) -> ReviewDecision | None:
    """Return the decision that a second opinion is about now: the drawn one, or a newer one of the same verb.

    None if it no longer holds, or the words are not as they were when it was drawn.
    """
    same = decisions_that_hold().filter(signature=opinion.signature_id, verb=opinion.decision.verb)
    same = same.filter(Q(pk=opinion.decision_id) | Q(second_opinion=None, pk__gt=opinion.decision_id))
    decision = same.select_related("signature").first()
    return decision if decision and decision.signature.fingerprint() == opinion.fingerprint else None


def was_drawn_since(moment: datetime) -> bool:
    return SecondOpinion.objects.filter(drawn_at__gte=moment).exists()


# Privacy and independence: nobody gets a signature about which they have decided before, or a part of a bulk decision
# that they asked for or approved. Race: a row that someone else is being given is passed over.
NEXT = """
UPDATE letters_secondopinion AS mine SET claimed_by_id = %(person)s, claimed_until = %(until)s
WHERE id = (
    SELECT opinion.id FROM letters_secondopinion AS opinion
    WHERE answer = '' AND drawn_at > %(since)s AND {within}
        AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by_id = %(person)s)
        AND NOT EXISTS (
            SELECT FROM letters_reviewdecision AS decision
            LEFT JOIN letters_bulkdecision AS bulk ON bulk.id = decision.bulk_id
            WHERE decision.signature_id = opinion.signature_id
                AND %(person)s IN (decision.decided_by_id, decision.undone_by_id, bulk.approved_by_id)
        )
    ORDER BY claimed_by_id IS NOT DISTINCT FROM %(person)s DESC, drawn_at, id
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def claim_next(scope: Scope, *, now: datetime, until: datetime) -> int | None:
    """Give this person the next signature that they have not decided about. Returns the id of the second opinion."""
    within = "TRUE" if scope.letters is None else "opinion.letter_id = ANY(%(letters)s)"
    values: dict[str, Any] = {
        **scope.values(),
        "person": scope.person.pk,
        "now": now,
        "until": until,
        "since": now - ANSWERED_WITHIN,
    }
    row = fetch_row(NEXT.format(within=within), values)
    return row[0] if row else None


def opinion_purpose(person: User) -> str:
    return f"opinion:{person.pk}"


def opinion_of(person: User, handle: str) -> SecondOpinion:
    """Return the second opinion that a handle names, with its letter. Raises SecondOpinion.DoesNotExist."""
    found = SecondOpinion.objects.select_related("letter__collective", "decision__bulk")
    return found.get(pk=read_handle(opinion_purpose(person), handle) or 0)


def signature_to_look_at(opinion_id: int) -> Signature | None:
    """Return the signature of a second opinion, as the queue shows it."""
    drawn = SecondOpinion.objects.filter(pk=opinion_id).values("signature")
    return with_letters(Signature.objects.filter(pk__in=drawn)).first()


def disagreements() -> list[SecondOpinion]:
    """Return disagreements that wait for a site moderator, oldest first."""
    return list(waiting_disagreements().select_related("decision", "letter").order_by("answered_at", "pk")[:50])


def number_of_disagreements() -> int:
    return waiting_disagreements().count()


def waiting_disagreements() -> QuerySet[SecondOpinion]:
    """Select disagreements that a site moderator can settle."""
    return SecondOpinion.objects.filter(WORDS_KEPT, disagrees=True, verdict="")


def signatures_of(opinions: Iterable[SecondOpinion]) -> dict[int, Signature]:
    """Return the signatures, with their letters, by id."""
    ids = [each.signature_id for each in opinions]
    return {each.pk: each for each in with_letters(Signature.objects.filter(pk__in=ids))}


def error_rate(*, now: datetime) -> tuple[int, int]:
    """Return how many decisions of the last year were checked, and how many of them were wrong."""
    counts = SecondOpinion.objects.filter(answered_at__gt=now - COUNTED_FOR).aggregate(
        checked=Count("pk"), wrong=Count("pk", filter=WRONG)
    )
    return counts["checked"], counts["wrong"]
