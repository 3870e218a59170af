"""The owners' pages about a move: offer a letter, and answer an offer."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers, of_own_letter
from letters.models import OWNING, Letter, LetterMove, User
from letters.organizer.letter_moves import queries
from letters.organizer.letter_moves.forms import OfferForm
from letters.organizer.letter_moves.operations import accept_offer, cancel_offer, decline_offer, offer_letter
from letters.shared.explaining import add_refusal, explain, sentence
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST", roles=OWNING)
def offer(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Offer the letter to another collective, and show the outcome of earlier offers."""
    now = timezone.now()
    form = OfferForm(letter, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            offer_letter(letter, slug=form.cleaned_data["slug"], by=owner, now=now)
            return redirect("offer_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused, "move")
    hindrance = queries.hindrance(letter, now)
    context = {
        "letter": letter,
        "form": form,
        "offer": queries.offer_of(letter, now),
        "moves": queries.moves_of(letter),
        "hindrance": sentence(hindrance, "move") if hindrance else "",
    }
    return render(request, "letters/letter_moves/offer.html", context, status=422 if form.errors else 200)


@of_own_letter("POST", roles=OWNING)
def cancel(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Cancel the offer."""
    cancel_offer(letter, by=owner, now=timezone.now())
    messages.success(request, gettext("The offer is cancelled."))
    return redirect("offer_letter", slug=letter.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def offered(request: HttpRequest, move_id: int) -> HttpResponseBase:
    """Show an offer to an owner of the collective that it was made to, and take the answer."""
    owner, now = cast("User", request.user), timezone.now()
    try:
        move = queries.offer_to(owner, move_id)
    except LetterMove.DoesNotExist as missing:
        raise Http404("There is nothing of yours here.") from missing
    refusal = ""
    if request.method == "POST":
        try:
            return _answered(request, move, owner)
        except Refused as refused:
            refusal = explain(refused, "move")
    if move.outcome == LetterMove.Outcome.ACCEPTED and move.letter.collective_id == move.target_id:
        return redirect("edit_letter", slug=move.letter.slug)
    is_open = LetterMove.objects.open_at(now).filter(pk=move.pk).exists()
    return _offer_page(request, move, refusal, is_open=is_open, is_early=now < move.opens_at)


def _answered(request: HttpRequest, move: LetterMove, owner: User) -> HttpResponse:
    if request.POST.get("action") == "decline":
        decline_offer(move, by=owner, now=timezone.now())
        messages.success(request, gettext("You have declined the letter."))
        return redirect("organize")
    accept_offer(move, by=owner, now=timezone.now())
    messages.success(request, gettext("The letter has moved to your collective."))
    return redirect("edit_letter", slug=move.letter.slug)


def _offer_page(request: HttpRequest, move: LetterMove, refusal: str, *, is_open: bool, is_early: bool) -> HttpResponse:
    context = {
        "move": move,
        "collective": move.target,
        "offered_letter": move.letter,
        "refusal": refusal,
        "is_open": is_open,
        "is_early": is_early,
    }
    return render(request, "letters/letter_moves/offered.html", context, status=409 if refusal else 200)
