"""Organizers enter signatures on paper on these pages, and moderators of the site hide a number."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_own_letter, of_site
from letters.base.public_letters.pages import letter_or_404
from letters.models import Letter, PaperCount, User
from letters.organizer.paper_counts import queries
from letters.organizer.paper_counts.forms import HideForm, PaperCountForm
from letters.organizer.paper_counts.operations import (
    add_paper_count,
    correct_paper_count,
    hide_paper_count,
    show_paper_count,
    withdraw_paper_count,
)
from letters.shared.explaining import add_refusal, explain
from letters.shared.numbers import MAX_DIGITS_OF_ID, read_number
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def paper_counts(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the signatures on paper with their history, and enter a number."""
    now = timezone.now()
    form = PaperCountForm(request.POST if request.method == "POST" else None, today=_today(letter))
    if form.is_valid():
        try:
            add_paper_count(letter, counted=form.counted(), by=writer, now=now)
            messages.success(request, gettext("The public page now shows these signatures on paper."))
            return redirect("paper_counts", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    current = queries.current_counts(letter)
    context = {
        "letter": letter,
        "current": current,
        "past": queries.past_counts(letter),
        "is_blocked": any(row.hidden_at for row in current),
        "takes_more": letter.status in {Letter.Status.PUBLISHED, Letter.Status.CLOSED} and not letter.is_sealed,
        "form": form,
    }
    return render(request, "letters/paper_counts/paper_counts.html", context, status=422 if form.errors else 200)


@of_own_letter("GET", "HEAD", "POST")
def correct(request: HttpRequest, letter: Letter, writer: User, paper_id: int) -> HttpResponse:
    """Correct one number. For another letter's, the page does not exist."""
    wrong = PaperCount.objects.get(letter=letter, pk=paper_id)
    form = PaperCountForm(request.POST if request.method == "POST" else None, today=_today(letter), shown=wrong)
    if form.is_valid():
        try:
            correct_paper_count(letter, wrong.pk, counted=form.counted(), by=writer, now=timezone.now())
            messages.success(request, gettext("The number is corrected. The old one is in the history."))
            return redirect("paper_counts", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"letter": letter, "form": form}
    return render(request, "letters/paper_counts/correct.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def withdraw(request: HttpRequest, letter: Letter, writer: User, paper_id: int) -> HttpResponse:
    withdraw_paper_count(letter, paper_id, by=writer, now=timezone.now())
    messages.success(request, gettext("The public page no longer shows this number. It is in the history."))
    return redirect("paper_counts", slug=letter.slug)


def _today(letter: Letter) -> date:
    return timezone.localdate(timezone=letter.zone())


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def of_site_moderators(request: HttpRequest, moderator: User, slug: str) -> HttpResponse:
    """List the signatures on paper of a letter; hide a number that is not true, or show it again."""
    shown = letter_or_404(slug)
    current = queries.current_counts(shown)
    forms = {row.pk: HideForm(of=row.pk) for row in current}
    status = 200
    if request.method == "POST":
        wanted = read_number(request.POST.get("of", ""), max_digits=MAX_DIGITS_OF_ID) or 0
        if wanted not in forms:
            raise Http404("There is no such number here.")
        forms[wanted] = form = HideForm(request.POST, of=wanted)
        if _decided(request, shown, wanted, form, moderator):
            return redirect("site_paper_counts", slug=slug)
        status = 422
    context = {
        "shown": shown,
        "rows": [(row, forms[row.pk]) for row in current],
        "is_member": shown.collective.has_member(moderator),
    }
    return render(request, "letters/paper_counts/site.html", context, status=status)


def _decided(request: HttpRequest, letter: Letter, wanted: int, form: HideForm, by: User) -> bool:
    """Carry out the pressed button. Returns False if the form is wrong, and then says why."""
    now = timezone.now()
    try:
        if request.POST.get("action") == "show":
            show_paper_count(letter, wanted, by=by, now=now)
            messages.success(request, gettext("The number is shown again."))
            return True
        if form.is_valid():
            hide_paper_count(letter, wanted, because=form.cleaned_data["because"], by=by, now=now)
            messages.success(request, gettext("The number is hidden. The organizers read why."))
            return True
    except Refused as refused:
        messages.error(request, explain(refused))
        return True
    return False
