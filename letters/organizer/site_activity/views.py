from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from letters.base.accounts.guards import of_site
from letters.models import User
from letters.organizer.collectives.queries import LogLine
from letters.organizer.collectives.sentences import csv_heading, csv_rows_of, sentence_of
from letters.organizer.collectives.views import in_language
from letters.organizer.site_activity import queries
from letters.organizer.site_activity.forms import FilterForm
from letters.shared.csv_rows import MARK, csv_lines

UTC = ZoneInfo("UTC")


@require_safe
@of_site
def activity(request: HttpRequest, moderator: User) -> HttpResponse:
    """List what happened on the site, newest first."""
    form, now = FilterForm(request.GET or {"day": ""}, label_suffix=""), timezone.now()
    chosen = form.chosen() if form.is_valid() else queries.Chosen()
    page = queries.activity_of(chosen, to=moderator, now=now, before=request.GET.get("before", ""))
    asked = request.GET.copy()
    asked.pop("before", None)
    context = {
        "form": form,
        "chosen": chosen,
        "zone": chosen.collective.zone() if chosen.collective and chosen.is_of_one_collective else UTC,
        "lines": [(each, sentence_of(each.line)) for each in queries.for_page(page.lines, now=now)],
        "onward": page.onward,
        "asked": asked.urlencode(),
        "days": queries.WINDOW.days,
    }
    return render(request, "letters/site_activity/activity.html", context, status=422 if form.errors else 200)


@require_safe
@of_site
def activity_csv(request: HttpRequest, moderator: User) -> HttpResponseBase:
    """Return what the page shows as a file, and no more."""
    form, now = FilterForm(request.GET or {"day": ""}), timezone.now()
    if not form.is_valid():
        return HttpResponse(status=422)
    chosen = form.chosen()
    zone = chosen.collective.zone() if chosen.collective and chosen.is_of_one_collective else UTC
    heading = csv_lines([[*csv_heading(zone), gettext("Collective")]])
    pages = queries.whole_activity_of(chosen, to=moderator, now=now)
    parts = (csv_lines(_rows(lines, zone, now)) for lines in pages)
    response = StreamingHttpResponse(
        chain([MARK, heading], in_language(get_language(), parts)), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="activity.csv"'
    return response


def _rows(lines: list[LogLine], zone: ZoneInfo, now: datetime) -> Iterator[list[str]]:
    for each, row in zip(queries.for_page(lines, now=now), csv_rows_of(lines, zone), strict=True):
        yield [*row, each.collective]
