"""Preview the public page of an update before it is public."""

from copy import copy
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from letters.models import Update
from letters.organizer.updates import queries
from letters.shared.inert_previews import inert
from letters.shared.languages import direction, interface_language


def page_of(update: Update, language: str, *, now: datetime) -> str:
    """Render the public template in the language of a reader. Nothing of it is stored."""
    shown, letter = copy(update), update.letter
    shown.began_at = shown.began_at or now
    text = update.text_in(language)
    context: dict[str, Any] = {
        "letter": letter,
        "text": {"title": queries.title_of(letter)},
        "update": shown,
        "update_text": text,
        "update_direction": direction(text.language),
        "language": language,
        "languages": [],
        **{f"{name}_url": letter.url_of(name, language) for name in ("letter", "updates", "feed")},
        "page_url": letter.url_of("updates", language),
    }
    with translation.override(interface_language(language)):
        return inert(render_to_string("letters/updates/public_page.html", context))
