"""A collective writes a letter and publishes it, closes it, and says why it takes it back."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model
from django.utils.text import slugify

from letters.auditing.operations import record
from letters.collectives.operations import create_collective
from letters.models import WRITING, AuditEvent, Collective, Letter, Revision, Translation, User
from letters.shared.refusal import Refused
from letters.shared.text import digest, render_markdown

# Letters that one account may show to the public for the first time within a day.
MOST_FIRST_PUBLICATIONS = 5


@dataclass(frozen=True)
class Text:
    """What an organizer types, in one language."""

    language: str
    title: str
    addressee: str
    body: str
    summary: str = ""


@transaction.atomic
@transaction.atomic
def clear_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Those who run the site have looked at it: it may publish. Doing it twice changes nothing.

    Raises Refused("not_yours") for anybody else, its owners included.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused("not_yours")
    if Collective.objects.filter(pk=collective.pk, cleared_at=None).update(cleared_at=now):
        record("clear_collective", collective, by=by, now=now)


@transaction.atomic
def start_letter(*, text: Text, collective_name: str, by: User, now: datetime) -> Letter:
    """A draft from the few answers of the start page; everything else has a good default.

    A collective of that name that `by` may write for is taken, another is made.
    """
    mine = Collective.objects.filter(memberships__user=by, memberships__role__in=WRITING, name=collective_name)
    collective = mine.order_by("pk").first() or create_collective(name=collective_name, by=by, now=now)
    return draft_letter(collective, slug=free_slug(Letter, text.title), text=text, by=by, now=now)


def free_slug(model: type[Model], text: str) -> str:
    """An address made of the text that nobody has yet; of letters and digits alone where the text has no Latin ones."""
    wanted = slugify(text)[:60].strip("-") or f"letter-{secrets.token_hex(3)}"
    taken = set(model._default_manager.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


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
def write_text(letter: Letter, *, text: Text, seen: str, by: User, now: datetime) -> Translation:
    """Write a draft in one language, if it still reads as the writer saw it: `seen` is the `version` of that text.

    Raises Refused("changed_meanwhile") if a teammate has written since, so that neither text is lost; and
    Refused("revision_published") as `translate_letter` does.
    """
    _must_write_for(letter.collective, by)
    revision = letter.revisions.select_for_update().latest("number")
    stands = revision.translations.filter(language=text.language).first()
    if stands and stands.version != seen:
        raise Refused("changed_meanwhile")
    return translate_letter(letter, text=text, by=by, now=now)


# What a letter's form asks and offers, and until when: what organizers may set at any time.
SETTINGS = [
    *["goal", "opens_at", "closes_at", "reviewed", "displays", "domains", "addressee_domains", "asks_proof"],
    *["ask_affiliation", "ask_role", "ask_country", "ask_comment"],
]


@transaction.atomic
def set_up_letter(letter: Letter, *, values: dict[str, Any], by: User, now: datetime) -> None:
    """Change what SETTINGS names. Those who have signed keep what they signed with."""
    _must_write_for(letter.collective, by)
    locked = Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
    changed = {name: values[name] for name in SETTINGS if name in values and getattr(locked, name) != values[name]}
    if changed:
        Letter.objects.filter(pk=letter.pk).update(**changed, version=F("version") + 1)
        record("set_up_letter", letter, by=by, now=now, details={"changed": sorted(changed)})


@transaction.atomic
def close_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """It takes no more signatures, but for those of who has signed already and confirms within a day."""
    _move(letter, {Letter.Status.PUBLISHED}, "close_letter", by, now, status=Letter.Status.CLOSED, closed_at=now)


@transaction.atomic
def reopen_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """A closed letter takes signatures again."""
    _move(letter, {Letter.Status.CLOSED}, "reopen_letter", by, now, status=Letter.Status.PUBLISHED, closed_at=None)


@transaction.atomic
def withdraw_letter(letter: Letter, *, reason: str, by: User, now: datetime) -> None:
    """The page stays and says why. There is no way back: who signed it must not find it changed one day.

    Raises Refused("no_reason") without a sentence for the public.
    """
    if not reason.strip():
        raise Refused("no_reason")
    values = {"status": Letter.Status.WITHDRAWN, "withdrawn_because": reason.strip()}
    _move(letter, {Letter.Status.PUBLISHED, Letter.Status.CLOSED}, "withdraw_letter", by, now, reason=reason, **values)


@transaction.atomic
def publish_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Show the newest revision to the public, and take signatures. Publishing it twice changes nothing.

    Raises Refused("letter_withdrawn"), or Refused("no_text") without a text in the letter's own language; on a site
    that asks for it, Refused("not_cleared") until somebody has looked at the collective; and
    Refused("too_many_letters") for who has published as many for the first time within a day.
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
    if settings.CLEAR_COLLECTIVES_FIRST and not is_cleared(locked.collective):
        raise Refused("not_cleared")
    if not locked.published_at:
        _must_not_hurry(by, now)
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


def _move(
    letter: Letter, among: set[Letter.Status], verb: str, by: User, now: datetime, *, reason: str = "", **values: Any
) -> None:
    """From one of these states into another, once: whoever comes second finds nothing to do."""
    _must_write_for(letter.collective, by)
    if Letter.objects.filter(pk=letter.pk, status__in=among).update(**values, version=F("version") + 1):
        record(verb, letter, by=by, now=now, reason=reason.strip())
    letter.refresh_from_db()


def is_cleared(collective: Collective) -> bool:
    """Asked of the database: somebody may have looked at it since it was read."""
    return Collective.objects.filter(pk=collective.pk, cleared_at__isnull=False).exists()


def _must_not_hurry(by: User, now: datetime) -> None:
    """Raises Refused("too_many_letters"). Whoever signs up can have mail sent about each letter to any address."""
    # Of two that they publish at once, one waits here until the other is counted.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    new = Letter.objects.filter(published_at__gt=now - timedelta(days=1)).values("pk")
    # By the letters, of which a day has few: who moderates has done a million other things.
    theirs = AuditEvent.objects.filter(object_kind="letter", object_id__in=new, verb="publish_letter", actor=by)
    if theirs.values("object_id").distinct().count() >= MOST_FIRST_PUBLICATIONS:
        raise Refused("too_many_letters")


def _must_write_for(collective: Collective, by: User) -> None:
    """Raises Refused("not_yours") unless `by` may write in the collective's name."""
    if not collective.lets(by, WRITING):
        raise Refused("not_yours")
