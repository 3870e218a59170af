"""Find the letter that a page is about, and its text, or answer 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseRedirect

from letters.base.public_letters import queries
from letters.models import Letter, Revision, Translation

Find = Callable[[str], Letter]
# A view of a public page may return something that is not a response yet.
View = Callable[..., Any]


def letter_or_404(slug: str, find: Find = queries.public_letter) -> Letter:
    """Return a public letter. Raises Http404."""
    try:
        return find(slug)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing


def text_or_404(letter: Letter, language: str, revision: Revision | None = None) -> Translation:
    """Return the text of a revision, or the current one, in one language. Raises Http404."""
    try:
        return queries.text_of(letter, language, revision)
    except Translation.DoesNotExist as missing:
        raise Http404("The letter has not been translated into this language.") from missing


def about_letter(name: str, find: Find = queries.public_letter) -> Callable[[View], View]:
    """Decorate a view of a page about one letter: find the letter, and redirect a needless language prefix.

    `name` is the page's name in urls.py. The view gets the request, the letter, the language of the page, and the other
    arguments in the URL.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def found(request: HttpRequest, slug: str, language: str = "", **url_kwargs: int) -> Any:
            letter = letter_or_404(slug, find)
            if language == letter.language and request.method in {"GET", "HEAD"}:
                query = request.META.get("QUERY_STRING", "")
                return HttpResponseRedirect(letter.url_of(name, "", **url_kwargs) + (f"?{query}" if query else ""))
            return view(request, letter, language or letter.language, **url_kwargs)

        return found

    return decorate
