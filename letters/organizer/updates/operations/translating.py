"""Translate an update before it is sent."""

from datetime import datetime

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.models import Update, UpdateTranslation, User
from letters.organizer.updates.operations.text import checked_title, rendered_body, words_in, words_replaced
from letters.organizer.updates.operations.writing import locked_draft
from letters.shared.languages import is_language
from letters.shared.refused import Refusal, Refused

# The same limit as for a letter.
MAX_TRANSLATIONS = 40


@transaction.atomic
def translate_update(
    update: Update, *, language: str, title: str, body: str, seen: str, by: User, now: datetime
) -> UpdateTranslation:
    """Create or change the text in another language, if it has not changed since the writer loaded it.

    `seen` is the translation's `version`, or "" if there was none. Raises Refused("begun") once the update is being
    sent, Refused("changed_meanwhile"), Refused("no_such_language"), Refused("too_many_languages"), and as
    `write_update` does for a text that cannot be sent.
    """
    values = {"title": checked_title(title), **rendered_body(body)}
    change, update = locked_draft(update, by=by, now=now)
    if not is_language(language) or language == update.language:
        raise Refused(Refusal.NO_SUCH_LANGUAGE)
    current = update.translations.filter(language=language).first()
    if current and all(getattr(current, name) == value for name, value in values.items()):
        return current
    if (current.version if current else "") != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if current is None and update.translations.count() >= MAX_TRANSLATIONS:
        raise Refused(Refusal.TOO_MANY_LANGUAGES)
    keep_text(words_in(values), instead_of=words_replaced(current, values) if current else (), by=by, now=now)
    written, _ = UpdateTranslation.objects.update_or_create(update=update, language=language, defaults=values)
    change.record("translate_update", update, details={"letter": update.letter_id, "language": language})
    return written


@transaction.atomic
def remove_update_translation(update: Update, *, language: str, by: User, now: datetime) -> None:
    """Delete the text in another language. Idempotent. Raises Refused("begun") once the update is being sent."""
    change, update = locked_draft(update, by=by, now=now)
    deleted, _ = update.translations.filter(language=language).delete()
    if deleted:
        details = {"letter": update.letter_id, "language": language}
        change.record("remove_update_translation", update, details=details)
