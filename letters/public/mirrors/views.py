"""The page about copies of a letter, and the newest bundle."""

from functools import partial

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from letters.models import Bundle, Letter
from letters.public.mirrors import files, queries
from letters.public.public_pages.limits import limit_downloads
from letters.public.public_pages.pages import Page, Visit, letter_page
from letters.shared import wakeups
from letters.shared.built_files import BLOCK
from letters.shared.for_anyone import ANYONE

RETRY_SECONDS = 30

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
    make = partial(_file, visit, bundle)
    return Page(("mirror.zip", bundle.letter_id, bundle.sha256), make, is_long=True, cache_control=SHORT)


@letter_page("mirror_note")
def note(visit: Visit, version: int, digest: str) -> Page:
    """Send the signed note about the newest bundle."""
    bundle = _named(visit.letter, version, digest)
    if not bundle.note:
        raise Http404("This bundle is not signed yet.")
    send = partial(HttpResponse, bundle.note, content_type="text/plain; charset=utf-8", headers=ANYONE)
    return Page(("mirror.note", bundle.letter_id, bundle.note), send, cache_control=SHORT)


def _file(visit: Visit, bundle: Bundle) -> HttpResponseBase:
    limit_downloads(visit.request)
    try:
        file = files.open_for_reading(bundle)
    except FileNotFoundError:
        return _being_made(visit)
    response = FileResponse(file, content_type="application/zip", headers=ANYONE)
    name = f"{visit.letter.slug}-{bundle.day:%Y-%m-%d}.zip"
    # Set after construction: Django would replace our Content-Disposition with the name of the file.
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.block_size = BLOCK
    return response


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
