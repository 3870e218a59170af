from django import template
from django.conf import settings
from django.utils.translation import get_language

from letters.shared.localized_paths import localized_url

register = template.Library()


@register.simple_tag
def home_url(language: str = "") -> str:
    """Return the URL of the list of open letters, in a language of the site (by default that of the page)."""
    return site_url("home", language)


@register.simple_tag
def site_url(name: str, language: str = "") -> str:
    """Return the URL of a page about the site, in the same way."""
    language = language or get_language() or settings.LANGUAGE_CODE
    spoken = language if language in dict(settings.LANGUAGES) else ""
    return localized_url(name, spoken, own_language=settings.LANGUAGE_CODE)
