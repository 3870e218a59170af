"""Begin or discard a new revision."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.letter_editor.operations import (
    discard_revision,
    start_revision,
)
from letters.organizer.letter_editor.views.common import Operation, chosen_operation
from letters.shared.explaining import explain
from letters.shared.refused import Refusal, Refused


@of_own_letter("POST")
def revise(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Start a new revision of a published letter, or discard it."""
    operations: dict[str, Operation] = {"start": start_revision, "discard": discard_revision}
    operation = chosen_operation(request, operations)
    try:
        operation(letter, by=writer, now=timezone.now())
    except Refused as refused:
        # If the letter was withdrawn in another window, the page says so itself.
        if refused.code in {Refusal.TOO_MANY_TEXTS, Refusal.TOO_MUCH_TEXT}:
            messages.error(request, explain(refused, "revise"))
    back = {"translations": "letter_translations"}.get(request.POST.get("back", ""), "edit_letter")
    return redirect(back, slug=letter.slug)
