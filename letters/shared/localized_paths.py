"""URLs of pages that exist in several languages: /letters/<slug>/ in its own language, /it/letters/<slug>/ in another.

Each such page has two patterns in urls.py. This module alone knows how their names and paths differ.
"""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path, reverse

PREFIX, NAME_PREFIX = "<language:language>/", "translated_"


def localized_paths(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[URLPattern]:
    """Return the two patterns of a page. Only the second passes `language` to the view."""
    return [path(route, view, name=name), path(f"{PREFIX}{route}", view, name=f"{NAME_PREFIX}{name}")]


def localized_url(name: str, language: str, *, own_language: str, **kwargs: str | int) -> str:
    """Return the path of a page in a language; without a language, in its own, which has no prefix."""
    if language in {"", own_language}:
        return reverse(name, kwargs=kwargs)
    return reverse(f"{NAME_PREFIX}{name}", kwargs={**kwargs, "language": language})
