"""What stands before a signer's pages: the link is the authority, so nobody else may learn it or use it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from letters.base.emailed_links.queries import signature_of_token
from letters.models import Signature
from letters.shared.referrers import is_foreign
from letters.shared.tokens import Token

View = Callable[..., HttpResponse]
SignatureView = Callable[[HttpRequest, Signature, Token], HttpResponse]


def from_our_pages(view: View) -> View:
    """Refuse a POST that another site's page sent. In place of a CSRF token, which would need a cookie."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fetch_site = request.headers.get("Sec-Fetch-Site", "")
        origin = request.headers.get("Origin", "")
        if request.method == "POST" and is_foreign(fetch_site=fetch_site, origin=origin, own_origin=settings.SITE_URL):
            return render(request, "403.html", status=403)
        return view(request, *args, **kwargs)

    return csrf_exempt(checked)


def with_a_token(view: View) -> View:
    """Nobody keeps the page, and nothing that it links to learns its address."""

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return private


def of_a_signature(purpose: str, *methods: str) -> Callable[[SignatureView], View]:
    """A page behind a mailed link: its view gets the signature, which nobody can have without passing here."""

    def decorate(view: SignatureView) -> View:
        @with_a_token
        @require_http_methods(methods)
        @from_our_pages
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            found = signature_of_token(purpose, token)
            return view(request, *found) if found else useless_link(request)

        return opened

    return decorate


def useless_link(request: HttpRequest) -> HttpResponse:
    """The link was cut, changed, or is for a signature that is gone: what happened, and how to get a new mail.

    It names no letter, so the browser is asked for the language.
    """
    with translation.override(translation.get_language_from_request(request)):
        return render(request, "letters/emailed_links/useless_link.html", status=404)


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    # 303: the answer to a form is another page to GET; 302 leaves the method to the browser.
    response.status_code = 303
    return response
