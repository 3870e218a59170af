"""Pages for everybody. They vary by their address only: no session, no cookie, no token, no name in the header.

They are exempt from Django's CSRF check only so that a wrong method is told so (405): none of them changes anything.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from letters.base.switches.queries import is_on
from letters.models import History, Letter, Picture, Revision, Switch, Translation, Update
from letters.public.public_pages import files, queries
from letters.public.public_pages.caching import page_etag, publish, unchanged, unchanged_for_visitor
from letters.public.public_pages.feed import letter_feed
from letters.shared import wakeups
from letters.shared.client_address import client_address, prefix_of
from letters.shared.csv_rows import MARK, csv_lines
from letters.shared.languages import direction, interface_language, language_name
from letters.shared.limits import Limit, TooMany, seconds_left
from letters.shared.limits import count as count_once_more
from letters.shared.refused import Refusal


@require_safe
@csrf_exempt
def home(request: HttpRequest, language: str = settings.LANGUAGE_CODE) -> HttpResponse:
    """The letters that can be signed now."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    letters = queries.open_letters(timezone.now(), language)
    paused = not is_on(Switch.Name.TAKE_SIGNATURES)
    etag = page_etag("home", language, paused, *((entry.letter.pk, entry.letter.version) for entry in letters))
    if not_modified := unchanged(request, etag):
        return not_modified
    context = {"letters": letters, "language": language, "languages": settings.LANGUAGES, "paused": paused}
    return publish(render(request, "letters/public_pages/home.html", context), etag)


