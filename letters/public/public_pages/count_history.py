"""How the count of a letter has grown, as a page with a chart and as data.

Privacy: nothing here says on which day a signature was withdrawn or removed. An employer who talked to someone on that
day could draw conclusions. So the days show the numbers that were given, and the totals show what was taken out.
"""

from collections.abc import Sequence
from functools import partial

from django.db.models import Max
from django.http import HttpResponse, JsonResponse

from letters.models import CountHistory, Letter, LetterHour, count_history, drawn_spans
from letters.public.public_pages.pages import Context, Page, Visit, letter_page
from letters.shared.charts import bars
from letters.shared.csv_rows import CSV, MARK, csv_lines
from letters.shared.for_anyone import ANYONE

COLUMNS = ["day", "new", "so_far"]


@letter_page("count_history")
def page(visit: Visit) -> Page:
    """Show new signatures by day, week or month."""
    return visit.of_version(context=partial(_context, visit))


def _context(visit: Visit) -> Context:
    history = _until_newest(visit.letter)
    drawn = drawn_spans(history)
    return {
        **visit.context(),
        "history": history,
        "busiest": max(history.spans, key=lambda span: span.published),
        "bars": bars([span.published for span in drawn]),
        "first": drawn[0],
        "gone": visit.letter.withdrawn_count + visit.letter.removed_count,
        "zone": visit.letter.zone(),
    }


@letter_page("count_history_csv")
def as_csv(visit: Visit) -> Page:
    """Return the new signatures of each day, and their sum so far, as CSV."""
    return Page(("history.csv", visit.letter.pk, visit.letter.version), partial(_csv, visit.letter))


def _csv(letter: Letter) -> HttpResponse:
    name = f'attachment; filename="{letter.slug}-count.csv"'
    text = MARK + csv_lines([COLUMNS, *_days(letter)])
    return HttpResponse(text, content_type=CSV, headers={"Content-Disposition": name, **ANYONE})


@letter_page("count_history_json")
def as_json(visit: Visit) -> Page:
    """Return the same as JSON, with the counts of the same moment."""
    return Page(("history.json", visit.letter.pk, visit.letter.version), partial(_json, visit.letter))


def _json(letter: Letter) -> HttpResponse:
    return JsonResponse(history_of(letter), headers=ANYONE)


def history_of(letter: Letter) -> dict[str, object]:
    """Return the new signatures of each day, and the counts of the same moment."""
    days = [dict(zip(COLUMNS, row, strict=True)) for row in _days(letter)]
    counts = {"published": letter.signature_count, "withdrawn": letter.withdrawn_count, "removed": letter.removed_count}
    return {**counts, "version": letter.version, "days": days}


def _days(letter: Letter) -> list[Sequence[object]]:
    return [
        [span.begins.date().isoformat(), span.published, span.so_far] for span in _until_newest(letter, "day").spans
    ]


def _until_newest(letter: Letter, unit: str = "") -> CountHistory:
    """Return the history until the newest signature.

    Privacy: it does not depend on the last change of the count, which may be a withdrawal.
    """
    newest = LetterHour.objects.filter(letter=letter, published__gt=0).aggregate(newest=Max("hour"))["newest"]
    history = count_history(letter, now=newest or letter.published_at or letter.created_at, unit=unit)
    while len(history.spans) > 1 and not history.spans[-1].published:
        history.spans.pop()
    return history
