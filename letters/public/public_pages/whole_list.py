"""Send the whole list of a letter, as CSV or as JSON: what its page shows, oldest signature first."""

from dataclasses import replace
from functools import partial

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from letters.models import Letter
from letters.public.public_pages import files
from letters.public.public_pages.caching import accepts_gzip
from letters.public.public_pages.files import Ending
from letters.public.public_pages.limits import limit_downloads
from letters.public.public_pages.list_rows import public_csv, public_json
from letters.public.public_pages.pages import Page, Visit, letter_page
from letters.shared import wakeups
from letters.shared.built_files import BLOCK
from letters.shared.csv_rows import CSV
from letters.shared.for_anyone import ANYONE

TYPES: dict[Ending, str] = {"csv": CSV, "json": "application/json"}
ROWS = {"csv": public_csv, "json": public_json}
BUILDERS = {"csv": "letters.build_list", "json": "letters.build_json_list"}
# A list of a million names takes about this long to build.
RETRY_SECONDS = 20


def is_large(letter: Letter) -> bool:
    return letter.last_number > files.LARGE_LIST


@letter_page("signatures_csv")
def as_csv(visit: Visit) -> Page | HttpResponse:
    """Send the whole list as CSV. For a large letter, this is a file that a worker has built."""
    return _whole_list(visit, "csv")


@letter_page("all_signatures_json")
def as_json(visit: Visit) -> Page | HttpResponse:
    """Send the same as JSON."""
    return _whole_list(visit, "json")


def _whole_list(visit: Visit, ending: Ending) -> Page | HttpResponse:
    if is_large(visit.letter):
        return _large_list(visit, ending)
    depends_on = (f"signatures.{ending}", visit.letter.pk, visit.letter.version)
    return Page(depends_on, partial(_small_list, visit, ending), is_long=True)


def _small_list(visit: Visit, ending: Ending) -> HttpResponseBase:
    limit_downloads(visit.request)
    # Denial of service: a streamed response reads no row for a HEAD request.
    rows = ROWS[ending](visit.letter)
    return StreamingHttpResponse(rows, content_type=TYPES[ending], headers=_headers(visit.letter, ending))


def _large_list(visit: Visit, ending: Ending) -> Page | HttpResponse:
    letter, now = visit.letter, timezone.now()
    built = files.newest_list(letter.pk, ending)
    if built is None or built.should_be_rebuilt(letter.version, now):
        wakeups.wake(BUILDERS[ending], letter.pk, queue="exports")
    if built is None or not built.may_be_sent(letter.version, now):
        return _being_built(visit)
    depends_on = (f"signatures.{ending}", letter.pk, built.version)
    # Privacy: no stale-if-error here, so that no cache on the way serves the file beyond its time.
    make = partial(_file_response, visit, built, ending)
    return Page(depends_on, make, is_long=True, cache_control="public, max-age=5")


def _file_response(visit: Visit, built: files.BuiltList, ending: Ending) -> HttpResponseBase:
    limit_downloads(visit.request)
    is_compressed = accepts_gzip(visit.request)
    try:
        file = (files.compressed_of(built.path) if is_compressed else built.path).open("rb")
    except FileNotFoundError:
        return _being_built(visit)  # Race: a worker has just replaced this file.
    response = FileResponse(file, content_type=TYPES[ending])
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    # Set after construction: Django would replace our Content-Disposition with the name of the file.
    for name, value in _headers(visit.letter, ending).items():
        response.headers[name] = value
    response.block_size = BLOCK
    return response


def _headers(letter: Letter, ending: Ending) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{letter.slug}-signatures.{ending}"',
        **ANYONE,
    }


def _being_built(visit: Visit) -> HttpResponse:
    # The file has no language, so the links to other languages lead to the list as a page.
    context = {**replace(visit, name="signatures").context(), "seconds": RETRY_SECONDS}
    page = visit.render("list_is_built", context)
    page.status_code = 503
    page.headers["Retry-After"] = str(RETRY_SECONDS)
    page.headers["Cache-Control"] = "no-store"
    return page
