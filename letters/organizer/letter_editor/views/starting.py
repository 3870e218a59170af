"""The organizer's list of letters, and the page that starts one."""

import re
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.accounts.guards import for_organizers
from letters.models import User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import (
    StartForm,
)
from letters.organizer.letter_editor.operations import (
    start_letter,
)
from letters.shared.explaining import add_refusal
from letters.shared.languages import is_language
from letters.shared.refused import Refused

ORDERS = {"newest": _("Newest"), "title": _("Title"), "signatures": _("Signatures")}


@require_safe
@never_cache
@for_organizers
def letters(request: HttpRequest) -> HttpResponse:
    """List the letters of one's collectives."""
    asked = request.GET.get("order", "")
    order = asked if asked in queries.ORDERS else "newest"
    letters = queries.letters_of(cast("User", request.user), order)
    context = {"letters": letters, "order": order, "orders": ORDERS.items()}
    return render(request, "letters/letter_editor/letters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def start(request: HttpRequest) -> HttpResponse:
    """Create a draft: addressee, text, and who publishes it."""
    by = cast("User", request.user)
    form = StartForm(request.POST if request.method == "POST" else None, language=_language_of(request))
    if form.is_valid():
        name = form.cleaned_data["collective"]
        try:
            letter = start_letter(text=form.text(), collective_name=name, by=by, now=timezone.now())
            return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    collectives = queries.collectives_of(by)
    if collectives and not form.is_bound:
        form.initial["collective"] = collectives[0].name
    context = {"form": form, "collectives": collectives}
    return render(request, "letters/letter_editor/start.html", context, status=422 if form.errors else 200)


def _language_of(request: HttpRequest) -> str:
    """Return the browser's first language, which is most likely the language of the letter, without its region."""
    code = re.match("[a-z]{2,3}", request.headers.get("Accept-Language", "").lower())
    return code[0] if code and is_language(code[0]) else settings.LANGUAGE_CODE
