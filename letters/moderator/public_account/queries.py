"""Count the work of moderators for one letter. Performance: once a day, and each statement reads a small index."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from letters.models import NOT_APPEALED, WRONG, Letter, RejectionReason, ReviewDecision, SecondOpinion, State
from letters.models.lifecycle import is_in
from letters.shared.sql import fetch_one, fetch_row, fetch_rows

# Decisions older than this say nothing about how long people wait now.
LATELY = timedelta(days=90)
CHECKED_FOR = timedelta(days=365)
# Performance: the median covers at most this many newest decisions.
MAX_DECISIONS = 10_000

# The newest reason counts. A signature off the list until someone decides again has no reason yet, unless its signer
# appeals. Privacy: an appeal must change no public number.
REMOVED_FOR = f"""
SELECT coalesce(newest.reason, ''), count(*) FROM letters_signature AS signature
LEFT JOIN LATERAL (
    SELECT reason FROM letters_reviewdecision AS decision
    WHERE decision.signature_id = signature.id AND verb = 'reject' AND undone_at IS NULL
    ORDER BY id DESC LIMIT 1
) AS newest ON concern <> 'recheck' OR NOT {NOT_APPEALED}
WHERE letter_id = %(letter)s AND {is_in([State.REJECTED])} AND number IS NOT NULL
GROUP BY 1
"""  # noqa: S608 -- our own statement
WAITING_LONGEST = f"""
SELECT confirmed_at FROM letters_signature
WHERE letter_id = %(letter)s AND {is_in([State.HELD])} ORDER BY confirmed_at OFFSET %(left_out)s LIMIT 1
"""  # noqa: S608 -- our own statement
# Privacy: a signature that its signer has emptied has no time of confirmation, and drops out.
MEDIAN = """
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY took)
FROM (
    SELECT decided_at - confirmed_at AS took
    FROM letters_reviewdecision AS decision JOIN letters_signature AS signature ON signature.id = signature_id
    WHERE decision.letter_id = %(letter)s AND decided_at > %(since)s AND verb IN ('accept', 'reject')
        AND state_before = 'held' AND undone_at IS NULL AND confirmed_at IS NOT NULL
    ORDER BY decided_at DESC LIMIT %(most)s
) AS lately
"""


def letters_to_renew(*, now: datetime) -> list[Letter]:
    """Return public letters about whose moderation there is something to say."""
    decisions = ReviewDecision.objects.filter(letter=OuterRef("pk"), decided_at__gt=now - LATELY)
    is_moderated = Q(removed_count__gt=0) | Q(awaiting_review__gt=0) | Q(moderation_account__isnull=False)
    found = Letter.objects.public().filter(is_moderated | Exists(decisions))
    return list(found.select_related("collective").order_by("pk"))


def removed_by_reason(letter_id: int) -> dict[str, int]:
    """Count removed signatures that have a number, by the code of the reason; "" for none."""
    return dict(fetch_rows(REMOVED_FOR, {"letter": letter_id}))


def confirmed_after(letter_id: int, left_out: int) -> datetime | None:
    """Return when the longest waiting signature was confirmed, after leaving out those that wait longest."""
    row = fetch_row(WAITING_LONGEST, {"letter": letter_id, "left_out": left_out})
    return row[0] if row else None


def median_of_decisions(letter_id: int, *, now: datetime) -> tuple[int, timedelta | None]:
    """Return how many decisions about held signatures were made lately, and how long after the confirmation."""
    values = {"letter": letter_id, "since": now - LATELY, "most": MAX_DECISIONS}
    number, took = fetch_one(MEDIAN, values)
    return number, took


def checked_decisions(letter_id: int, *, now: datetime) -> tuple[int, int]:
    """Return how many decisions about this letter were checked within a year, and how many were wrong."""
    checked = SecondOpinion.objects.filter(letter=letter_id, answered_at__gt=now - CHECKED_FOR)
    counts = checked.aggregate(number=Count("pk"), wrong=Count("pk", filter=WRONG))
    return counts["number"], counts["wrong"]


def labels_of_reasons(codes: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the newest words of each reason of the site's list, by code and language."""
    rows = RejectionReason.objects.filter(code__in=codes).exclude(code=ReviewDecision.Reason.OTHER).order_by("pk")
    return dict(rows.values_list("code", "labels"))
