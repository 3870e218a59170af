"""Show a draft to someone outside the collective, by a link that expires."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from letters.base.changes.operations import change_letter
from letters.models import SALT_BYTES, WRITING, DraftLink, Letter, User
from letters.shared.refused import Refusal, Refused

# At most this many links of a letter work at once, and at most this many exist.
MAX_USABLE = 20
MAX_KEPT = 200
# For how many days a link works.
LIFETIMES = (1, 7, 30)


@transaction.atomic
def create_draft_link(letter: Letter, *, label: str, days: int, by: User, now: datetime) -> DraftLink:
    """Create a draft link. It shows only the text, as it is when the link is opened.

    Raises Refused("not_a_draft") for a letter that everyone can read, and Refused("too_many") beyond the limits.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status != Letter.Status.DRAFT:
        raise Refused(Refusal.NOT_A_DRAFT)
    links = letter.draft_links
    if links.filter(revoked_at=None, expires_at__gt=now).count() >= MAX_USABLE or links.count() >= MAX_KEPT:
        raise Refused(Refusal.TOO_MANY)
    lifetime = timedelta(days=days if days in LIFETIMES else min(LIFETIMES))
    link = links.create(
        label=label,
        salt=secrets.token_bytes(SALT_BYTES),
        created_by=by,
        created_at=now,
        expires_at=now + lifetime,
    )
    change.record("create_draft_link", letter, details={"link": link.pk, "days": lifetime.days})
    return link


@transaction.atomic
def revoke_draft_link(letter: Letter, *, link_id: int, by: User, now: datetime) -> None:
    """End a link at once. Idempotent. Raises DraftLink.DoesNotExist for a link to another letter."""
    change = change_letter(letter, WRITING, by=by, now=now)
    link = letter.draft_links.get(pk=link_id)
    if link.revoked_at is None:
        letter.draft_links.filter(pk=link.pk).update(revoked_at=now)
        change.record("revoke_draft_link", letter, details={"link": link.pk})


def note_opened(link: DraftLink, *, now: datetime) -> None:
    """Store the day on which the link was opened. Privacy: no time, no address, and no count."""
    today = link.letter.day_of(now)
    DraftLink.objects.filter(pk=link.pk).exclude(last_opened_on=today).update(last_opened_on=today)
