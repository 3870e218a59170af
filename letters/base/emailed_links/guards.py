"""Decorators for pages behind emailed links. The link alone gives access, so nobody else may learn or use it."""

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
    """Refuse a POST that comes from another site's page. Replaces the CSRF token, which would need a cookie."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fetch_site = request.headers.get("Sec-Fetch-Site", "")
        origin = request.headers.get("Origin", "")
        if request.method == "POST" and is_foreign(fetch_site=fetch_site, origin=origin, own_origin=settings.SITE_URL):
            return render(request, "403.html", status=403)
        return view(request, *args, **kwargs)

    return csrf_exempt(checked)


def with_a_token(view: View) -> View:
    """Keep the page out of caches and search engines, and its address out of Referer headers."""

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return private


def of_a_signature(purpose: str, *methods: str) -> Callable[[SignatureView], View]:
    """Open a page behind an emailed link. The view receives the signature, which it can get only through this check."""

    def decorate(view: SignatureView) -> View:
        @with_a_token
        @require_http_methods(methods)
        @from_our_pages
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            signature_and_token = signature_of_token(purpose, token)
            if signature_and_token is None:
                return useless_link(request)
            signature_and_token[0].open_words()
            return view(request, *signature_and_token)

        return opened

    return decorate


def useless_link(request: HttpRequest) -> HttpResponse:
    """Answer a link that was cut or changed, or whose signature is gone, and say how to get a new email.

    The page knows no letter, so its language is the browser's.
    """
    with translation.override(translation.get_language_from_request(request)):
        return render(request, "letters/emailed_links/useless_link.html", status=404)


def see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    # 303: the browser must GET the next page. With 302 it may choose the method.
    response.status_code = 303
    return response
