"""The public pages. They depend only on their URL: they use no session, cookie or token, and name no account."""

from datetime import date
from functools import partial

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils import timezone

from letters.base.collective_domains.queries import shown_domains
from letters.base.switches.queries import is_on
from letters.base.witnesses.queries import said_of
from letters.models import (
    History,
    Letter,
    Picture,
    Revision,
    Switch,
    Update,
    paper_counts_of,
    public_moves,
    takes_organisations,
)
from letters.public.public_pages import data, files, names_on_letter, queries, whole_list
from letters.public.public_pages.caching import is_search
from letters.public.public_pages.feed import letter_feed
from letters.public.public_pages.forms import FindNameForm, FindNumberForm
from letters.public.public_pages.limits import count_for_network
from letters.public.public_pages.organisations import on_letter
from letters.public.public_pages.pages import Context, Page, Visit, letter_page
from letters.public.public_pages.qr import qr_svg
from letters.public.public_pages.searching import answer_search
from letters.shared.for_anyone import ANYONE
from letters.shared.languages import direction, interface_language
from letters.shared.refused import Refusal


def show_letter(visit: Visit) -> Page:
    """Show the letter, the signing form and the newest signatures."""
    now = timezone.now()
    refusal = visit.letter.refusal(now) or ("" if is_on(Switch.Name.TAKE_SIGNATURES) else "paused")
    witnessed = said_of(visit.letter)
    context = lambda: {**_letter_context(visit), "refusal": refusal, "as_of": now, "witnessed": witnessed}  # noqa: E731
    return visit.of_version(refusal, visit.letter.day_of(now), witnessed, context=context)


letter = letter_page("letter")(show_letter)


def _letter_context(visit: Visit) -> Context:
    letter = visit.letter
    changes = History.of_changed(letter, visit.language)
    return {
        **visit.context(),
        "first": names_on_letter.first_signatures(letter, changes),
        "newest": names_on_letter.newest_signatures(letter, changes),
        "organisations": on_letter(letter, changes),
        "organisations_url": visit.url_of("organisations"),
        "sign_for_url": visit.url_of("sign_for_organisation") if takes_organisations(letter) else "",
        "on_paper": paper_counts_of(letter),
        "changes": changes,
        "domains": shown_domains(letter.collective),
        "moves": public_moves(letter),
        "history_url": visit.url_of("history"),
        "verify_url": visit.url_of("verify"),
        "letter_deliveries": queries.letter_deliveries(letter),
        "cover": Picture.above(letter.current_revision),
        "answers": queries.answers(letter),
        "newest_updates": queries.updates_on_letter(letter),
        "mirrors_url": visit.url_of("mirrors"),
        "link_url": visit.url_of("link"),
        "report_url": visit.url_of("report_letter"),
    }


@letter_page("signatures")
def signatures(visit: Visit) -> Page | HttpResponse:
    """Show the list of signatures, newest first, a hundred to a page; or those that a search finds."""
    before = _number_before(visit.request)
    if is_search(visit.request):
        return answer_search(visit, before)

    def context() -> Context:
        changes = History.of_changed(visit.letter, visit.language)
        return {
            **visit.context(),
            "page": queries.signature_page(visit.letter, changes, before=before),
            "changes": changes,
            "organisations_url": visit.url_of("organisations"),
            "count_history_url": visit.url_of("count_history"),
            "verify_url": visit.url_of("verify"),
            "breakdown_url": visit.url_of("breakdown"),
            "find_name": FindNameForm(),
            "find_number": FindNumberForm(),
            "report_url": visit.url_of("report_signature"),
            "named_url": visit.url_of("report_name"),
            "built_seconds": int(files.MAX_OUTDATED_TIME.total_seconds()) if whole_list.is_large(visit.letter) else 0,
        }

    return visit.of_version(before, context=context)


def _number_before(request: HttpRequest) -> int | None:
    """Return the number below which a page of the list starts; None for the newest page."""
    text = request.GET.get("before")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) < 2**31:
        raise Http404("A page of the list is asked for by a number.")
    return int(text[:12])


@letter_page("signatures_json")
def signatures_json(visit: Visit) -> Page:
    """Return a page of the list as JSON, newest first, with the same columns as the CSV."""
    before = _number_before(visit.request)
    depends_on = ("signatures.json", visit.letter.pk, visit.letter.version, before)
    return Page(depends_on, partial(_signatures_json, visit, before), is_long=before is not None)


