"""The public pages for a person who signs for an organisation. They need no account, no cookie and no JavaScript."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from letters.base.accounts.admission import network_of
from letters.base.emailed_links.admission import ProofWanted, Sender, admit_link
from letters.base.emailed_links.guards import from_our_pages, see_other, useless_link, with_a_token
from letters.models import Letter, OrganisationSignature, OrganisationState, Translation, takes_organisations
from letters.moderator.organisations import queries
from letters.moderator.organisations.forms import OrganisationForm
from letters.moderator.organisations.operations import (
    confirm_organisation,
    sign_for_organisation,
    withdraw_organisation,
)
from letters.shared.explaining import add_refusal, explain
from letters.shared.languages import direction, interface_language
from letters.shared.refused import Refusal, Refused
from letters.shared.request_input import safe_fields

METHODS = ["GET", "HEAD", "POST"]


@from_our_pages
@require_http_methods(METHODS)
def sign(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """Show the form of a letter, and take it. A letter that takes no organisations has none.

    Privacy: the answer is the same whether or not the address, or the organisation, has signed.
    """
    letter = Letter.objects.public().select_related("collective", "current_revision").filter(slug=slug).first()
    if letter is not None and letter.status == Letter.Status.TAKEN_DOWN:
        return HttpResponseRedirect(letter.get_absolute_url(language or letter.language))
    if letter is None or not takes_organisations(letter):
        raise Http404("There is no letter here that organisations can sign.")
    language = language or letter.language
    text = Translation.objects.filter(revision=letter.current_revision, language=language).defer("body").first()
    if text is None:
        raise Http404("The letter has not been translated into this language.")
    with translation.override(interface_language(language)):
        response = _sign(request, letter, text)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _sign(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    now = timezone.now()
    form = OrganisationForm(letter, safe_fields(request.POST) if request.method == "POST" else None)
    if refusal := letter.refusal(now):
        return _form_page(request, letter, text, form, refusal=explain(Refused(refusal)), status=409)
    if not form.is_valid():
        return _form_page(request, letter, text, form, status=422 if form.is_bound else 200)
    submitted = form.submitted()
    try:
        admit_link(letter, submitted.address, _sender(request), now=now)
        sign_for_organisation(
            letter, submitted=submitted, language=text.language, seen=str(form.data.get("text", "")), now=now
        )
        return see_other(f"{request.path}?sent")
    except ProofWanted as wanted:
        return _form_page(request, letter, text, form, proof=wanted, status=422)
    except Refused as refused:
        add_refusal(form, refused)
        has_changed = refused.code is Refusal.TEXT_CHANGED
        return _form_page(request, letter, text, form, shows_current=has_changed, status=409)


def _sender(request: HttpRequest) -> Sender:
    return Sender(network=network_of(request), proof=request.POST.get("proof", ""), website="", seconds="")


def _form_page(
    request: HttpRequest,
    letter: Letter,
    text: Translation,
    form: OrganisationForm,
    *,
    status: int,
    refusal: str = "",
    proof: ProofWanted | None = None,
    shows_current: bool = False,
) -> HttpResponse:
    revision = letter.current_revision
    context = {
        **_about(letter, text.language, text.title),
        "form": form,
        "text_seen": str(revision.number) if revision and shows_current else form.text_seen,
        "refusal": refusal,
        "proof": proof,
        "sent": "sent" in request.GET and not form.is_bound,
    }
    page = "proof" if proof else "sign"
    return render(request, f"letters/organisations/{page}.html", context, status=status)


def _about(letter: Letter, language: str, title: str) -> dict[str, Any]:
    return {
        "letter": letter,
        "title": title,
        "language": language,
        "direction": direction(language),
        "letter_url": letter.get_absolute_url(language),
    }


@with_a_token
@from_our_pages
@require_http_methods(METHODS)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what will be public and a button; POST confirms. Mail scanners follow links, so GET changes nothing."""
    found, now = queries.of_token("organisation", token), timezone.now()
    if found is None:
        return useless_link(request)
    row, made_at = found
    with translation.override(interface_language(row.language)):
        if row.state == OrganisationState.PENDING and queries.is_expired(made_at, now):
            return useless_link(request)
        refusal = ""
        if request.method == "POST":
            try:
                confirm_organisation(row, now=now)
                return see_other(f"{request.path}?done")
            except Refused as refused:
                refusal = explain(refused)
        return _row_page(request, "confirm", row, refusal=refusal, status=409 if refusal else 200)


@with_a_token
@from_our_pages
@require_http_methods(METHODS)
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is stored, and withdraw it after a question."""
    found = queries.of_token("organisation-link", token)
    if found is None:
        return useless_link(request)
    row, _ = found
    with translation.override(interface_language(row.language)):
        action = request.POST.get("action", "")
        if action == "withdraw":
            withdraw_organisation(row, now=timezone.now())
            return see_other(request.path)
        return _row_page(request, "manage", row, asks=action == "ask_withdraw")


def _row_page(
    request: HttpRequest, page: str, row: OrganisationSignature, *, status: int = 200, **more: Any
) -> HttpResponse:
    letter = row.letter
    title = "" if letter.status == Letter.Status.TAKEN_DOWN else queries.title_in(letter, row.language)
    context = {
        **_about(letter, row.language, title),
        "row": row,
        "contact": getattr(row, "contact", None),
        "now": timezone.now(),
        **more,
    }
    return render(request, f"letters/organisations/{page}.html", context, status=status)
