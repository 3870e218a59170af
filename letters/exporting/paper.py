"""What stands on the first pages of a letter's PDF, besides its text."""

from datetime import datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from letters.exporting import queries
from letters.models import Export
from letters.shared.languages import interface_language
from letters.shared.pdf import Letterhead


def letterhead(export: Export, *, now: datetime) -> Letterhead:
    """In the letter's language, if the site speaks it. Raises Refused("no_such_language")."""
    letter, text = export.letter, queries.text_of(export)
    # Counted as the list is read: the headline of the public page may be a moment older.
    number = queries.number_of_signatories(export)
    spoken = interface_language(export.language)
    locale = spoken.replace("-", "_")
    dated = letter.published_at.astimezone(letter.collective.zone()) if letter.published_at else None
    with translation.override(spoken):
        signed_by = ngettext("Signed by %(number)s person", "Signed by %(number)s people", number)
        return Letterhead(
            language=export.language,
            title=text.title,
            addressee=text.addressee,
            collective=letter.collective.name,
            body=text.body,
            dated=format_date(dated, "long", locale=locale),
            signed_by=signed_by % {"number": format_decimal(number, locale=locale)},
            small_print=(
                settings.SITE_URL + letter.get_absolute_url(export.language),
                gettext("SHA-256 of this text: %(fingerprint)s") % {"fingerprint": text.fingerprint},
                gettext("Counted on %(time)s.") % {"time": format_datetime(now, "long", locale=locale)},
            ),
            withheld=gettext("name withheld"),
            made_at=now,
        )
