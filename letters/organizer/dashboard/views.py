"""The overview of a letter, for all its members."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.base.outbox.queries import undelivered
from letters.models import WRITING, History, Letter, Membership, User, Wave, count_history, drawn_spans
from letters.organizer.dashboard import queries
from letters.organizer.dashboard.forms import SearchForm
from letters.organizer.dashboard.operations import ASKED_ONCE_IN, ask_to_remind
from letters.shared import charts

ANY_PART = list(Membership.Role)


@of_own_letter("GET", "HEAD", roles=ANY_PART)
def dashboard(request: HttpRequest, letter: Letter, person: User) -> HttpResponse:
    """Show the counter, signatures over time, where signers come from, and the state of the emails."""
    history = count_history(letter, now=timezone.now())
    drawn = drawn_spans(history)
    context = {
        "letter": letter,
        "wave": Wave.of(letter),
        "writes": letter.collective.has_role(person, WRITING),
        "history": history,
        "busiest": max(history.spans, key=lambda span: span.published),
        "bars": charts.bars([span.published for span in drawn]),
        "first": drawn[0],
        "newest": queries.newest(letter, now=timezone.now()),
        "origins": queries.origins(letter),
        "fewest": queries.FEWEST,
        "mail_is_late": queries.mail_is_late(timezone.now()),
        "undelivered": undelivered(letter),
        "may_remind": not letter.confirmation_refusal(timezone.now()),
        "reminded_lately": letter.reminder_asked_at and letter.reminder_asked_at > timezone.now() - ASKED_ONCE_IN,
        "zone": letter.zone(),
        "changes": History.of_changed(letter),
    }
    return render(request, "letters/dashboard/dashboard.html", context)


@of_own_letter("POST")
def remind(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Ask to send all confirmations again. Privacy: the answer is always the same."""
    ask_to_remind(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("We are sending the emails. It can take an hour or two."))
    return redirect("dashboard", slug=letter.slug)


@of_own_letter("GET", "HEAD", roles=ANY_PART)
def signatures(request: HttpRequest, letter: Letter, person: User) -> HttpResponse:
    """Search the signatures. Shows what organizers may see, never an address."""
    form = SearchForm(request.GET)
    is_valid = form.is_valid()
    shown = form.shown_list
    search = form.cleaned_data.get("q", "")
    oldest_first = request.GET.get("order") == "oldest"
    after = request.GET.get("after", "")
    page = queries.signatures(letter, shown=shown, search=search, after=after, oldest_first=oldest_first)
    of_list = {"shown": shown, "q": search}
    order = {"order": "oldest"} if oldest_first else {}
    context = {
        "letter": letter,
        "form": form,
        "page": page,
        "shown": shown,
        "may_feature": shown == "published" and letter.collective.has_role(person, WRITING),
        "search": search,
        "onward": _query(of_list | order | {"after": page.onward}) if page.onward else "",
        "oldest_first": oldest_first,
        "other_order": _query(of_list | {"order": "newest" if oldest_first else "oldest"}),
        "most_searched": queries.MAX_SEARCHED,
    }
    return render(request, "letters/dashboard/signatures.html", context, status=200 if is_valid else 422)


def _query(fields: dict[str, str]) -> str:
    return f"?{urlencode(fields)}"
