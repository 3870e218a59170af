"""Links that show a draft to outsiders: the collective's page about them, and the page that they open."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from letters.base.accounts.guards import of_own_letter
from letters.base.emailed_links.guards import with_a_token
from letters.models import Letter, Picture, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import DraftLinkForm
from letters.organizer.letter_editor.operations import create_draft_link, note_opened, revoke_draft_link
from letters.shared.explaining import add_refusal
from letters.shared.languages import interface_language
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def draft_links(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the draft links, and create one."""
    now = timezone.now()
    form = DraftLinkForm(request.POST if request.method == "POST" else None, auto_id="link_%s", label_suffix="")
    if form.is_valid():
        try:
            create_draft_link(letter, **form.cleaned_data, by=writer, now=now)
            messages.success(request, gettext("The link is ready. Copy it from the list."))
            return redirect("draft_links", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused, "show")
    context = {"letter": letter, "form": form, "links": queries.draft_links_of(letter, now)}
    return render(request, "letters/letter_editor/draft_links.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def revoke(request: HttpRequest, letter: Letter, writer: User, link_id: int) -> HttpResponse:
    """End a link at once."""
    revoke_draft_link(letter, link_id=link_id, by=writer, now=timezone.now())
    messages.success(request, gettext("The link no longer works."))
    return redirect("draft_links", slug=letter.slug)


@with_a_token
@require_safe
def draft(request: HttpRequest, token: str) -> HttpResponse:
    """Show a draft to a person with the link: only its text, read-only."""
    now = timezone.now()
    link = queries.draft_link_of(token, now)
    if link is None:
        return _useless(request)
    letter = link.letter
    if letter.status != Letter.Status.DRAFT:
        return HttpResponseRedirect(letter.get_absolute_url())
    note_opened(link, now=now)
    manuscript = queries.manuscript(letter)
    asked = request.GET.get("language", "")
    shown = manuscript.language(asked if asked in manuscript.texts else letter.language)
    context = {
        "letter": letter,
        "text": shown.text,
        "language": shown.code,
        "direction": shown.direction,
        "languages": manuscript.languages if len(manuscript.texts) > 1 else [],
        "cover": Picture.above(manuscript.revision),
    }
    with translation.override(interface_language(shown.code)):
        return render(request, "letters/letter_editor/draft.html", context)


def _useless(request: HttpRequest) -> HttpResponse:
    """Give the same answer to unknown, expired and revoked links.

    Privacy: nobody learns from it whether there was a draft, or what became of it.
    """
    with translation.override(translation.get_language_from_request(request)):
        return render(request, "letters/letter_editor/useless_draft_link.html", status=404)
