"""The site moderators' pages about letters, and the page that tells a collective why its letter is down."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.accounts.guards import of_own_letter, of_site
from letters.models import Letter, User
from letters.moderator.reports.operations import dismiss_reports
from letters.moderator.reports.queries import open_reports, reported_letters
from letters.moderator.takedowns import queries
from letters.moderator.takedowns.forms import AnswerForm, AppealForm, FindForm, TakeDownForm
from letters.moderator.takedowns.operations import (
    appeal_takedown,
    decide_appeal,
    restore_taken_down,
    take_down_letter,
)
from letters.moderator.takedowns.yearly import rows_of_year
from letters.shared.csv_rows import MARK, csv_lines
from letters.shared.explaining import add_refusal, explain
from letters.shared.numbers import MAX_DIGITS_OF_ID, read_number
from letters.shared.refused import Refused

# No site has numbers from before this year.
FIRST_YEAR = 2020


@require_safe
@of_site
def letters(request: HttpRequest, moderator: User) -> HttpResponse:
    """List the letters that are down, those with an appeal first, and find letters."""
    form = FindForm(request.GET if "address" in request.GET else None)
    found = form.cleaned_data["address"] if form.is_valid() else []
    if len(found) == 1:
        return redirect("site_letter", slug=found[0].slug)
    this_year = timezone.now().year
    context = {
        "takedowns": queries.taken_down(),
        "reported": reported_letters(),
        "form": form,
        "found": found,
        "most": queries.MAX_FOUND,
        "years": [this_year, this_year - 1],
    }
    return render(request, "letters/takedowns/letters.html", context, status=422 if form.errors else 200)


@require_safe
@of_site
def numbers(request: HttpRequest, moderator: User, year: int) -> HttpResponse:
    """Send the numbers of one year as CSV."""
    if not FIRST_YEAR <= year <= timezone.now().year:
        raise Http404("There are no numbers of this year.")
    content = MARK + csv_lines(rows_of_year(year, by=moderator))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="moderation-{year}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def letter(request: HttpRequest, moderator: User, slug: str) -> HttpResponse:
    """Take a letter down; or decide on an appeal, or restore the letter."""
    try:
        shown = queries.letter_for(moderator, slug)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing
    if request.POST.get("action") == "dismiss":
        return _dismiss(request, shown, moderator)
    is_down = shown.status == Letter.Status.TAKEN_DOWN
    form = (AnswerForm if is_down else TakeDownForm)(request.POST if request.method == "POST" else None)
    if form.is_valid() and (said := _act(request, shown, form, moderator)):
        messages.success(request, str(said))
        return redirect("site_letter", slug=shown.slug)
    takedown = queries.newest_takedown(shown)
    context = {
        "shown": shown,
        "title": shown.public_title(),
        "takedown": takedown,
        "is_down": is_down,
        "reports": open_reports(shown),
        "may_decide": bool(takedown and takedown.may_be_decided_by(moderator)),
        "is_alone": queries.is_alone(moderator, shown),
        "form": form,
    }
    return render(request, "letters/takedowns/letter.html", context, status=422 if form.errors else 200)


def _dismiss(request: HttpRequest, shown: Letter, by: User) -> HttpResponse:
    """Leave the letter as it is. Reports that came after the page was opened stay open."""
    seen = request.POST.get("seen", "")
    try:
        up_to = read_number(seen, max_digits=MAX_DIGITS_OF_ID) or 0
        dismiss_reports(shown, up_to=up_to, by=by, now=timezone.now())
        messages.success(request, _("The letter stays. We are emailing the people who gave an address."))
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("site_letter", slug=shown.slug)


def _act(request: HttpRequest, shown: Letter, form: Form, by: User) -> Promise | str:
    """Carry out the pressed button. Returns a sentence about it; "" if it was refused, and the form says why."""
    action = request.POST.get("action", "")
    more: dict[str, Any] = {"by": by, "now": timezone.now()}
    try:
        if isinstance(form, TakeDownForm):
            take_down_letter(shown, statement=form.statement(), **more)
            return _("You have taken the letter down. We are emailing its collective.")
        answer = form.cleaned_data["reason"]
        if action in {"uphold", "reverse"}:
            decide_appeal(shown, reverse=action == "reverse", answer=answer, **more)
        elif action == "restore":
            restore_taken_down(shown, answer=answer, **more)
        else:
            raise Http404("There is no such action.")
    except Refused as refused:
        add_refusal(form, refused)
        return ""
    is_down = shown.status == Letter.Status.TAKEN_DOWN
    return (
        _("The letter stays down. We are emailing its collective.")
        if is_down
        else _("The letter is back as it was. We are emailing its collective.")
    )


@of_own_letter("GET", "HEAD", "POST")
def statement(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the collective why its letter was taken down, and let an owner appeal."""
    takedown, now = queries.own_takedown(letter), timezone.now()
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            appeal_takedown(letter, words=form.cleaned_data["reason"], by=writer, now=now)
            messages.success(request, _("We have received your appeal. We will email you the decision."))
            return redirect("letter_takedown", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
            takedown = queries.own_takedown(letter)
    context = {
        "letter": letter,
        "takedown": takedown,
        "owns": queries.owns(letter, writer),
        "may_appeal": takedown.may_appeal(now),
        "form": form,
    }
    return render(request, "letters/takedowns/statement.html", context, status=422 if form.errors else 200)
