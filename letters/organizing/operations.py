"""A collective writes a letter and publishes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from letters.auditing.operations import record
from letters.models import Collective, Letter, Membership, Revision, Translation, User
from letters.shared.refusal import Refused
from letters.shared.text import digest, render_markdown


@dataclass(frozen=True)
class Text:
    """What an organizer types, in one language."""

    language: str
    title: str
    addressee: str
    body: str
    summary: str = ""


@transaction.atomic
def create_collective(*, name: str, slug: str, by: User, now: datetime, **values: Any) -> Collective:
    """A new collective, which `by` owns."""
    collective = Collective.objects.create(name=name, slug=slug, created_at=now, **values)
    Membership.objects.create(collective=collective, user=by, role=Membership.Role.OWNER, created_at=now)
    record("create_collective", collective, by=by, now=now)
    return collective


@transaction.atomic
def draft_letter(collective: Collective, *, slug: str, text: Text, by: User, now: datetime, **values: Any) -> Letter:
    """A new letter with its first revision, which only the collective can see. `values` are fields of Letter."""
    _must_write_for(collective, by)
    letter = Letter.objects.create(collective=collective, slug=slug, language=text.language, created_at=now, **values)
    Revision.objects.create(letter=letter, number=1, created_at=now)
    translate_letter(letter, text=text, by=by, now=now)
    record("draft_letter", letter, by=by, now=now)
    return letter


@transaction.atomic
def translate_letter(letter: Letter, *, text: Text, by: User, now: datetime) -> Translation:
    """Write the newest revision in one language, in place of what stood there.

    Raises Refused("revision_published") if readers have seen that revision: it never changes again.
    """
    _must_write_for(letter.collective, by)
    revision = letter.revisions.select_for_update().latest("number")
    if revision.published_at:
        raise Refused("revision_published")
    translation, _ = Translation.objects.update_or_create(
        revision=revision,
        language=text.language,
        defaults={
            "title": text.title,
            "addressee": text.addressee,
            "summary": text.summary,
            "body": text.body,
            "html": render_markdown(text.body),
            "sha256": digest(text.title, text.addressee, text.body),
        },
    )
    record("translate_letter", letter, by=by, now=now, details={"language": text.language, "revision": revision.number})
    return translation


@transaction.atomic
def publish_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Show the newest revision to the public, and take signatures. Publishing it twice changes nothing.

    Raises Refused("letter_withdrawn"), or Refused("no_text") without a text in the letter's own language.
    """
    _must_write_for(letter.collective, by)
    locked = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
    revision = locked.revisions.latest("number")
    if locked.status == Letter.Status.WITHDRAWN:
        raise Refused("letter_withdrawn")
    if not revision.translations.filter(language=locked.language).exists():
        raise Refused("no_text")
    if locked.status == Letter.Status.PUBLISHED and locked.current_revision_id == revision.pk:
        return
    Revision.objects.filter(pk=revision.pk, published_at=None).update(published_at=now)
    Letter.objects.filter(pk=letter.pk).update(
        status=Letter.Status.PUBLISHED,
        current_revision=revision,
        published_at=locked.published_at or now,
        counted_at=locked.counted_at or now,
        version=F("version") + 1,
    )
    record("publish_letter", letter, by=by, now=now, details={"revision": revision.number})
    letter.refresh_from_db()


def _must_write_for(collective: Collective, by: User) -> None:
    """Raises Refused("not_yours") unless `by` may write in the collective's name."""
    roles = [Membership.Role.OWNER, Membership.Role.EDITOR]
    if not collective.memberships.filter(user=by, role__in=roles).exists():
        raise Refused("not_yours")
