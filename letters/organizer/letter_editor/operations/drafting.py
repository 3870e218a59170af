"""Start a letter."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.text import slugify

from letters.base.audit_log.operations import record
from letters.base.changes.operations import (
    Change,
    change_collective,
)
from letters.models import (
    WRITING,
    AuditEvent,
    Collective,
    FormerSlug,
    Letter,
    Revision,
    User,
)
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations.writing import Text, translate_letter
from letters.shared.folding import without_marks
from letters.shared.refused import Refusal, Refused
from letters.shared.slugs import RESERVED
from letters.shared.text import digest

# How many drafts one account may start in a day. Each can store a megabyte, and nobody reviews drafts.
MAX_DRAFTS_A_DAY = 20

# A second start of the same letter within this time is a double click.
CLICKED_TWICE = timedelta(minutes=1)


@transaction.atomic
def start_letter(*, text: Text, collective_name: str, by: User, now: datetime) -> Letter:
    """Create a draft from the start page. All settings get their defaults.

    Uses the collective of that name for which `by` may write, or creates one. A double click starts one letter. Raises
    Refused("too_many_drafts") beyond MAX_DRAFTS_A_DAY, and Refused("too_much_text") as `keep_text` does.
    """
    # Race: the second click of a double click waits here and then finds the draft that the first one made.
    Change(by=by, now=now).lock_account()
    mine = Collective.objects.filter(memberships__user=by, memberships__role__in=WRITING, name=collective_name)
    collective = mine.order_by("pk").first()
    if collective:
        just_begun = collective.letters.filter(
            status=Letter.Status.DRAFT, binned_at=None, created_at__gt=now - CLICKED_TWICE
        )
        words = digest(text.title, text.addressee, text.body)
        if same := just_begun.filter(revisions__translations__sha256=words).first():
            return same
    today = AuditEvent.objects.filter(actor=by, verb="draft_letter", at__gt=now - timedelta(days=1))
    if today.count() >= MAX_DRAFTS_A_DAY:
        raise Refused(Refusal.TOO_MANY_DRAFTS)
    collective = collective or create_collective(name=collective_name, by=by, now=now)
    return _draft_under_free_slug(collective, text=text, by=by, now=now)


def _draft_under_free_slug(collective: Collective, *, text: Text, by: User, now: datetime) -> Letter:
    slug = free_slug(Letter, text.title)
    try:
        with transaction.atomic():
            return draft_letter(collective, slug=slug, text=text, by=by, now=now)
    except IntegrityError:
        # Race: another letter has taken the slug since it was chosen.
        return draft_letter(collective, slug=f"{slug}-{secrets.token_hex(3)}", text=text, by=by, now=now)


def free_slug(model: type[Model], text: str) -> str:
    """Return a slug made from the text, one that was never used; a random one if the text has no Latin letters.

    A page of the site may have the slug. Then it gets a number.
    """
    wanted = slugify(without_marks(text))[:60].strip("-") or f"letter-{secrets.token_hex(3)}"
    taken = set(model._default_manager.filter(slug__startswith=wanted).values_list("slug", flat=True))
    if model is Letter:
        taken.update(FormerSlug.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    taken |= RESERVED
    return next(slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def draft_letter(collective: Collective, *, slug: str, text: Text, by: User, now: datetime, **values: Any) -> Letter:
    """Create a letter with its first revision, which only the collective can see. `values` are fields of Letter."""
    change_collective(collective, WRITING, by=by, now=now, lock=False)
    letter = Letter.objects.create(collective=collective, slug=slug, language=text.language, created_at=now, **values)
    Revision.objects.create(letter=letter, number=1, created_at=now)
    translate_letter(letter, text=text, by=by, now=now)
    record("draft_letter", letter, by=by, now=now)
    return letter
