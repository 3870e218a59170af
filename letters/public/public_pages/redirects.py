"""Letters that have another address now: whoever asks for the old one is led to the new one, whatever page it is."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from letters.public.public_pages import queries

# Not for ever: an address can be taken back, and a browser that remembers both ways would go in circles.
LED_FOR = "public, max-age=60"
# Where the answer depends on who asks: a cache on the way must not tell others where a draft is.
FOR_ONE = "private, no-store"
# Pages behind an account.
BEHIND_ACCOUNT = ("/organize/", "/moderate/")
# What stands before a letter's slug in its addresses.
BEFORE = ("/letters/", "/moderate/")


class FormerSlugRedirectMiddleware:
    """The last middleware: asks only where there would be no page, so that living addresses pay nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 404 or not (url := _new_address(request)):
            return response
        # 308 where something is sent: the browser sends it again, to the new address, and no signature is lost.
        is_read = request.method in {"GET", "HEAD"}
        kept = LED_FOR if is_read and not _is_behind_account(request) else FOR_ONE
        moved = HttpResponseRedirect(url, headers={"Cache-Control": kept})
        moved.status_code = 301 if is_read else 308
        return moved


def _new_address(request: HttpRequest) -> str:
    slug = request.resolver_match.kwargs.get("slug", "") if request.resolver_match else ""
    before = next((word for word in BEFORE if f"{word}{slug}/" in request.path), "")
    if not slug or not before:
        return ""
    # A draft's address is for its collective alone. Only pages behind an account know who asks.
    current_slug = queries.slug_now(slug, request.user if _is_behind_account(request) else None)
    query = f"?{urlencode(list(request.GET.lists()), doseq=True)}" if request.GET else ""
    return request.path.replace(f"{before}{slug}/", f"{before}{current_slug}/", 1) + query if current_slug else ""


def _is_behind_account(request: HttpRequest) -> bool:
    return request.path.startswith(BEHIND_ACCOUNT)
