"""Confirm a signature, and thank for it."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from letters.base.emailed_links.guards import of_a_signature, see_other, useless_link
from letters.base.emailed_links.queries import signature_of
from letters.base.switches.queries import is_on
from letters.models import CONFIRMED_OR_SEALED, Display, Letter, Signature, Switch
from letters.shared.limits import TooMany
from letters.shared.refused import Refused
from letters.shared.tokens import Token
from letters.signer.signing import queries
from letters.signer.signing.operations import (
    confirm_signature,
    use_submission,
)
from letters.signer.signing.views.layout import letter_context, not_listed, of_a_letter, signature_page


@of_a_signature("confirm", "GET", "HEAD", "POST")
def confirm(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """GET shows the words and a button; POST confirms. Mail scanners follow links, so GET changes nothing."""
    return _confirming(request, signature, token, Signature.Verified.LINK)


@of_a_signature("confirm-by-code", "GET", "HEAD", "POST")
def confirm_by_code(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Do the same for a person who has typed the code."""
    return _confirming(request, signature, token, Signature.Verified.CODE)


def _confirming(request: HttpRequest, signature: Signature, token: Token, verified: str) -> HttpResponse:
    now, is_pending = timezone.now(), signature.state == Signature.State.PENDING
    if is_pending and queries.is_expired(token, now):
        return signature_page(request, "letters/signing/expired.html", signature, status=410)
    said = queries.words_to_confirm(signature, token.submission_id)
    offers = said.submission_id is not None and said.differs and signature.state in CONFIRMED_OR_SEALED
    if not is_pending and not offers:
        return just_confirmed(request, signature, now) or used_link(request, signature)
    refusal = signature.letter.confirmation_refusal(now) if is_pending else ""
    acts = request.method == "POST" and not refusal
    if acts and request.POST.get("seen", said.fingerprint()) != said.fingerprint():
        return _confirm_page(request, signature, said, has_changed=True)
    if acts:
        try:
            _take_at_their_word(signature, said, verified, now=now)
            return lead_to_thanks(request, signature)
        except TooMany as refused:
            return _confirmed_too_often(request, signature, refused.seconds)
        except Refused as refused:
            refusal = refused.code
    is_old = refusal == "changed"
    return _confirm_page_anew(request, token) if is_old else _confirm_page(request, signature, said, refusal=refusal)


def _confirm_page_anew(request: HttpRequest, token: Token) -> HttpResponse:
    """Race: the signer changed the signature in another window. Show the words that would count now."""
    signature = signature_of(token)
    if signature is None:
        return useless_link(request)
    if signature.state != Signature.State.PENDING:
        return used_link(request, signature)
    return _confirm_page(request, signature, queries.words_to_confirm(signature, token.submission_id), has_changed=True)


def _take_at_their_word(signature: Signature, said: queries.WordsToConfirm, verified: str, *, now: datetime) -> None:
    if signature.state == Signature.State.PENDING:
        confirm_signature(signature, submission_id=said.submission_id, verified=verified, now=now)
    elif said.submission_id:
        use_submission(signature, submission_id=said.submission_id, now=now)


def _confirm_page(
    request: HttpRequest,
    signature: Signature,
    said: queries.WordsToConfirm,
    *,
    has_changed: bool = False,
    refusal: str = "",
) -> HttpResponse:
    """Show the words before they count. A person who has signed already also sees the words that count now."""
    if refusal in {"answered", "signature_withdrawn"}:
        return used_link(request, signature)
    if refusal:
        return signature_page(request, "letters/signing/too_late.html", signature, refusal=refusal, status=409)
    template = "confirm" if signature.state == Signature.State.PENDING else "instead"
    text = queries.translation_of(said.revision_id, said.language) if template == "confirm" else None
    manage_url = signature.link("manage", now=timezone.now())
    context: dict[str, Any] = {"said": said, "manage_url": manage_url, "has_changed": has_changed, "text": text}
    if signature.letter.status != Letter.Status.DRAFT:
        context["signed_text_url"] = _text_url(signature.letter, said)
    status = 409 if has_changed else 200
    spoken = said.language if template == "confirm" else signature.language
    page = f"letters/signing/{template}.html"
    return signature_page(request, page, signature, status=status, language=spoken, **context)


def _text_url(letter: Letter, said: queries.WordsToConfirm) -> str:
    """Return the permanent URL of the text that would be signed."""
    number = queries.number_of(said.revision_id)
    return letter.url_of("past_text", said.language, number=number)


def lead_to_thanks(request: HttpRequest, signature: Signature) -> HttpResponse:
    """Redirect to a page whose URL can be shared. Show people who get no email their control link first, once."""
    now, letter = timezone.now(), signature.letter
    thanks_url = _url_of_thanks(letter, signature.language)
    if signature.display != Display.NOBODY:
        return see_other(thanks_url)
    manage_url = signature.link("manage", now=now)
    links: dict[str, Any] = {
        "thanks_url": thanks_url,
        "manage_url": manage_url,
        "full_url": settings.SITE_URL + manage_url,
    }
    return signature_page(request, "letters/signing/private_link.html", signature, text=None, **links)


def _url_of_thanks(letter: Letter, language: str) -> str:
    if letter.status == Letter.Status.DRAFT:
        return reverse("thanked")
    return letter.url_of("thanks", language)


# A second click within this time is a double click, made before the first was answered.
SAME_CLICK = timedelta(minutes=1)


def just_confirmed(request: HttpRequest, signature: Signature, now: datetime) -> HttpResponse | None:
    """Repeat the answer to the first click; None if this is not a second click."""
    at = signature.confirmed_at
    is_second_click = request.method == "POST" and at is not None and timedelta() <= now - at < SAME_CLICK
    return lead_to_thanks(request, signature) if is_second_click and signature.state in CONFIRMED_OR_SEALED else None


def used_link(request: HttpRequest, signature: Signature) -> HttpResponse:
    """Answer a link that was used.

    Privacy: signers share the URL of this page. So it does not show strangers what has become of the signature, or in
    which language it was signed.
    """
    letter, spoken = signature.letter, translation.get_language_from_request(request)
    context: dict[str, Any] = {"letter": None if letter.status == Letter.Status.DRAFT else letter}
    if context["letter"]:
        language = queries.language_for(letter, spoken)
        context |= letter_context(letter, language)
        context["link_url"] = letter.url_of("link", language)
    with translation.override(spoken):
        return render(request, "letters/signing/used_link.html", context)


@require_safe
@of_a_letter
def thanks(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """Thank for a confirmation. The page is the same for everyone, so its URL can be shared."""
    context = {
        **letter_context(letter, language),
        "signatures_url": letter.url_of("signatures", language),
        "verify_url": letter.url_of("verify", language),
        "publishing": is_on(Switch.Name.PUBLISH),
    }
    return not_listed(render(request, "letters/signing/thanks.html", context))


@require_safe
def thanked(request: HttpRequest) -> HttpResponse:
    """Do the same for a letter that is not public yet, without naming it."""
    with translation.override(translation.get_language_from_request(request)):
        return not_listed(render(request, "letters/signing/thanks.html", {}))


def _confirmed_too_often(request: HttpRequest, signature: Signature, seconds: int) -> HttpResponse:
    hours = ceil(seconds / 3600)
    page = signature_page(request, "letters/signing/too_often.html", signature, hours=hours, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page