def _signatures_json(visit: Visit, before: int | None) -> HttpResponseBase:
    letter = visit.letter
    if before is not None:
        count_for_network(visit.request, "pages of lists", settings.LIMIT_SEARCHES, Refusal.MANY_SEARCHES)
    page, onward = data.signatures_of(letter, before)
    older = f"{settings.SITE_URL}{letter.url_of('signatures_json')}?before={onward}" if onward else None
    answer = JsonResponse({**page, "older": older}, headers=ANYONE)
    if before is None:
        return answer
    # Denial of service: a streamed answer is not kept. Pages of millions of names would push the letters out of memory.
    return StreamingHttpResponse([answer.content], headers=answer.headers)


@letter_page("history")
def history(visit: Visit) -> Page:
    """Show every published text, what changed, and how many signatures each text has."""
    return visit.of_version(context=partial(_history, visit))


def _history(visit: Visit) -> Context:
    past = History.of(visit.letter)
    texts = [
        (each, visit.letter.url_of("past_text", each.text.language if each.text else "", number=each.revision.number))
        for each in queries.past_texts(past, visit.language)
    ]
    return {
        **visit.context(),
        "changes": past,
        "texts": texts,
        "moves": public_moves(visit.letter),
        "takedowns": queries.past_takedowns(visit.letter),
    }


@letter_page("past_text")
def past_text(visit: Visit, number: int) -> Page:
    """Show one published text as it was, and how it differs from the one before."""
    letter = visit.letter
    try:
        revision = queries.published_revision(letter, number)
    except Revision.DoesNotExist as missing:
        raise Http404("There is no such text.") from missing
    before, after = queries.neighbours_of(revision, visit.language)
    # Not the letter's version: a new signature does not change an old text.
    depends_on = (revision.pk, after and after.pk, letter.slug, letter.is_sample)
    return visit.page(*depends_on, context=partial(_past_text, visit, revision, before, after))


def _past_text(visit: Visit, revision: Revision, before: Revision | None, after: Revision | None) -> Context:
    return {
        **visit.context(revision),
        "revision": revision,
        "before": before,
        "after": after,
        "before_url": before and visit.url_of("past_text", number=before.number),
        "after_url": after and visit.url_of("past_text", number=after.number),
        "cover": Picture.above(revision),
        "cover_before": before and Picture.above(before),
        "differences": before and queries.changes_since(before, revision, visit.language),
        "history_url": visit.url_of("history"),
    }


@letter_page("count")
def count(visit: Visit) -> Page:
    """Return the letter's counts as JSON, for the open page and for other sites. All of them show the same numbers."""
    today = visit.letter.day_of(timezone.now())
    return Page(
        ("count", visit.letter.pk, visit.letter.version, today),
        partial(_count, visit.letter, interface_language(visit.language), today),
    )


def _count(letter: Letter, language: str, today: date | None) -> HttpResponse:
    return JsonResponse(data.count_of(letter, language, today), headers=ANYONE)


@letter_page("updates")
def updates(visit: Visit) -> Page:
    """List the letter's public updates."""
    before = _number_before(visit.request)
    return visit.of_version(
        before, context=lambda: {**visit.context(), "page": queries.public_updates(visit.letter, before=before)}
    )


@letter_page("update")
def update(visit: Visit, update_id: int) -> Page:
    """Show one public update."""
    try:
        shown = queries.public_update(visit.letter, update_id)
    except Update.DoesNotExist as missing:
        raise Http404("There is nothing of that number.") from missing
    text = shown.text_in(visit.language)
    own = {"update": shown, "update_text": text, "update_direction": direction(text.language)}
    return visit.page(shown.pk, visit.letter.version, context=lambda: {**visit.context(), **own})


@letter_page("feed")
def feed(visit: Visit) -> Page:
    """Return the letter's feed (Atom, RFC 4287)."""
    return Page(("feed", visit.letter.pk, visit.letter.version, visit.language), partial(_feed, visit))


def _feed(visit: Visit) -> HttpResponse:
    return visit.atom(partial(letter_feed, visit.letter, visit.text(), visit.language))


@letter_page("qr")
def qr(visit: Visit) -> Page:
    """Return a QR code that leads to the letter."""
    visit.text()
    address = settings.SITE_URL + visit.url_of("letter")
    return Page(("qr", address), lambda: HttpResponse(qr_svg(address), content_type="image/svg+xml"))
