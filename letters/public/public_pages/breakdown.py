"""How many public signatures come from each country and each email domain, as a page and as data."""

from functools import partial

from django.http import Http404, HttpResponse, JsonResponse

from letters.models import LEAST_IN_GROUP, Breakdown, Letter
from letters.public.public_pages.pages import Context, Page, Visit, letter_page
from letters.shared.for_anyone import ANYONE


@letter_page("breakdown")
def page(visit: Visit) -> Page:
    """Show the numbers by country and by domain."""
    _require_shown(visit.letter)
    return visit.of_version(context=partial(_context, visit))


def _context(visit: Visit) -> Context:
    rows = {row.kind: row for row in _rows(visit.letter)}
    return {**visit.context(), "countries": rows.get("country"), "domains": rows.get("domain"), "least": LEAST_IN_GROUP}


@letter_page("breakdown_json")
def as_json(visit: Visit) -> Page:
    """Return the same as JSON. "others" stands for all groups of fewer than ten."""
    _require_shown(visit.letter)
    return Page(("breakdown.json", visit.letter.pk, visit.letter.version), partial(_json, visit.letter))


def _json(letter: Letter) -> HttpResponse:
    rows = {row.kind: row for row in _rows(letter)}
    of_kinds = {name: _as_data(rows.get(kind)) for name, kind in (("countries", "country"), ("domains", "domain"))}
    return JsonResponse({"groups_of_at_least": LEAST_IN_GROUP, **of_kinds, "version": letter.version}, headers=ANYONE)


def _as_data(row: Breakdown | None) -> dict[str, object]:
    shown = dict(row.shown) if row else {}
    groups = [{"value": value, "at_least": number} for value, number in shown.items() if value]
    return {"groups": groups, "others_at_least": shown.get("", 0), "as_of": row.renewed_on if row else None}


def _rows(letter: Letter) -> list[Breakdown]:
    return list(Breakdown.objects.filter(letter=letter))


def _require_shown(letter: Letter) -> None:
    """Raises Http404 for a letter whose form did not say that these numbers are public."""
    if not letter.shows_breakdown():
        raise Http404("This letter publishes no such numbers.")
