"""The page on which organizers record deliveries."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.letter_delivery import queries
from letters.organizer.letter_delivery.forms import LetterDeliveryForm
from letters.organizer.letter_delivery.operations import record_letter_delivery, remove_letter_delivery
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def letter_delivery(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the recorded deliveries, and record one."""
    typed = request.POST if request.method == "POST" else None
    changes = queries.changes(letter)
    # Trust: nobody may be counted for a text that they did not sign, so the form suggests the count of the current
    # text.
    number = changes.signed_this if changes and changes.has_changed else letter.signature_count
    today = timezone.localdate(timezone=letter.zone())
    form = LetterDeliveryForm(typed, today=today, signature_count=number)
    if form.is_valid():
        try:
            record_letter_delivery(letter, delivered=form.delivered(), by=writer, now=timezone.now())
            messages.success(request, gettext("Delivery recorded. The public page now shows it."))
            return redirect("letter_delivery", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    context = {
        "letter": letter,
        "form": form,
        "changes": changes,
        "letter_deliveries": letter.letter_deliveries.all()[:50],
        "languages": queries.languages(letter),
        "pdf": queries.newest_pdf(letter),
        "now": timezone.now(),
    }
    return render(request, "letters/letter_delivery/letter_delivery.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def remove(request: HttpRequest, letter: Letter, writer: User, letter_delivery_id: int) -> HttpResponse:
    remove_letter_delivery(letter, letter_delivery_id, by=writer, now=timezone.now())
    messages.success(request, gettext("Record removed. The public page no longer shows this delivery."))
    return redirect("letter_delivery", slug=letter.slug)
