"""The pages on which members of the collective, and moderators of the site, decide about organisations."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers, of_own_letter
from letters.models import Letter, Membership, OrganisationSignature, OrganisationState, User
from letters.moderator.organisations import queries
from letters.moderator.organisations.forms import DecisionForm
from letters.moderator.organisations.operations import (
    reject_organisation,
    restore_organisation,
    vouch_for_organisation,
)
from letters.shared.explaining import explain
from letters.shared.refused import Refused

EVERY_ROLE = list(Membership.Role)
METHODS = ("GET", "HEAD", "POST")
DONE: dict[str, Promise] = {
    "vouch": _("The organisation is on the list."),
    "reject": _("The organisation is not on the list."),
    "restore": _("The organisation is restored."),
}


@of_own_letter(*METHODS, roles=EVERY_ROLE)
def of_letter(request: HttpRequest, letter: Letter, member: User) -> HttpResponse:
    """List the organisations of one letter, and decide about one of them."""
    refusal = ""
    if request.method == "POST":
        row = OrganisationSignature.objects.filter(letter=letter).get(pk=_pk_in(request))
        refusal = _decided(request, row, member)
        if not refusal:
            return redirect("organize_organisations", slug=letter.slug)
    lists = {state.value: queries.organisations_of(letter, [state]) for state in SHOWN}
    context = {"letter": letter, "refusal": refusal, **lists}
    return render(request, "letters/organisations/of_letter.html", context, status=409 if refusal else 200)


SHOWN = [OrganisationState.WAITING, OrganisationState.PUBLISHED, OrganisationState.REJECTED]


@require_http_methods([*METHODS])
@never_cache
@for_organizers
def waiting(request: HttpRequest) -> HttpResponseBase:
    """List the organisations that wait, over all letters of this person or of the site."""
    person = cast("User", request.user)
    rows, refusal = queries.waiting_for(person), ""
    if request.method == "POST":
        wanted = _pk_in(request)
        row = next((each for each in rows if each.pk == wanted), None)
        if row is None:
            raise Http404("There is nothing of yours here.")
        refusal = _decided(request, row, person)
        if not refusal:
            return redirect("moderate_organisations")
    # Privacy: people who moderate the whole site read neither the name nor the role of the person.
    mine = set(person.memberships.values_list("collective_id", flat=True))
    context = {"items": [(each, each.letter.collective_id in mine) for each in rows], "refusal": refusal}
    return render(request, "letters/organisations/waiting.html", context, status=409 if refusal else 200)


def _pk_in(request: HttpRequest) -> int:
    text = request.POST.get("organisation", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _decided(request: HttpRequest, row: OrganisationSignature, by: User) -> str:
    """Carry out what the pressed button says. Returns the sentence of a refusal; "" if it was done."""
    form, now = DecisionForm(request.POST), timezone.now()
    if not form.is_valid():
        raise Http404("There is no such action.")
    verb, because = form.cleaned_data["verb"], form.cleaned_data["because"]
    try:
        if verb == "vouch":
            vouch_for_organisation(row, because=because, by=by, now=now)
        elif verb == "reject":
            reject_organisation(row, because=because, by=by, now=now)
        else:
            restore_organisation(row, by=by, now=now)
    except Refused as refused:
        return explain(refused)
    messages.success(request, str(DONE[verb]))
    return ""
