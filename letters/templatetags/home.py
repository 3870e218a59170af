from django import template
from django.conf import settings

from letters.base.site_pages.queries import filled_pages, text_for
from letters.models import SitePage
from letters.shared.languages import current_language
from letters.shared.localized_paths import localized_url
from letters.shared.site_name import site_name

register = template.Library()


@register.simple_tag
def name_of_site() -> str:
    """Return the name of the site, which emails use too."""
    return site_name()


@register.simple_tag
def home_url(language: str = "") -> str:
    """Return the URL of the home page, in a language of the site (by default that of the page)."""
    return site_url("home", language)


@register.simple_tag
def site_url(name: str, language: str = "") -> str:
    """Return the URL of a page about the site, in the same way."""
    language = language or current_language()
    spoken = language if language in dict(settings.LANGUAGES) else ""
    return localized_url(name, spoken, own_language=settings.LANGUAGE_CODE)


@register.simple_tag
def pages_by_operator() -> list[SitePage.Name]:
    """Return the pages by the people who run the site that have a text. Their names are also those in urls.py."""
    return filled_pages()


@register.simple_tag
def site_notice() -> SitePage | None:
    """Return the notice above every page, for readers of this page's language; None without one."""
    return text_for(SitePage.Name.NOTICE, current_language())
