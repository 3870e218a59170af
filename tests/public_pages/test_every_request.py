"""Whatever others requested before, a reader gets what the view would have sent to them alone."""

import gzip
from dataclasses import dataclass

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.test.client import ClientHandler
from hypothesis import given, settings
from hypothesis import strategies as st

from letters.models import Letter
from letters.public.public_pages import caching
from tests.people import Response, add_published, kept_pages, site

PATHS = [
    *["/", "/letters/night-trains/", "/letters/night-trains/signatures/", "/letters/night-trains/signatures.csv"],
    *["/letters/night-trains/all-signatures.json", "/api/v1/letters/night-trains/organisations/"],
    *["/letters/night-trains/count/", "/letters/night-trains/feed/", "/letters/night-trains/history/"],
    *["/it/letters/night-trains/", "/letters/night-trains/updates/", "/letters/nothing/"],
    *["/api/v1/letters/", "/api/v1/letters/night-trains/", "/api/v1/letters/night-trains/signatures/?before=3"],
    *["/api/v1/letters/night-trains/signatures/?q=a", "/api/v1/letters/nothing/", "/api/v1/docs/"],
]


@dataclass(frozen=True)
class Asked:
    """One request of a stranger."""

    path: str
    method: str = "GET"
    secure: bool = False
    encoding: str = ""
    # "": none, "same": the page as it is, or another ETag.
    condition: str = ""


requests = st.builds(
    Asked,
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "HEAD"]),
    secure=st.booleans(),
    encoding=st.sampled_from(["", "gzip", "gzip;q=0", "br"]),
    condition=st.sampled_from(["", "same", 'W/"another"', "*"]),
)


@pytest.fixture
def production(settings: pytest.FixtureRequest) -> None:
    """Behind a proxy that terminates TLS."""
    for name, value in {
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_HSTS_SECONDS": 1000,
        "MIDDLEWARE": django_settings.MIDDLEWARE,
    }.items():
        setattr(settings, name, value)


def handler(middleware: list[str]) -> ClientHandler:
    before, django_settings.MIDDLEWARE = django_settings.MIDDLEWARE, middleware
    try:
        made = ClientHandler(enforce_csrf_checks=True)
        made.load_middleware()
        return made
    finally:
        django_settings.MIDDLEWARE = before


def ask(through: ClientHandler, asked: Asked, etag: str = "") -> Response:
    client = Client(raise_request_exception=False)
    client.handler = through
    headers = {"X-Forwarded-Proto": "https" if asked.secure else "http"}
    if asked.encoding:
        headers["Accept-Encoding"] = asked.encoding
    if asked.condition:
        headers["If-None-Match"] = etag if asked.condition == "same" else asked.condition
    return client.generic(asked.method, asked.path, headers=headers)


def body_of(answer: Response) -> bytes:
    body = answer.getvalue()
    return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" and body else body


def lasting(answer: Response) -> dict[str, str]:
    """Return the headers about the page itself, not about its transport."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name not in {"Content-Length", "Content-Encoding", "Vary", "Content-Security-Policy"}
    }


@pytest.mark.parametrize("kept_for", [-1, 1000], ids=["compared each time", "from memory"])
def test_no_order_of_requests_changes_what_anyone_gets(
    letter: Letter, production: None, kept_for: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "FRESH_SECONDS", kept_for)
    add_published(letter, 3)
    cached = handler(django_settings.MIDDLEWARE)
    plain = handler([each for each in django_settings.MIDDLEWARE if not each.endswith(".PublicPageCache")])
    truth = {
        (path, secure): ask(plain, Asked(path, secure=secure, encoding="identity"))
        for path in PATHS
        for secure in (False, True)
    }
    bodies = {key: body_of(answer) for key, answer in truth.items()}

    @given(st.lists(requests, min_size=2, max_size=8))
    @settings(max_examples=60)
    def any_order(order: list[Asked]) -> None:
        layer = cached._middleware_chain.__wrapped__  # type: ignore[attr-defined]
        while not isinstance(layer, caching.PublicPageCache):
            layer = layer.get_response.__wrapped__
        layer.pages.clear()
        for asked in order:
            right, body = truth[asked.path, asked.secure], bodies[asked.path, asked.secure]
            answer = ask(cached, asked, right.headers.get("ETag", 'W/"none"'))
            if answer.status_code == 304:
                assert asked.condition in {"same", "*"}
                assert answer.headers["ETag"] == right.headers["ETag"]
                continue
            assert answer.status_code == right.status_code
            assert lasting(answer) == lasting(right), asked
            assert body_of(answer) == (body if asked.method == "GET" else b""), asked
            assert ("Strict-Transport-Security" in answer.headers) == asked.secure

    any_order()


@pytest.mark.parametrize("path", PATHS)
def test_a_head_request_leaves_the_page_complete_for_others(letter: Letter, path: str) -> None:
    add_published(letter, 3)
    plain = ask(site(), Asked(path))
    expected = body_of(plain)
    kept_pages().pages.clear()
    for _ in range(3):
        assert body_of(ask(site(), Asked(path, "HEAD"))) == b""
    assert body_of(ask(site(), Asked(path))) == expected


@pytest.mark.parametrize("first", [False, True])
def test_a_page_is_sent_with_hsts_whoever_asked_for_it_first(letter: Letter, production: None, first: bool) -> None:
    cached = handler(django_settings.MIDDLEWARE)
    for secure in (first, not first, first):
        answer = ask(cached, Asked("/letters/night-trains/", secure=secure))
        assert ("Strict-Transport-Security" in answer.headers) == secure
