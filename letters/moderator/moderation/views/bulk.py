"""Decide about all signatures that a search of one letter finds: preview, ask, and follow the worker."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from letters.models import Letter, User
from letters.moderator.moderation import pages, queries
from letters.moderator.moderation.forms import BulkForm, SearchForm
from letters.moderator.moderation.operations import (
    BulkRequest,
    approve_bulk,
    ask_bulk,
    cancel_bulk,
    needs_second_person,
    pause_bulk,
    resume_bulk,
    undo_bulk,
)
from letters.moderator.moderation.views.queue import or_404
from letters.shared.explaining import add_refusal, explain
from letters.shared.refused import Refused

STEPS: Mapping[str, Callable[..., None]] = {
    "approve": approve_bulk,
    "pause": pause_bulk,
    "resume": resume_bulk,
    "cancel": cancel_bulk,
    "undo": undo_bulk,
}
# The parameters of the page's URL: the fields of the search form, and nothing else.
CRITERIA = ["q", "state", "since", "before", "risk", "concern", "domain", "burst"]


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def bulk(request: HttpRequest, moderator: User, slug: str) -> HttpResponse:
    """Show what a bulk decision would choose, and ask for it."""
    letter, asked = queries.moderated_letter(moderator, slug), _asked(request.GET)
    search = SearchForm([(slug, slug)], _as_data(asked, slug))
    form = BulkForm(pages.reasons(), request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"letter": letter, "form": form, "search": search, "slug": slug}
    if not asked or not search.is_valid():
        return _page(request, context | {"decisions": queries.bulk_decisions_of(letter)})
    named = asked.get("burst", "")
    burst = queries.burst_of(queries.scope_of(moderator, slug), named) if named else None
    bulk_request = BulkRequest(criteria=search.criteria(letter.zone(), burst), asked=asked, verb="reject")
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        bulk_request = BulkRequest(
            criteria=bulk_request.criteria, asked=asked, verb=found["verb"], reason=found["note"], code=found["code"]
        )
        try:
            made = ask_bulk(letter, bulk_request, by=moderator, now=timezone.now())
            return redirect("bulk_decision", slug=slug, pk=made.pk)
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, context | _preview(letter, bulk_request, moderator) | {"query": request.GET.urlencode()})


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def bulk_decision(request: HttpRequest, moderator: User, slug: str, pk: int) -> HttpResponse:
    """Show how far a bulk decision is, and approve, pause, cancel or undo it."""
    letter = queries.moderated_letter(moderator, slug)
    bulk = queries.bulk_decision_of(letter, pk)
    if request.method == "POST":
        step = STEPS.get(request.POST.get("action", ""))
        try:
            if step:
                bulk.letter = letter
                step(bulk, by=moderator, now=timezone.now())
        except Refused as refused:
            messages.error(request, explain(refused))
        return redirect("bulk_decision", slug=slug, pk=pk)
    context = {
        "letter": letter,
        "bulk": bulk,
        "criteria": pages.criteria_in_words(bulk.criteria),
        "reason": pages.reason_in_words(bulk),
        "asked_by": pages.who(bulk.asked_by, letter),
        "approved_by": pages.who(bulk.approved_by, letter),
        "may_approve": bulk.asked_by_id != moderator.pk,
        "slug": slug,
    }
    return render(request, "letters/moderation/bulk_decision.html", context)


def _asked(query: QueryDict) -> dict[str, str]:
    """Return the criteria that are set. The form validates them later."""
    return {name: str(query[name]) for name in CRITERIA if query.get(name)}


def _as_data(asked: dict[str, str], slug: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({**asked, "letter": slug})
    return data


def _preview(letter: Letter, bulk_request: BulkRequest, moderator: User) -> dict[str, Any]:
    scope = queries.scope_of(moderator, letter.slug)
    each = {verb: queries.choice_of(scope, bulk_request.criteria, verb) for verb in ("reject", "accept")}
    numbers = {verb: queries.number_of(choice) for verb, choice in each.items()}
    return {
        "is_preview": True,
        "numbers": numbers,
        "most_chosen": queries.MAX_CHOSEN,
        "is_too_many": max(numbers.values()) > queries.MAX_CHOSEN,
        "sample": pages.items(scope, list(queries.sample_of(each["reject"]))),
        "criteria": pages.criteria_in_words(bulk_request.asked),
        "needs_second": needs_second_person(letter, max(numbers.values()), moderator, timezone.now()),
        "leaves_out_nameless": not bulk_request.criteria.may_show_nameless,
        "back": f"{reverse('review_search')}?{_as_data(bulk_request.asked, letter.slug).urlencode()}",
    }


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    is_wrong = context["form"].errors or context["search"].errors
    return render(request, "letters/moderation/bulk.html", context, status=422 if is_wrong else 200)
