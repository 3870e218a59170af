"""The bin: drafts that were deleted within the last 30 days."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from letters.base.accounts.guards import for_organizers, of_binned_draft, of_own_letter
from letters.models import OWNING, Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.operations import bin_draft, delete_draft, restore_draft
from letters.shared.explaining import explain
from letters.shared.refused import Refused


@of_own_letter("POST")
def delete(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Put a draft into the bin. The next page offers to undo that."""
    try:
        bin_draft(letter, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused))
        return redirect("edit_letter", slug=letter.slug)
    return redirect(f"{reverse('organize')}?deleted={letter.slug}")


@require_safe
@never_cache
@for_organizers
def binned(request: HttpRequest) -> HttpResponse:
    """List the drafts in the bin."""
    drafts = queries.binned_drafts_of(cast("User", request.user))
    return render(request, "letters/letter_editor/bin.html", {"drafts": drafts})


@of_binned_draft("POST")
def restore(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Take a draft out of the bin."""
    restore_draft(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("The draft is back."))
    return redirect("edit_letter", slug=letter.slug)


@of_binned_draft("POST", roles=OWNING)
def delete_for_good(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Delete a draft in the bin."""
    delete_draft(letter, by=owner, now=timezone.now())
    messages.success(request, gettext("The draft is deleted."))
    return redirect("bin")
