"""The first pages of a letter's PDF: everything except the text of the letter."""

from datetime import datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from letters.models import Export, Letter, paper_counts_of
from letters.organizer.exports import queries
from letters.organizer.exports.pdf.writing import Letterhead
from letters.shared.languages import interface_language
from letters.shared.late_translations import added_sentence, since_sentence
from letters.shared.organisation_words import in_numbers


def letterhead(export: Export, *, now: datetime, names_day: bool = False) -> Letterhead:
    """Return the letterhead, in the letter's language if the site is translated into it.

    With `names_day`, it says on which day the signatures were counted, and not when.

    Raises Refused("no_such_language"), and TooComplicated.
    """
    letter, text = export.letter, queries.text_of(export)
    # Count the same rows as the list. The count on the public page may be a moment older.
    signed = queries.signed(export)
    spoken = interface_language(export.language)
    locale = spoken.replace("-", "_")
    dated = letter.published_at.astimezone(letter.zone()) if letter.published_at else None
    with translation.override(spoken):
        return Letterhead(
            language=export.language,
            title=text.title,
            addressee=text.addressee,
            collective=letter.collective.name,
            body=text.body,
            pictures=queries.pictures(letter, text.body),
            cover=queries.cover(letter),
            dated=format_date(dated, "long", locale=locale),
            signed_by=_signed_by(signed, letter, locale),
            small_print=(
                settings.SITE_URL + letter.get_absolute_url(export.language),
                gettext("SHA-256 of this text: %(fingerprint)s") % {"fingerprint": text.fingerprint},
                gettext("Counted on %(time)s.")
                % {"time": (format_date if names_day else format_datetime)(now, "long", locale=locale)},
                *_corrected(signed, locale),
                *_on_paper(letter, locale),
            ),
            withheld=gettext("name withheld"),
            made_at=now,
            organisations=_organisations(letter, locale),
        )


def _organisations(letter: Letter, locale: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how many organisations have signed, and which. They never count as people."""
    listed = queries.organisations(letter)
    number = in_numbers(len(listed), localize=lambda number: str(format_decimal(number, locale=locale)))
    return (number, tuple(listed)) if listed else ("", ())


def marks(language: str) -> dict[str, str]:
    """Return the notes beside the names of people who saw another text, by their `signed_text`,
    in the letter's language.
    """
    with translation.override(interface_language(language)):
        return {
            "first": gettext("signed the first text"),
            "earlier": gettext("signed an earlier text"),
            "corrected": gettext("signed before a correction"),
        }


def _signed_by(signed: queries.Signed, letter: Letter, locale: str) -> str:
    """Return the line above the names. Trust: it never says that people signed a text that they have not seen."""
    if letter.is_sealed:
        # Trust: people have signed, but nobody reads how many.
        return gettext("Nobody is named yet")
    added = ""
    if signed.before and signed.added_at:
        added = added_sentence(letter.day_of(signed.added_at), before=signed.before)
    if not signed.earlier and added:
        return f"{added} {since_sentence(signed.this)}"
    if not signed.earlier:
        said = ngettext("Signed by %(number)s person", "Signed by %(number)s people", signed.this)
        return said % {"number": format_decimal(signed.this, locale=locale)}
    this = ngettext("%(number)s person signed this text.", "%(number)s people signed this text.", signed.this)
    earlier = ngettext(
        "%(number)s person signed an earlier text.", "%(number)s people signed an earlier text.", signed.earlier
    )
    numbers = [{"number": format_decimal(number, locale=locale)} for number in (signed.this, signed.earlier)]
    return f"{this % numbers[0]} {earlier % numbers[1]} {added}".rstrip()


def _corrected(signed: queries.Signed, locale: str) -> list[str]:
    if not signed.corrected:
        return []
    said = ngettext(
        "%(number)s person signed before the text was corrected. A note beside the name says so.",
        "%(number)s people signed before the text was corrected. A note beside each name says so.",
        signed.corrected,
    )
    return [said % {"number": format_decimal(signed.corrected, locale=locale)}]


def _on_paper(letter: Letter, locale: str) -> list[str]:
    """Return a sentence for each number of signatures on paper. They count nowhere else."""
    said = gettext(
        "Also %(number)s on paper, counted by %(who)s on %(day)s. The organizers say so; this site has not seen them."
    )
    return [
        said
        % {
            "number": format_decimal(row.number, locale=locale),
            "who": row.counted_by,
            "day": format_date(row.counted_on, "long", locale=locale),
        }
        for row in paper_counts_of(letter)
    ]
