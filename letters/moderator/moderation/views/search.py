"""Search signatures, and decide about those that were found."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from letters.models import Letter, Signature, User
from letters.moderator.moderation import pages, queries
from letters.moderator.moderation.forms import AddressForm, SearchForm
from letters.moderator.moderation.operations import search_address
from letters.moderator.moderation.views.queue import UNDO, or_404
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused

PAGE = "letters/moderation/search.html"


@require_safe
@or_404
def search(request: HttpRequest, moderator: User) -> HttpResponse:
    """Show the form, and the signatures that it finds."""
    form = _form(moderator, request.GET)
    context: dict[str, Any] = {"undo": request.session.pop(UNDO, "")}
    if request.GET and form.is_valid():
        context |= _found(form, moderator, request.GET)
    return _page(request, moderator, form, context)


@require_POST
@or_404
def by_address(request: HttpRequest, moderator: User) -> HttpResponse:
    """Show the signatures of an address to people who moderate the site.

    Privacy: the address is in no URL, so that no log of a server or browser holds it.
    """
    if not moderator.moderates_site_now():
        raise Signature.DoesNotExist
    form = AddressForm(request.POST)
    context: dict[str, Any] = {"address_form": form}
    if form.is_valid():
        try:
            found = search_address(form.cleaned_data["email"], by=moderator, now=timezone.now())
            items = pages.items(queries.scope_of(moderator), found)
            context |= {"items": items, "searched": "address", "back": ""}
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, moderator, _form(moderator), context)


def _form(moderator: User, data: QueryDict | None = None) -> SearchForm:
    own = [] if moderator.moderates_site_now() else queries.letters_of(moderator)
    data = data.copy() if data else None
    if data is not None and len(own) == 1:
        data.setdefault("letter", own[0].slug)
    return SearchForm([(letter.slug, letter.known_as) for letter in own], data or None)  # type: ignore[attr-defined]


def _found(form: SearchForm, moderator: User, asked: QueryDict) -> dict[str, Any]:
    slug = form.cleaned_data["letter"]
    try:
        scope = queries.scope_of(moderator, slug)
    except Letter.DoesNotExist:
        form.add_error("letter", _("There is no such letter, or you do not moderate it."))
        return {}
    if not slug and not form.cleaned_data["q"]:
        form.add_error("letter", _("Select a letter, or enter a name or affiliation."))
        return {}
    named = form.cleaned_data["burst"]
    burst = queries.burst_of(scope, named) if named else None
    criteria = form.criteria(_zone(slug), burst)
    found = queries.search(scope, criteria, asked.get("after", ""))
    query = asked.copy()
    query.pop("after", None)
    return {
        "items": pages.items(scope, list(found.signatures)),
        "found": found,
        "burst": pages.BURSTS.get(burst.kind, "") if burst else "",
        "is_small_burst": burst is not None and not queries.is_large(scope, burst),
        "least_of_burst": queries.LEAST_OF_BURST,
        "searched": "words" if criteria.words else "time",
        "leaves_out_nameless": not criteria.may_show_nameless,
        "of_letter": slug,
        "back": asked.urlencode(),
        "query": query.urlencode(),
    }


def _zone(slug: str) -> ZoneInfo | None:
    return Letter.objects.select_related("collective").get(slug=slug).zone() if slug else None


def _page(request: HttpRequest, moderator: User, form: SearchForm, context: dict[str, Any]) -> HttpResponse:
    context = {
        "form": form,
        "reasons": pages.reasons(),
        "most_worded": queries.MAX_WORDED,
        "moderates_site": moderator.moderates_site_now(),
        "address_form": AddressForm(),
        "has_more_criteria": any(form.data.get(name) for name in ("since", "before", "risk", "concern", "domain")),
        **context,
    }
    is_wrong = form.errors or context["address_form"].errors
    return render(request, PAGE, context, status=422 if is_wrong else 200)