@require_safe
@csrf_exempt
def letter(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """The letter, its form, its newest names."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("letter"))
    refusal = found.refusal(timezone.now()) or ("" if is_on(Switch.Name.TAKE_SIGNATURES) else "paused")
    etag = page_etag("letter", found.pk, found.version, language, refusal)
    if not_modified := unchanged(request, etag):
        return not_modified
    changes = History.of_changed(found, language or found.language)
    context = {
        **_letter_context(found, language or found.language, "letter"),
        "refusal": refusal,
        "first": queries.first_signatures(found, changes),
        "newest": queries.newest_signatures(found, changes),
        "changes": changes,
        "history_url": found.url_of("history", language),
        "letter_deliveries": queries.letter_deliveries(found),
        "cover": Picture.above(found.current_revision),
        "answers": queries.answers(found),
        "news": queries.news(found, most=queries.NEWS_ON_LETTER),
        "link_url": found.url_of("link", language),
    }
    return publish(_render(request, "letters/public_pages/letter.html", context), etag)


@require_safe
@csrf_exempt
def signatures(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """The list, a hundred to a page, from the newest to the first."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("signatures"))
    before = _before(request.GET.get("before"))
    etag = page_etag("signatures", found.pk, found.version, language, before)
    if not_modified := unchanged(request, etag):
        return not_modified
    changes = History.of_changed(found, language or found.language)
    context = {
        **_letter_context(found, language or found.language, "signatures"),
        "page": queries.signature_page(found, changes, before=before),
        "changes": changes,
        "built_seconds": int(files.TOO_OLD.total_seconds()) if found.last_number > files.LARGE else 0,
    }
    return publish(_render(request, "letters/public_pages/signatures.html", context), etag)


@require_safe
@csrf_exempt
def signatures_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The whole list as data. That of a large letter is a file, which a worker has built."""
    found = _letter_or_404(slug)
    if found.last_number > files.LARGE:
        return _large_list(request, found)
    etag = page_etag("signatures.csv", found.pk, found.version)
    if not_modified := unchanged_for_visitor(request, etag):
        return not_modified
    _admit_download(request)
    # Streamed, so that whoever asks for the headers alone has no row read.
    heading: list[Sequence[object]] = [queries.PUBLIC_COLUMNS]
    lines = (csv_lines(rows) for rows in chain([heading], queries.public_rows(found)))
    return publish(StreamingHttpResponse(chain([MARK], lines), **_as_csv(found)), etag)


def _large_list(request: HttpRequest, letter: Letter) -> HttpResponseBase:
    now, built = timezone.now(), files.newest_list(letter.pk)
    if built is None or built.should_be_rebuilt(letter.version, now):
        wakeups.wake("letters.build_list", letter.pk, queue="exports")
    if built is None or not built.may_be_sent(letter.version, now):
        return _being_built(request, letter)
    etag = page_etag("signatures.csv", letter.pk, built.version)
    response: HttpResponseBase
    if not_modified := unchanged_for_visitor(request, etag):
        response = not_modified
    else:
        _admit_download(request)
        try:
            file = built.path.open("rb")
        except FileNotFoundError:
            return _being_built(request, letter)  # Another has just taken its place.
        response = FileResponse(file, content_type=CSV)
        # Fewer and larger pieces than Django's own, for a file that may have a hundred megabytes.
        response.block_size = 256 * 1024
        for name, value in _as_csv(letter)["headers"].items():
            response.headers[name] = value
        publish(response, etag)
    # Privacy: nobody on the way keeps it beyond its time, as they may keep a page.
    response.headers["Cache-Control"] = "public, max-age=5"
    return response


CSV = "text/csv; charset=utf-8"
# Building the list of a million names takes about as long.
RETRY_SECONDS = 20


def _as_csv(letter: Letter) -> dict[str, Any]:
    headers = {
        "Content-Disposition": f'attachment; filename="{letter.slug}-signatures.csv"',
        "Access-Control-Allow-Origin": "*",
    }
    return {"content_type": CSV, "headers": headers}


def _being_built(request: HttpRequest, letter: Letter) -> HttpResponse:
    context = {**_letter_context(letter, letter.language, "signatures"), "seconds": RETRY_SECONDS}
    page = _render(request, "letters/public_pages/list_is_built.html", context)
    page.status_code = 503
    page.headers["Retry-After"] = str(RETRY_SECONDS)
    page.headers["Cache-Control"] = "no-store"
    return page


def _admit_download(request: HttpRequest) -> None:
    """Raises TooMany("many_downloads") for a network that takes list after list."""
    peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
    network = prefix_of(client_address(peer, forwarded_for, trusted_proxies=settings.TRUSTED_PROXIES))
    limit = Limit("downloads", network, settings.LIMIT_DOWNLOADS)
    if count_once_more([limit]):
        raise TooMany(Refusal.MANY_DOWNLOADS, seconds=seconds_left(limit))


@require_safe
@csrf_exempt
def history(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """Every text that was ever published, what changed, and how many signatures stand with which."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("history"))
    etag = page_etag("history", found.pk, found.version, language)
    if not_modified := unchanged(request, etag):
        return not_modified
    past = History.of(found)
    texts = [
        (each, found.url_of("past_text", each.text.language if each.text else "", number=each.revision.number))
        for each in queries.past_texts(past, language or found.language)
    ]
    context = {**_letter_context(found, language or found.language, "history"), "changes": past, "texts": texts}
    return publish(_render(request, "letters/public_pages/history.html", context), etag)


@require_safe
@csrf_exempt
def past_text(request: HttpRequest, slug: str, number: int, language: str = "") -> HttpResponse:
    """One text of the history as it was, and how it differs from the one before."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("past_text", number=number))
    try:
        revision = queries.published_revision(found, number)
    except Revision.DoesNotExist as missing:
        raise Http404("There is no such text.") from missing
    spoken = language or found.language
    before, after = queries.neighbours_of(revision, spoken)
    # Not the letter's version: whoever signs does not change what was written.
    etag = page_etag("past_text", revision.pk, after and after.pk, language, found.slug, found.is_sample)
    if not_modified := unchanged(request, etag):
        return not_modified
    url_in = partial(found.url_of, "past_text", number=number)
    context = {
        **_letter_context(found, spoken, url_in, revision),
        "revision": revision,
        "before": before,
        "after": after,
        "before_url": before and found.url_of("past_text", language, number=before.number),
        "after_url": after and found.url_of("past_text", language, number=after.number),
        "cover": Picture.above(revision),
        "cover_before": before and Picture.above(before),
        "differences": before and queries.changes_since(before, revision, spoken),
        "history_url": found.url_of("history", language),
    }
    return publish(_render(request, "letters/public_pages/past_text.html", context), etag)


@require_safe
@csrf_exempt
def count(request: HttpRequest, slug: str) -> HttpResponse:
    """The honest counter, for the open page and for anybody else: every surface says the same."""
    found = _letter_or_404(slug)
    etag = page_etag("count", found.pk, found.version)
    if not_modified := unchanged(request, etag):
        return not_modified
    response = JsonResponse(
        {
            "published": found.signature_count,
            # Down to a multiple of ten: see Letter.awaiting_confirmation_in_tens.
            "awaiting_confirmation": found.awaiting_confirmation_in_tens,
            "awaiting_confirmation_is_rounded": True,
            "awaiting_review": found.awaiting_review,
            "withdrawn": found.withdrawn_count,
            "removed": found.removed_count,
            "goal": found.goal,
            "version": found.version,
            # Privacy: the day alone. The moment of the last count is that at which the last signer was published.
            "as_of": found.day_of(found.counted_at),
        },
        headers={"Access-Control-Allow-Origin": "*"},
    )
    return publish(response, etag)


@require_safe
@csrf_exempt
def updates(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """What the collective has written to the signers, and to everybody."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("updates"))
    before = _before(request.GET.get("before"))
    etag = page_etag("updates", found.pk, found.version, language, before)
    if not_modified := unchanged(request, etag):
        return not_modified
    context = _letter_context(found, language or found.language, "updates")
    page = queries.news(found, before=before)
    return publish(_render(request, "letters/public_pages/updates.html", {**context, "page": page}), etag)


@require_safe
@csrf_exempt
def update(request: HttpRequest, slug: str, update_id: int, language: str = "") -> HttpResponse:
    """One of them."""
    found = _letter_or_404(slug)
    try:
        news = queries.public_update(found, update_id)
    except Update.DoesNotExist as missing:
        raise Http404("There is nothing of that number.") from missing
    if language == found.language:
        return HttpResponseRedirect(news.url())
    etag = page_etag("update", news.pk, found.version, language)
    if not_modified := unchanged(request, etag):
        return not_modified
    context = {
        **_letter_context(found, language or found.language, news.url),
        "update": news,
        "update_direction": direction(news.language),
    }
    return publish(_render(request, "letters/public_pages/update.html", context), etag)


@require_safe
@csrf_exempt
def feed(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """What happens with the letter, for feed readers (Atom, RFC 4287)."""
    found = _letter_or_404(slug)
    if language == found.language:
        return HttpResponseRedirect(found.url_of("feed"))
    etag = page_etag("feed", found.pk, found.version, language)
    if not_modified := unchanged(request, etag):
        return not_modified
    language = language or found.language
    context = _letter_context(found, language, "feed")
    with translation.override(interface_language(language)):
        atom = letter_feed(found, cast("Translation", context["text"]), language)
    response = HttpResponse(atom, content_type=Atom1Feed.content_type)
    response.headers["Content-Language"] = language
    return publish(response, etag)


def _letter_or_404(slug: str) -> Letter:
    try:
        return queries.public_letter(slug)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing


def _before(text: str | None) -> int | None:
    """The number that a page of the list goes on before."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) < 2**31:
        raise Http404("A page of the list is asked for by a number.")
    return int(text[:12])


def _letter_context(
    letter: Letter, language: str, page: str | Callable[[str], str], revision: Revision | None = None
) -> dict[str, object]:
    """What every page of a letter knows; with the text of a `revision`, if it is not the current one.

    `page` is its name in urls.py, or gives its address in a language.
    """
    url_in = partial(letter.url_of, page) if isinstance(page, str) else page
    try:
        text = queries.text_of(letter, language, revision)
    except Translation.DoesNotExist as missing:
        raise Http404("The letter has not been translated into this language.") from missing
    languages = [
        {"code": each.language, "name": language_name(each.language), "url": url_in(each.language)}
        for each in queries.translations(letter, revision)
    ]
    return {
        "letter": letter,
        "text": text,
        "language": language,
        "direction": direction(language),
        "languages": languages if len(languages) > 1 else [],
        "letter_url": letter.get_absolute_url(language),
        "signatures_url": letter.url_of("signatures", language),
        "updates_url": letter.url_of("updates", language),
        "feed_url": letter.url_of("feed", language),
        "page_url": url_in(language),
    }


def _render(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The page around a letter speaks the letter's language, if the site does."""
    with translation.override(interface_language(str(context["language"]))):
        response = render(request, template, context)
        response.headers["Content-Language"] = str(context["language"])
        return response
