"""The form for a lost link, and URLs whose last slash an email program has cut off."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.emailed_links.admission import ProofWanted, admit_link
from letters.base.emailed_links.guards import from_our_pages, see_other, with_a_token
from letters.models import Letter
from letters.shared.limits import TooMany
from letters.signer.signing.forms import LinkForm
from letters.signer.signing.operations import request_mail
from letters.signer.signing.views.layout import letter_context, of_a_letter, sender_of, too_many, typed_fields


@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
@of_a_letter
def link(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """Send the control link again. Privacy: the answer is the same whether or not the address has signed."""
    form = LinkForm(typed_fields(request) if request.method == "POST" else None)
    if form.is_valid():
        try:
            admit_link(letter, form.cleaned_data["email"], sender_of(request, form.data), now=timezone.now())
        except TooMany as refused:
            return too_many(request, refused)
        except ProofWanted as wanted:
            return _proof_of_link(request, letter, language, form, wanted)
        request_mail(letter, address=form.cleaned_data["email"], language=language, now=timezone.now())
        return see_other(f"{request.path}?asked")
    context = {**letter_context(letter, language), "form": form}
    response = render(request, "letters/signing/link.html", context, status=422 if form.errors else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _proof_of_link(
    request: HttpRequest, letter: Letter, language: str, form: LinkForm, wanted: ProofWanted
) -> HttpResponse:
    context = {**letter_context(letter, language), "form": form, "proof": wanted}
    response = render(request, "letters/signing/link_proof.html", context, status=422)
    response.headers["Cache-Control"] = "no-store"
    return response


@with_a_token
@require_safe
@csrf_exempt
def with_slash(request: HttpRequest, page: str, token: str) -> HttpResponse:
    """Redirect to the URL with its slash. Privacy: caches would store Django's own redirect, with the token."""
    return HttpResponseRedirect(f"{request.path}/")
