"""The organisations that have signed a letter: a list apart from that of the people, as a page and as data.

Privacy: only what the organisation shows, never the person who signed for it. The order is that of the names, and days
are never times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import Http404, HttpResponse, JsonResponse

from letters.models import History, Letter, OrganisationSignature, OrganisationSignatureQuerySet, takes_organisations
from letters.public.public_pages.limits import limit_downloads
from letters.public.public_pages.pages import Context, Page, Visit, letter_page
from letters.shared.csv_rows import CSV, MARK, csv_lines
from letters.shared.for_anyone import ANYONE
from letters.shared.tokens import make_handle, read_handle

PAGE_LENGTH = 100
# On the letter's own page.
ON_LETTER = 12
# Full memory: the files hold at most so many. No letter has as many.
MAX_IN_FILE = 20_000
COLUMNS = ["name", "website", "domain", "proof", "signed_on", "text", "signed_text"]


@dataclass(frozen=True)
class Listed:
    """One organisation of the list, and which text it signed: "earlier" for one that said something else."""

    row: OrganisationSignature
    signed_text: str


@dataclass(frozen=True)
class OrganisationPage:
    organisations: list[Listed]
    # The cursor of the next page; "" on the last one.
    onward: str
    is_first: bool


def on_letter(letter: Letter, changes: History | None) -> list[Listed]:
    """Return the organisations that the letter's own page shows. Performance: most letters have none."""
    if not letter.organisation_count:
        return []
    return [_listed(each, changes) for each in _rows(letter)[:ON_LETTER]]


def _rows(letter: Letter) -> OrganisationSignatureQuerySet:
    rows = OrganisationSignature.objects.published().filter(letter=letter).select_related("revision")
    return rows.none() if letter.is_sealed else rows


def _listed(row: OrganisationSignature, changes: History | None) -> Listed:
    since = changes.since if changes else None
    return Listed(row, "earlier" if since and row.revision.number < since.number else "")


def organisation_page(letter: Letter, changes: History | None, *, after: str) -> OrganisationPage:
    """Return a page of the list. Keyset pagination by name: the last page costs as little as the first.

    Raises Http404 for a cursor that is not ours, or whose organisation has left the list.
    """
    rows = _rows(letter)
    if after:
        last = _rows(letter).filter(pk=read_handle(_cursor_of(letter), after) or 0).annotate(key=Lower("name")).first()
        if last is None:
            raise Http404("The list has changed. Begin with its first page.")
        key = last.key  # type: ignore[attr-defined]  # annotated above
        rows = rows.annotate(key=Lower("name")).filter(Q(key__gt=key) | Q(key=key, pk__gt=last.pk))
    found = list(rows[: PAGE_LENGTH + 1])
    page = found[:PAGE_LENGTH]
    onward = make_handle(_cursor_of(letter), page[-1].pk) if len(found) > PAGE_LENGTH else ""
    return OrganisationPage([_listed(each, changes) for each in page], onward, is_first=not after)


def _cursor_of(letter: Letter) -> str:
    return f"organisations:{letter.pk}"


@letter_page("organisations")
def page(visit: Visit) -> Page:
    """Show the organisations in the order of their names, a hundred to a page."""
    after = visit.request.GET.get("after", "")[:64]
    return visit.of_version(after, context=partial(_context, visit, after))


def _context(visit: Visit, after: str) -> Context:
    changes = History.of_changed(visit.letter, visit.language)
    return {
        **visit.context(),
        "page": organisation_page(visit.letter, changes, after=after),
        "organisations_url": visit.url_of("organisations"),
        "sign_for_url": visit.url_of("sign_for_organisation") if takes_organisations(visit.letter) else "",
    }


@letter_page("organisations_csv")
def as_csv(visit: Visit) -> Page:
    """Send the whole list as CSV."""
    return Page(("organisations.csv", visit.letter.pk, visit.letter.version), partial(_csv, visit), is_long=True)


def _csv(visit: Visit) -> HttpResponse:
    limit_downloads(visit.request)
    name = f'attachment; filename="{visit.letter.slug}-organisations.csv"'
    text = MARK + csv_lines([COLUMNS, *_data(visit.letter)])
    return HttpResponse(text, content_type=CSV, headers={"Content-Disposition": name, **ANYONE})


@letter_page("organisations_json")
def as_json(visit: Visit) -> Page:
    """Send the same as JSON."""
    return Page(("organisations.json", visit.letter.pk, visit.letter.version), partial(_json, visit), is_long=True)


def _json(visit: Visit) -> HttpResponse:
    limit_downloads(visit.request)
    letter = visit.letter
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in _data(letter)]
    data = {"organisations": letter.organisation_count, "version": letter.version, "list": rows}
    return JsonResponse(data, headers=ANYONE)


def organisations_of(letter: Letter, after: str) -> tuple[list[dict[str, object]], str]:
    """Return a page of the list as data, and the cursor of the next page. Raises as `organisation_page` does."""
    page = organisation_page(letter, History.of_changed(letter), after=after)
    return [dict(zip(COLUMNS, _as_data(each, letter), strict=True)) for each in page.organisations], page.onward


def _data(letter: Letter) -> list[Sequence[object]]:
    changes = History.of_changed(letter)
    return [_as_data(_listed(row, changes), letter) for row in _rows(letter)[:MAX_IN_FILE]]


def _as_data(listed: Listed, letter: Letter) -> Sequence[object]:
    row = listed.row
    day = letter.day_of(row.published_at)
    return [row.name, row.website, row.domain, row.proof, day or "", row.revision.number, listed.signed_text]
