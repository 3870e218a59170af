"""Keep the tiles that many readers ask for, so that a tile costs about as much as a file."""

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from letters.shared.for_anyone import FOREVER

# Of a letter that the site takes down, nothing is served after this long, as of its pages.
KEPT_SECONDS = 0.5
# Memory: a bundle of entries has about 25 kB.
MAX_KEPT = 128


@dataclass(frozen=True)
class _File:
    body: bytes
    headers: dict[str, str]
    until: float


# By the paths of the files.
_kept: OrderedDict[str, _File] = OrderedDict()


class KeptTiles:
    """Middleware that answers a tile again without asking whether its letter is still public, for half a second.

    Performance: it comes before all that a tile does not need: it is the same for everyone, and has no language. Only
    what never changes is kept, so nobody sees an older checkpoint after a newer one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or not request.path.startswith("/log/"):
            return self.get_response(request)
        file = _kept.get(request.path)
        if file and time.monotonic() < file.until:
            return HttpResponse(file.body, headers=file.headers)
        response = self.get_response(request)
        is_lasting = response.status_code == 200 and response.headers.get("Cache-Control") == FOREVER
        if is_lasting and not response.streaming and not response.cookies:
            _keep(request.path, response)
        return response


def _keep(path: str, response: HttpResponse) -> None:
    _kept[path] = _File(response.content, dict(response.headers), time.monotonic() + KEPT_SECONDS)
    while len(_kept) > MAX_KEPT:
        with suppress(KeyError):  # Race: another thread dropped the last one.
            _kept.popitem(last=False)
