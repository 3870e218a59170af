"""The page about copies of a letter, and the newest bundle."""

from functools import partial

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from letters.models import Bundle, Letter
from letters.public.mirrors import files, queries
from letters.public.mirrors.ranges import Part, part_asked
from letters.public.public_pages.limits import limit_downloads
from letters.public.public_pages.pages import Page, Visit, letter_page
from letters.shared import wakeups
from letters.shared.built_files import BLOCK
from letters.shared.for_anyone import ANYONE

RETRY_SECONDS = 30
OF_FILE = {"Content-Type": "application/zip", "Accept-Ranges": "bytes", **ANYONE}
# Privacy: no cache keeps a file with names for longer, although its address always means the same bytes.
SHORT = "public, max-age=5"


@letter_page("mirrors")
def mirrors(visit: Visit) -> Page:
    """Say what a copy is, where the newest one is, and who keeps one."""
    letter, now = visit.letter, timezone.now()
    bundle = _sendable(letter)
    shown = queries.shown_mirrors(letter)
    found = [(each.pk, each.finding, each.entries, letter.day_of(each.checked_at)) for each in shown]
    depends_on = (letter.pk, letter.slug, letter.collective.name, bundle and (bundle.sha256, bool(bundle.note)), *found)
    context = lambda: {  # noqa: E731 -- short, and used once
        **visit.context(),
        "bundle": bundle,
        "file_url": bundle and _url("mirror_file", letter, bundle),
        "note_url": bundle and bundle.note and _url("mirror_note", letter, bundle),
        "behind_minutes": bundle and -(-int(queries.longest_behind(bundle).total_seconds()) // 60),
        "mirrors": shown,
        "as_of": now,
    }
    return visit.page(*depends_on, context=context)


@letter_page("mirror_zip")
def newest(visit: Visit) -> Page | HttpResponse:
    """Lead to the newest bundle."""
    bundle = _sendable(visit.letter)
    if bundle is None:
        return _being_made(visit)
    to = _url("mirror_file", visit.letter, bundle)
    return HttpResponseRedirect(to, headers={**ANYONE, "Cache-Control": SHORT})


@letter_page("mirror_file")
def as_zip(visit: Visit, version: int, digest: str) -> Page | HttpResponse:
    """Send the newest bundle under its own name. An older one does not exist any more."""
    bundle = _named(visit.letter, version, digest)
    # A strong ETag, because the same address always means the same bytes. Browsers go on only with such a download.
    etag = f'"{bundle.sha256}"'
    return Page((), partial(_file, visit, bundle, etag), is_long=True, cache_control=SHORT, etag=etag)


@letter_page("mirror_note")
def note(visit: Visit, version: int, digest: str) -> Page:
    """Send the signed note about the newest bundle."""
    bundle = _named(visit.letter, version, digest)
    if not bundle.note:
        raise Http404("This bundle is not signed yet.")
    send = partial(HttpResponse, bundle.note, content_type="text/plain; charset=utf-8", headers=ANYONE)
    return Page(("mirror.note", bundle.letter_id, bundle.note), send, cache_control=SHORT)


def _file(visit: Visit, bundle: Bundle, etag: str) -> HttpResponseBase:
    limit_downloads(visit.request)
    try:
        file = files.open_for_reading(bundle)
    except FileNotFoundError:
        return _being_made(visit)
    part = _part_asked(visit.request, bundle.size, etag)
    if part is None:
        response = FileResponse(file)
    elif part:
        response = FileResponse(Part(file, part), status=206)
        response.headers["Content-Length"] = str(len(part))
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{bundle.size}"
    else:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{bundle.size}", **ANYONE})
    response.block_size = BLOCK
    name = f"{visit.letter.slug}-{bundle.day:%Y-%m-%d}.zip"
    # Set after construction: Django would replace our Content-Disposition with the name of the file.
    for header, value in {"Content-Disposition": f'attachment; filename="{name}"', **OF_FILE}.items():
        response.headers[header] = value
    return response


def _part_asked(request: HttpRequest, size: int, etag: str) -> range | None:
    """Return which bytes a reader asks for. If the file is not the one that they have a part of, they need all."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    return part_asked(request.headers.get("Range", ""), size)


def _named(letter: Letter, version: int, digest: str) -> Bundle:
    bundle = _sendable(letter)
    if bundle is None or (bundle.version, bundle.sha256[: files.DIGEST_LENGTH]) != (version, digest):
        raise Http404("There is a newer copy, or none.")
    return bundle


def _sendable(letter: Letter) -> Bundle | None:
    """Return the bundle that readers get now."""
    bundle = queries.bundle_of(letter)
    return bundle if bundle and queries.may_be_sent(letter, bundle, timezone.now()) else None


def _url(name: str, letter: Letter, bundle: Bundle) -> str:
    digest = bundle.sha256[: files.DIGEST_LENGTH]
    return reverse(name, kwargs={"slug": letter.slug, "version": bundle.version, "digest": digest})


def _being_made(visit: Visit) -> HttpResponse:
    """Ask the reader to come back, and wake the worker, because the file may have been lost with its machine."""
    wakeups.wake("letters.make_bundle", visit.letter.pk, queue="exports")
    answer = HttpResponse(status=503, content_type="text/plain; charset=utf-8")
    answer.write(gettext("The copy is being made. Try again in half a minute."))
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    answer.headers["Cache-Control"] = "no-store"
    return answer
