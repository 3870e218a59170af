"""Write the pages of the site."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from letters.base.audit_log.operations import record
from letters.base.site_pages.placeholders import PLACEHOLDER, TO_DO, unknown_placeholders
from letters.base.site_pages.queries import forget_texts, newest_version
from letters.models import SitePage, User
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import stream_safe


@transaction.atomic
def save_site_page(
    name: SitePage.Name, language: str, *, markdown: str, based_on: int, by: User, now: datetime
) -> SitePage:
    """Add a version of a page. An empty text removes the page, or the operator's own version of it, from the site.

    `based_on` is the number of the version that the person read, 0 if there was none. Raises Refused: "not_yours" for
    anyone but a superuser, "changed_meanwhile", "nothing_changed", "unknown_placeholder", "unfinished" for a text with
    a TODO, "too_complicated".
    """
    if not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    text = require_savable(name, language, markdown=markdown, based_on=based_on)
    page = SitePage(name=name, language=language, number=based_on + 1, markdown=text, saved_at=now, saved_by=by)
    _add(page)
    details = {"page": name, "language": language, "version": page.number, "is_empty": not text}
    record("save_site_page", page, by=by, now=now, details=details)
    transaction.on_commit(forget_texts)
    return page


def require_savable(name: str, language: str, *, markdown: str, based_on: int) -> str:
    """Return the text as it would be saved. Raises Refused as `save_site_page` does, so that a form can say why."""
    if language not in dict(settings.LANGUAGES):
        raise Refused(Refusal.NO_SUCH_LANGUAGE)
    text = stream_safe(markdown).replace("\r\n", "\n").strip()
    if name == SitePage.Name.NOTICE:
        text = " ".join(text.split())
        if len(text) > SitePage.MAX_NOTICE_LENGTH:
            raise Refused(Refusal.TOO_LONG)
        # Nothing replaces them in a line of plain text, so every reader would see the brackets.
        if PLACEHOLDER.search(text):
            raise Refused(Refusal.UNKNOWN_PLACEHOLDER)
    _require_right(text)
    newest = newest_version(name, language)
    if based_on != (newest.number if newest else 0):
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if text == (newest.markdown if newest else ""):
        raise Refused(Refusal.NOTHING_CHANGED)
    return text


def _add(page: SitePage) -> None:
    """Race: of two people who save at once, the second is told that the page has changed."""
    try:
        with transaction.atomic():
            page.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(Refusal.CHANGED_MEANWHILE) from error


def _require_right(text: str) -> None:
    if TO_DO in text:
        raise Refused(Refusal.UNFINISHED)
    if unknown_placeholders(text):
        raise Refused(Refusal.UNKNOWN_PLACEHOLDER)
    if len(text) > SitePage.MAX_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    try:
        render_markdown(text)
    except TooComplicated as error:
        raise Refused(Refusal.TOO_COMPLICATED) from error
