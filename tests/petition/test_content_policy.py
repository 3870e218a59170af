"""Every response has the policy that the library would have written."""

from collections.abc import Callable

import pytest
from csp.constants import HEADER, SELF
from csp.decorators import csp_exempt, csp_replace, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.test import RequestFactory
from pytest_django import Settings

from petition.content_policy import ContentSecurityPolicy

View = Callable[[HttpRequest], HttpResponseBase]


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def with_a_nonce(request: HttpRequest) -> HttpResponse:
    vars(request)["_csp_nonce"] = "0123456789abcdef"
    return HttpResponse("a page")


def with_its_own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page", headers={HEADER: "default-src 'self'"})


VIEWS: list[View] = [
    page,
    lambda _: HttpResponseRedirect("/elsewhere/"),
    lambda _: HttpResponse(status=404),
    csp_update({"frame-src": [SELF]})(page),
    csp_replace({"img-src": [SELF]})(page),
    csp_exempt()(page),
    with_a_nonce,
    with_its_own,
]


def policy_of(middleware: CSPMiddleware, view: View) -> str | None:
    request = RequestFactory().get("/")
    middleware.process_request(request)
    return middleware.process_response(request, view(request)).headers.get(HEADER)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_the_policy_is_that_of_the_library(view: View, debug: bool, settings: Settings) -> None:
    settings.DEBUG = debug
    assert policy_of(ContentSecurityPolicy(page), view) == policy_of(CSPMiddleware(page), view)


def test_the_usual_policy_allows_nothing_from_elsewhere() -> None:
    policy = policy_of(ContentSecurityPolicy(page), page) or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
