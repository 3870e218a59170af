"""What public pages say of things in languages of their own."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from letters.models import Addition, Letter, Update
from letters.shared import languages, opening, text
from letters.shared.added import added_sentence, since_sentence

register = template.Library()


@register.filter
def direction(code: str) -> str:
    """ "rtl" or "ltr" """
    return languages.direction(code)


@register.filter
def linked(sentence: str) -> SafeString:
    """Plain text that an organizer typed, with its web addresses as links."""
    return text.linked(sentence)


@register.filter
def with_initial(html: str) -> SafeString:
    """A letter's text, stored as safe HTML, with its opening paragraph marked."""
    return mark_safe(opening.with_initial(html))  # noqa: S308 -- it was cleaned when it was stored


@register.simple_tag
def url_in(update: Update, language: str) -> str:
    """An update's public page, in one of the letter's languages."""
    return update.url(language)


@register.simple_tag
def said_of_addition(addition: Addition, letter: Letter, *, since: bool = False) -> str:
    """That people had signed before a translation came; and how many have `since`."""
    said = added_sentence(letter.day_of(addition.revision.public_since), before=addition.before)
    return f"{said} {since_sentence(addition.since)}" if since and addition.since is not None else said


@register.filter
def language_name(code: str) -> str:
    """What its speakers call it."""
    return languages.language_name(code)
