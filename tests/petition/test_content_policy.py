"""Every response has the policy that the library would have written."""

from collections.abc import Callable

import pytest
from csp.constants import HEADER, SELF
from csp.decorators import csp_exempt, csp_replace, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from pytest_django import Settings

from petition.content_policy import ContentSecurityPolicy

View = Callable[[HttpRequest], HttpResponse]


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


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_the_policy_is_that_of_the_library(view: View, debug: bool, settings: Settings) -> None:
    settings.DEBUG = debug
    ours, theirs = (
        middleware(view)(RequestFactory().get("/")).headers.get(HEADER)
        for middleware in (ContentSecurityPolicy, CSPMiddleware)
    )
    assert ours == theirs


def test_the_usual_policy_allows_nothing_from_elsewhere() -> None:
    policy = ContentSecurityPolicy(page)(RequestFactory().get("/")).headers[HEADER]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
