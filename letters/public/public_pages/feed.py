"""Build a letter's feed: its publication, changes of its text, updates, and the addressee's answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext

from letters.models import Letter, TakeDown, Translation, Update, UpdateCorrection
from letters.public.public_pages import queries
from letters.shared.absolute_urls import with_whole_addresses
from letters.shared.languages import current_locale
from letters.shared.message_ids import mail_host

# Characters that XML cannot hold, not even escaped. Word's line break within a paragraph is one of them.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Entry:
    """One entry of the feed."""

    # A name that is unique within the letter, like "updates/7". It never changes, even if the URL does.
    name: str
    title: str
    url: str
    html: str
    at: datetime
    changed_at: datetime | None = None


def letter_feed(letter: Letter, text: Translation, language: str) -> str:
    """Return the feed as Atom, newest entry first.

    The titles are in the language of the interface; texts stay in the language in which they were written.
    """
    entries = sorted(_entries(letter, text, language), key=lambda entry: entry.at, reverse=True)
    feed = Atom1Feed(
        title=_xml_safe(text.title),
        link=settings.SITE_URL + letter.get_absolute_url(language),
        description=_xml_safe(text.description),
        language=language,
        author_name=_xml_safe(letter.collective.name),
        subtitle=_xml_safe(text.description) or None,
        feed_url=settings.SITE_URL + letter.url_of("feed", language),
        feed_guid=_tag_uri(letter, ""),
    )
    for entry in entries[: queries.ENTRIES_IN_FEED]:
        feed.add_item(
            title=_xml_safe(entry.title),
            link=settings.SITE_URL + entry.url,
            description=_xml_safe(with_whole_addresses(entry.html, settings.SITE_URL)),
            unique_id=_tag_uri(letter, entry.name),
            pubdate=entry.at,
            updateddate=entry.changed_at or entry.at,
        )
    return feed.writeString("utf-8")


def feed_of_taken_down(letter: Letter, takedown: TakeDown, language: str) -> str:
    """Return a feed with one entry, which says that the site has taken the letter down."""
    page, said = settings.SITE_URL + letter.get_absolute_url(language), gettext("This letter was taken down")
    feed = Atom1Feed(
        title=said,
        link=page,
        description="",
        language=language,
        feed_url=settings.SITE_URL + letter.url_of("feed", language),
        feed_guid=_tag_uri(letter, ""),
    )
    name, at = _tag_uri(letter, f"taken-down/{takedown.pk}"), takedown.taken_down_at
    feed.add_item(title=said, link=page, description="", unique_id=name, pubdate=at, updateddate=at)
    return feed.writeString("utf-8")


def _entries(letter: Letter, text: Translation, language: str) -> Iterator[Entry]:
    page = letter.get_absolute_url(language)
    if letter.published_at:
        yield Entry(
            "published", gettext("Published: {title}").format(title=text.title), page, text.html, letter.published_at
        )
    for revision in queries.changes_of_text(letter):
        if revision.published_at:
            note = escape(revision.note_in(language))
            yield Entry(f"texts/{revision.number}", gettext("The text has changed"), page, note, revision.published_at)
    for answer in queries.answers(letter):
        if answer.published_at:
            title = gettext("{name} has answered").format(name=answer.respondent)
            yield Entry(
                f"answers/{answer.pk}", title, f"{page}#answer", answer.html, answer.published_at, answer.changed_at
            )
    for update in queries.newest_public_updates(letter):
        update.letter = letter
        if update.began_at:
            yield _entry_of_update(update, language, update.began_at)


def _entry_of_update(update: Update, language: str, at: datetime) -> Entry:
    """Return the update in this language, or as it was written, below its corrections."""
    text, corrections = update.text_in(language), update.corrections.all()
    lines = [
        f"<p><strong>{escape(gettext('Correction of %(date)s:') % {'date': _day(update, each)})}</strong> "
        f'<span lang="{escape(each.language)}">{escape(each.text)}</span></p>'
        for each in corrections
    ]
    changed_at = max((each.published_at for each in corrections), default=None)
    return Entry(f"updates/{update.pk}", text.title, update.url(language), "".join([*lines, text.html]), at, changed_at)


def _day(update: Update, correction: UpdateCorrection) -> str:
    day = update.letter.day_of(correction.published_at)
    return format_date(day, "long", locale=current_locale())


def _xml_safe(text: str) -> str:
    return NOT_IN_XML.sub(" ", text)


def _tag_uri(letter: Letter, name: str) -> str:
    """Return a permanent id (tag URI, RFC 4151), made from the letter's id because the letter's slug may change."""
    year = letter.published_at.year if letter.published_at else letter.created_at.year
    return f"tag:{mail_host()},{year}:letters/{letter.pk}/{name}"
