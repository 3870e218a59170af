"""Claim the next signatures of the queue for one moderator, so that no two of them decide about the same one."""

from datetime import datetime
from typing import Any

from letters.models import ReviewClaim, Signature, User
from letters.moderator.moderation.operations.begin import CLAIM_LIFETIME
from letters.moderator.moderation.queries import Scope, claimed_by
from letters.shared.sql import execute

# Race: another moderator may claim the same signatures at the same moment. Then try again: others may be free.
TRIES = 3

# Race: if two moderators choose the same signatures, the second waits here for the first, and then gets no row. Both
# insert in the same order, so that they cannot deadlock.
CLAIM = """
WITH chosen AS MATERIALIZED ({candidates})
INSERT INTO letters_reviewclaim AS claim (signature_id, moderator_id, until, is_on_hold)
SELECT id, %(moderator)s, %(until)s, false FROM chosen ORDER BY id
ON CONFLICT (signature_id) DO UPDATE
SET moderator_id = excluded.moderator_id, until = excluded.until, is_on_hold = false
WHERE claim.until <= %(now)s
"""


def claim_signatures(scope: Scope, *, by: User, now: datetime, most: int) -> list[Signature]:
    """Return up to `most` signatures of the queue that nobody else has, riskiest first, and claim them for `by`.

    These include signatures that the person has already claimed. Signatures on hold return when their hold ends.
    """
    until = now + CLAIM_LIFETIME
    mine = claimed_by(by, scope, now=now)
    ReviewClaim.objects.filter(pk__in=[each.pk for each in mine]).update(until=until)
    for _ in range(TRIES):
        wanted = most - len(mine)
        if wanted <= 0 or not _claim(scope, by, now, until, wanted):
            break
        mine = claimed_by(by, scope, now=now)
    return mine[:most]


def _claim(scope: Scope, by: User, now: datetime, until: datetime, most: int) -> bool:
    """Claim more signatures. Returns whether there was anything to claim."""
    values: dict[str, Any] = {**scope.values(), "moderator": by.pk, "until": until, "now": now, "most": most}
    return execute(CLAIM.format(candidates=scope.candidates()), values) > 0


def end_claims(*, now: datetime) -> int:
    """Delete claims that have ended. Returns the number of claims."""
    return ReviewClaim.objects.filter(until__lte=now).delete()[0]
