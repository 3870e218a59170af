"""Read the pages of the site. Every page and email links to those that have a text."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils import translation

from letters.models import SitePage
from letters.shared.text import tidy_lines

# A process reads the texts again after this long. Performance: until then, a letter's page causes no query for them.
REMEMBERED_SECONDS = 10
# The texts that are pages of their own, in the order of their links.
PAGES = [name for name in SitePage.Name if name != SitePage.Name.NOTICE]
# The pages of which the program has a draft.
DRAFTED = {SitePage.Name.PRIVACY, SitePage.Name.RULES, SitePage.Name.ACCESSIBILITY}
# This page always exists: until the people who run the site have written one, the draft is public. The draft only says
# what the program does.
ALWAYS = SitePage.Name.PRIVACY

# The admin asks for these until they have a text.
WANTED = {SitePage.Name.IMPRINT, SitePage.Name.CONTACT}

Key = tuple[str, str]


@dataclass(frozen=True)
class _Known:
    texts: Mapping[Key, SitePage]
    until: float


_known = _Known({}, until=0)


def newest_texts() -> Mapping[Key, SitePage]:
    """Return the newest version of each page in each language, at most REMEMBERED_SECONDS old.

    While the database is unavailable, pages keep their links.
    """
    global _known  # noqa: PLW0603 -- each process needs one state
    if time.monotonic() < _known.until:
        return _known.texts
    texts = _known.texts
    with suppress(DatabaseError):
        texts = {(page.name, page.language): page for page in _newest()}
    _known = _Known(texts, until=time.monotonic() + REMEMBERED_SECONDS)
    return texts


def forget_texts() -> None:
    """Read the texts again at once."""
    global _known  # noqa: PLW0603
    _known = _Known(_known.texts, until=0)


def _newest() -> list[SitePage]:
    return list(SitePage.objects.order_by("name", "language", "-number").distinct("name", "language"))


def newest_version(name: str, language: str) -> SitePage | None:
    """Return the newest version now, whatever this process remembers."""
    return SitePage.objects.filter(name=name, language=language).order_by("-number").first()


def filled_pages() -> list[SitePage.Name]:
    """Return the pages to link to, in the order of their names in the model: those with a text in any language."""
    filled = {name for (name, _), page in newest_texts().items() if page.markdown}
    return [name for name in PAGES if name == ALWAYS or name in filled]


def notice_versions() -> list[tuple[str, int]]:
    """Return what tells one state of the notice on every page from another; empty without a notice."""
    texts = newest_texts().items()
    return sorted((code, page.number) for (name, code), page in texts if name == SitePage.Name.NOTICE and page.markdown)


def text_for(name: str, language: str) -> SitePage | None:
    """Return the text for readers of a language: in that language, otherwise in the site's first one that has it."""
    texts = newest_texts()
    for spoken in (language, *(code for code, _ in settings.LANGUAGES)):
        page = texts.get((name, spoken))
        if page and page.markdown:
            return page
    return None


@dataclass(frozen=True)
class PageState:
    """The state of a page in one language."""

    name: SitePage.Name
    language: str
    language_name: str
    # "written", "draft" (the program's own text is public), or "missing".
    state: str
    # Whether it is missing in every language, and the law or readers need it.
    is_wanted: bool
    number: int


def states_of_pages() -> list[PageState]:
    """Return the state of each page in each language, as it is now."""
    texts = {(page.name, page.language): page for page in _newest()}
    filled = {name for (name, _), page in texts.items() if page.markdown}
    return [
        _state_of(name, code, language, texts.get((name, code)), name in filled)
        for name in SitePage.Name
        for code, language in settings.LANGUAGES
    ]


def _state_of(name: SitePage.Name, code: str, language: str, page: SitePage | None, is_filled: bool) -> PageState:
    state = "written" if page and page.markdown else "draft" if name == ALWAYS and not is_filled else "missing"
    is_wanted = not is_filled and name in WANTED
    return PageState(name, code, language, state, is_wanted, page.number if page else 0)


def wanted_pages() -> list[SitePage.Name]:
    """Return the pages that the people who run the site still have to write."""
    wanted = {state.name for state in states_of_pages() if state.is_wanted}
    return [name for name in SitePage.Name if name in wanted]


def draft_of(name: str, language: str, *, for_operator: bool) -> str:
    """Return the program's own draft of a page, with placeholders; "" if it has none.

    `for_operator` adds places for what only the people who run the site can say, marked TODO.
    """
    if name not in DRAFTED:
        return ""
    context = {
        "for_operator": for_operator,
        "operator": settings.OPERATOR,
        "contact": settings.OPERATOR_CONTACT,
    }
    with translation.override(language):
        return tidy_lines(render_to_string(f"letters/site_pages/{name}.md", context))
