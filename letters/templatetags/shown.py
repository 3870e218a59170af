"""What public pages say of things in languages of their own."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from letters.models import Update
from letters.shared import languages, opening, text

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
