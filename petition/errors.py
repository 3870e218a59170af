"""The page for a fault in the program."""

from django.http import HttpRequest, HttpResponseServerError
from django.template.loader import render_to_string

from petition.request_ids import current_request_id


def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Render without the request, because what failed may fail again."""
    return HttpResponseServerError(render_to_string("500.html", {"error_id": current_request_id()}))
