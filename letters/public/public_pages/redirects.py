"""Redirect from a letter's former slugs to its current one, on every page of the letter."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from letters.public.public_pages import queries

# Short, because a letter can get a former slug back. A browser that remembered both redirects would go in circles.
PUBLIC_REDIRECT = "public, max-age=60"
# Privacy: where the redirect depends on the person who asks, a cache must not tell others where a draft is.
PRIVATE_REDIRECT = "private, no-store"
# Prefixes of the pages that need an account.
ACCOUNT_PREFIXES = ("/organize/", "/moderate/")
# Privacy: for a program with a personal token, a letter that its token does not open has no address at all.
NOT_REDIRECTED = "/api/v1/organize/"
# The parts of a path that come just before a letter's slug.
SLUG_PREFIXES = ("/letters/", "/moderate/")


class FormerSlugRedirectMiddleware:
    """Middleware that redirects former slugs. It comes last and acts only on a 404, so current URLs cost nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or not (url := _current_url(request)):
            return response
        # 308 for a form: the browser sends it again to the new URL, so that no signature is lost.
        is_read = request.method in {"GET", "HEAD"}
        cache_control = PUBLIC_REDIRECT if is_read and not _needs_account(request) else PRIVATE_REDIRECT
        redirection = HttpResponseRedirect(url, headers={"Cache-Control": cache_control})
        redirection.status_code = 301 if is_read else 308
        return redirection


def _current_url(request: HttpRequest) -> str:
    slug = request.resolver_match.kwargs.get("slug", "") if request.resolver_match else ""
    prefix = next((word for word in SLUG_PREFIXES if f"{word}{slug}/" in request.path), "")
    if not slug or not prefix or request.path.startswith(NOT_REDIRECTED):
        return ""
    # Privacy: only members may learn a draft's slug. Only pages behind an account know who asks.
    current_slug = queries.current_slug(slug, request.user if _needs_account(request) else None)
    query = f"?{urlencode(list(request.GET.lists()), doseq=True)}" if request.GET else ""
    return request.path.replace(f"{prefix}{slug}/", f"{prefix}{current_slug}/", 1) + query if current_slug else ""


def _needs_account(request: HttpRequest) -> bool:
    return request.path.startswith(ACCOUNT_PREFIXES)
