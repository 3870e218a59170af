"""Change the web address of a letter."""

from datetime import datetime

from django.db import IntegrityError, transaction

from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    FormerSlug,
    Letter,
    User,
)
from letters.shared.refused import Refusal, Refused
from letters.shared.slugs import RESERVED


@transaction.atomic
def readdress_letter(letter: Letter, *, slug: str, by: User, now: datetime) -> None:
    """Give the letter another slug. The old one redirects to it forever, and only this letter can take it back.

    Raises Refused("address_taken") if another letter has the slug or ever had it, and Refused("address_reserved") if a
    page of the site has it.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    before = letter.slug
    if before == slug:
        return
    if slug in RESERVED:
        raise Refused(Refusal.ADDRESS_RESERVED)
    try:
        with transaction.atomic():
            FormerSlug.objects.filter(letter=letter, slug=slug).delete()
            change.update(slug=slug)
            FormerSlug.objects.create(letter=letter, slug=before, created_at=now)
    except IntegrityError as taken:
        letter.slug = before
        raise Refused(Refusal.ADDRESS_TAKEN) from taken
    change.record("readdress_letter", letter, details={"from": before, "to": slug})
