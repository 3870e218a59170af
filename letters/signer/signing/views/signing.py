"""The signing form."""

from dataclasses import replace
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from letters.base.emailed_links.admission import ProofWanted
from letters.base.emailed_links.guards import from_our_pages, see_other
from letters.models import Letter
from letters.shared.referrers import host_elsewhere
from letters.shared.refused import Refusal, Refused
from letters.shared.traces import browser_type
from letters.signer.signing.admission import admit
from letters.signer.signing.forms import SigningForm
from letters.signer.signing.operations import sign_letter
from letters.signer.signing.views.layout import (
    check_url,
    form_page,
    of_a_letter,
    refusal_status,
    sender_of,
    typed_fields,
)


@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
@of_a_letter
def sign(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """Process the form, or show it again with what was typed if something is missing.

    A GET request, for example a reload of that page, is redirected to the letter, which has the form.
    """
    if request.method != "POST":
        return see_other(f"{letter.get_absolute_url(language)}#sign")
    return _sign(request, letter, language)


def _sign(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    form = SigningForm(letter, typed_fields(request))
    form_again = partial(form_page, request, letter, form, language)
    if refusal := letter.refusal(timezone.now()):
        return form_again(refusal=refusal, status=409)
    if not form.is_valid():
        return form_again(status=422)
    try:
        token = take(request, letter, form, language)
    except ProofWanted as wanted:
        return form_again(proof=wanted, status=422)
    except Refused as refused:
        if refused.code is Refusal.TEXT_CHANGED:
            form.show_current_text()
        status, retry_after = refusal_status(refused)
        return form_again(refusal=refused.code, status=status, retry_after=retry_after)
    return see_other(check_url(letter, language, token))


def take(request: HttpRequest, letter: Letter, form: SigningForm, language: str) -> str:
    """Take in a valid form within the limits, and return the token of "Check your email". The API calls this too.

    Raises ProofWanted, TooMany and whatever `sign_letter` raises.
    """
    submitted, now = form.submitted(), timezone.now()
    sender = sender_of(request, form.data)
    concern = admit(letter, submitted.address, sender, now=now)
    via = host_elsewhere(str(form.data.get("via", "")), own_origin=settings.SITE_URL)
    submitted = replace(
        submitted,
        concern=submitted.concern or concern,
        via=via,
        network=sender.network,
        browser=browser_type(request.headers.get("User-Agent", "")),
    )
    return sign_letter(letter, submitted=submitted, language=language, now=now, seen=form.text_seen)
