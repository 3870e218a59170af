"""The organizers' pages about featured signers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.featured import queries
from letters.organizer.featured.operations import MAX_ASKED, feature_signer, stop_featuring
from letters.shared.explaining import explain
from letters.shared.refused import Refused

FEATURED = _("The letter’s page features this name.")  # noqa: RUF001 -- as on all pages
ASKED = _(
    "This signer can read your question on the page of their signature. You can read the answer here the "
    "morning after they give it."
)


@of_own_letter("GET", "HEAD")
def featured(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the signers who were asked, with their answers."""
    context = {"letter": letter, "signers": queries.asked_signers(letter), "most": MAX_ASKED}
    return render(request, "letters/featured/featured.html", context)


@of_own_letter("POST")
def feature(request: HttpRequest, letter: Letter, writer: User, number: int) -> HttpResponse:
    """Ask a signer, or feature one again who has agreed."""
    try:
        is_featured = feature_signer(letter, number=number, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused))
    else:
        said = FEATURED if is_featured else ASKED
        messages.success(request, str(said))
    return redirect("featured_signers", slug=letter.slug)


@of_own_letter("POST")
def stop(request: HttpRequest, letter: Letter, writer: User, number: int) -> HttpResponse:
    """Stop featuring a signer, or take the question back."""
    if stop_featuring(letter, number=number, by=writer, now=timezone.now()):
        messages.success(request, gettext("This name is no longer featured."))
    else:
        messages.success(request, gettext("The question is withdrawn."))
    return redirect("featured_signers", slug=letter.slug)
