"""Serve the logs to anyone: files that never change, and the newest checkpoint.

No cookie, no session, no language. A draft has no log. Of a letter that the site has taken down, nothing is served, as
on its page: also a number of signatures would be a part of it. Copies that others made can still be checked.
"""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from letters.base.ledger_logs import queries
from letters.base.witnesses.queries import cosignatures_on
from letters.models import SITE, Letter
from letters.shared import tlog
from letters.shared.for_anyone import ANYONE, FOREVER
from letters.shared.tlog import TILE_WIDTH

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
# As long as a log waits between two checkpoints.
FOR_SECONDS = "public, max-age=5"
FOR_MINUTES = "public, max-age=300"

View = Callable[..., HttpResponse]


def of_log(view: Callable[..., HttpResponse]) -> View:
    """Decorate a view of one log: find it, or answer 404, or 410 for a letter that was taken down."""

    @require_safe
    @wraps(view)
    def visited(request: HttpRequest, name: str = SITE, **place: str) -> HttpResponse:
        # Denial of service: what no log can have is refused before anything is read.
        where = _place(**place) if place else {}
        log = queries.log_named(name)
        if log is None:
            raise Http404
        if log.status == Letter.Status.TAKEN_DOWN:
            return _answer("The site has taken this letter down.\n", TEXT, "no-store", status=410)
        return view(log, **where)

    return visited


def _place(*, number: str, width: str | None = None, level: str = "0") -> dict[str, int]:
    """Return the place of a tile. Raises Http404 for one that no log has."""
    found, wide = tlog.read_tile_number(number), int(width or TILE_WIDTH)
    if found is None or int(level) > tlog.MAX_LEVEL or (width and wide >= TILE_WIDTH):
        raise Http404
    if (found * TILE_WIDTH) << tlog.TILE_BITS * int(level) > tlog.MAX_SIZE:
        raise Http404
    return {"level": int(level), "number": found, "width": wide}


@of_log
def checkpoint(log: queries.Log) -> HttpResponse:
    """Return the newest signed checkpoint."""
    note = queries.newest_note(log)
    if note is None:
        raise Http404
    # Witnesses watch the log of the site alone.
    return _answer(note if log.letter_id else note + cosignatures_on(note), TEXT, FOR_SECONDS)


@of_log
def tile(log: queries.Log, level: int, number: int, width: int) -> HttpResponse:
    """Return the hashes of one tile."""
    return _lasting(queries.tile_data(log, level, number, width))


@of_log
def entries(log: queries.Log, level: int, number: int, width: int) -> HttpResponse:
    """Return up to 256 entries."""
    return _lasting(queries.bundle_data(log, number, width))


@of_log
def vkeys(log: queries.Log) -> HttpResponse:
    """List the public keys of the log, one on each line."""
    return _answer("".join(f"{key}\n" for key in queries.vkeys_of(log.origin)), TEXT, FOR_MINUTES)


def _lasting(data: bytes | None) -> HttpResponse:
    if data is None:
        raise Http404
    return _answer(data, BYTES, FOREVER)


def _answer(content: str | bytes, content_type: str, cache: str, *, status: int = 200) -> HttpResponse:
    headers = {**ANYONE, "Cache-Control": cache}
    return HttpResponse(content, content_type=content_type, status=status, headers=headers)
