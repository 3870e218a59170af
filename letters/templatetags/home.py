from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def home_url(language: str = "") -> str:
    """Return the URL of the list of open letters, in a language of the site (by default that of the page)."""
    language = language or get_language() or settings.LANGUAGE_CODE
    if language == settings.LANGUAGE_CODE or language not in dict(settings.LANGUAGES):
        return reverse("home")
    return reverse("translated_home", kwargs={"language": language})
