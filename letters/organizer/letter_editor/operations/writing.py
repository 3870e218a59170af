"""Write the text of the newest revision, in each of its languages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.audit_log.queries import events_of
from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    Letter,
    Revision,
    Translation,
    User,
)
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import digest

# A letter can have at most this many languages, including the original. The European Union has twenty-four.
MAX_LANGUAGES = 40

# Changes by one person within this time count as one event in the audit record.
SITTING = timedelta(minutes=10)


@dataclass(frozen=True)
class Text:
    """The text of a letter as an organizer typed it, in one language."""

    language: str
    title: str
    addressee: str
    body: str
    summary: str = ""


@transaction.atomic
def write_text(
    letter: Letter, *, text: Text, seen: str, by: User, now: datetime, made_from: str = "", finished: bool = True
) -> Translation:
    """Save a draft in one language, if it has not changed since the writer loaded it: `seen` is that text's `version`.

    `finished` is False for the editor's autosave, which leaves a translation that is older than its original marked as
    such. A text that is already saved is accepted, whatever the writer loaded: the browser sends a text again if it got
    no answer. Raises Refused("changed_meanwhile") if another member has saved since, so that neither text is lost, and
    Refused("revision_published") as `translate_letter` does.
    """
    change_letter(letter, WRITING, by=by, now=now)
    current = _unpublished(letter).translations.filter(language=text.language).first()
    if current and not finished:
        made_from = current.made_from
    if current and current.made_from == (made_from or current.made_from) and _says_the_same(current, text):
        return current
    if (current.version if current else "") != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    return translate_letter(letter, text=text, by=by, now=now, made_from=made_from)


def _says_the_same(translation: Translation, text: Text) -> bool:
    return all(getattr(translation, name) == getattr(text, name) for name in ("title", "addressee", "summary", "body"))


@transaction.atomic
def translate_letter(letter: Letter, *, text: Text, by: User, now: datetime, made_from: str = "") -> Translation:
    """Save the newest revision in one language, and replace what was there.

    `made_from` is the `version` of the original that this text translates. Raises Refused("revision_published") if
    readers have seen the revision, which then never changes; Refused("too_complicated") for a text that cannot be
    rendered; Refused("too_many_languages") beyond MAX_LANGUAGES; and Refused("too_much_text") as `keep_text` does.
    """
    # Before taking the lock: rendering a long text takes a while.
    html = render_or_refuse(text.body)
    change = change_letter(letter, WRITING, by=by, now=now)
    revision = _unpublished(letter)
    current = revision.translations.filter(language=text.language).first()
    if current is None and revision.translations.count() >= MAX_LANGUAGES:
        raise Refused(Refusal.TOO_MANY_LANGUAGES)
    written = [text.title, text.addressee, text.summary, text.body, html]
    keep_text(written, instead_of=stored_parts(current) if current else [], by=by, now=now)
    translation = _save(revision, text, html, made_from)
    details = {"language": text.language, "revision": revision.number}
    if not _was_just_written(letter, details, by, now):
        change.record("translate_letter", letter, details=details)
    return translation


def _save(revision: Revision, text: Text, html: str, made_from: str) -> Translation:
    values = {
        "title": text.title,
        "addressee": text.addressee,
        "summary": text.summary,
        "body": text.body,
        "html": html,
        "sha256": digest(text.title, text.addressee, text.body, *revision.cover_parts()),
        **({"made_from": made_from} if made_from else {}),
    }
    saved, _ = Translation.objects.update_or_create(revision=revision, language=text.language, defaults=values)
    return saved


def stored_parts(translation: Translation) -> list[str]:
    return [getattr(translation, name) for name in ("title", "addressee", "summary", "body", "html")]


def render_or_refuse(body: str) -> str:
    try:
        return render_markdown(body)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem


def _was_just_written(letter: Letter, details: dict[str, Any], by: User, now: datetime) -> bool:
    """Return whether this person saved the same text a moment ago.

    Otherwise autosave would bury all other events in the audit records.
    """
    same = events_of(letter).filter(verb="translate_letter", actor=by, details=details)
    return same.filter(at__gt=now - SITTING, at__lte=now).exists()


@transaction.atomic
def remove_translation(letter: Letter, *, language: str, by: User, now: datetime) -> None:
    """Delete a translation that readers do not have yet. Idempotent.

    Raises Refused("original") for the letter's own language, Refused("language_public") for a language that readers
    have, because its page must not vanish, and Refused("revision_published") as `translate_letter` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    revision = _unpublished(letter)
    if language == letter.language:
        raise Refused(Refusal.ORIGINAL)
    if Translation.objects.filter(revision=letter.current_revision_id or 0, language=language).exists():
        raise Refused(Refusal.LANGUAGE_PUBLIC)
    gone, _ = revision.translations.filter(language=language).delete()
    if gone:
        details = {"language": language, "revision": revision.number}
        change.record("remove_translation", letter, details=details)


def _unpublished(letter: Letter) -> Revision:
    """Return the revision that is being written.

    Raises Refused("revision_published") if readers have seen the newest one.
    """
    revision = letter.revisions.latest("number")
    if revision.published_at:
        raise Refused(Refusal.REVISION_PUBLISHED)
    return revision
