"""Offer the time stamps to anyone, as files that never change, and the list of their days."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from letters.models import DayStamp
from letters.shared.for_anyone import ANYONE, FOREVER

HEADERS = {**ANYONE, "Cache-Control": FOREVER}
# There is a new day once a day.
FOR_MINUTES = {**ANYONE, "Cache-Control": "public, max-age=300"}


@require_safe
def stamped_days(request: HttpRequest) -> HttpResponse:
    """List the days that have a time stamp, one on each line, the oldest first."""
    days = DayStamp.objects.order_by("day").values_list("day", flat=True)
    return HttpResponse(
        "".join(f"{day}\n" for day in days), content_type="text/plain; charset=utf-8", headers=FOR_MINUTES
    )


@require_safe
def time_stamp(request: HttpRequest, day: str) -> HttpResponse:
    """Return the time stamp of a day, as the authority sent it."""
    return HttpResponse(bytes(_of(day).response), content_type="application/timestamp-reply", headers=HEADERS)


@require_safe
def stamped_checkpoint(request: HttpRequest, day: str) -> HttpResponse:
    """Return what was stamped on that day."""
    return HttpResponse(_of(day).note, content_type="text/plain; charset=utf-8", headers=HEADERS)


def _of(day: str) -> DayStamp:
    """Raises Http404."""
    try:
        return DayStamp.objects.get(pk=date.fromisoformat(day))
    except (ValueError, DayStamp.DoesNotExist):
        raise Http404("There is no time stamp of this day.") from None
