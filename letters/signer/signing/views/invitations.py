"""Answer an invitation to be among the first signatories."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation

from letters.base.emailed_links.guards import of_a_signature, see_other
from letters.models import ACTIVE, Letter, Signature, Translation
from letters.shared.languages import interface_language, language_name
from letters.shared.refused import Refused
from letters.shared.tokens import Token
from letters.signer.signing import queries
from letters.signer.signing.forms import ChangeForm
from letters.signer.signing.operations import (
    accept_invitation,
    decline_invitation,
    invitation_refusal,
)
from letters.signer.signing.views.confirming import just_confirmed, lead_to_thanks, used_link
from letters.signer.signing.views.layout import signature_page, typed_fields


@of_a_signature("invitation", "GET", "HEAD", "POST")
def invitation(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Show the letter to an invited person, and let them sign it. The link from the email proves the address.

    Once the person has answered, the link changes nothing, but a signer can still use it to read a letter that is not
    public yet.
    """
    now = timezone.now()
    if signature.state != Signature.State.INVITED:
        return just_confirmed(request, signature, now) or _used_invitation(request, signature)
    if signature.letter.status == Letter.Status.TAKEN_DOWN:
        return HttpResponseRedirect(signature.letter.get_absolute_url(signature.language))
    texts = queries.texts_to_sign(signature)
    if request.GET.get("language") in texts:
        signature.language = request.GET["language"]
    text = texts[signature.language]
    refusal = invitation_refusal(signature, now)
    with translation.override(interface_language(signature.language)):
        form = ChangeForm(signature, typed_fields(request) if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and not refusal:
            try:
                seen = {"language": text.language, "seen": request.POST.get("seen", "")}
                changes = form.changes()
                accept_invitation(signature, changes=changes, **seen, now=now)
                signature.display = changes.display
                return lead_to_thanks(request, signature)
            except Refused as refused:
                refusal = refused.code
    status = 409 if request.method == "POST" and refusal else 422 if form.errors else 200
    return _invitation_page(request, signature, texts, form=form, refusal=refusal, status=status)


def _invitation_page(
    request: HttpRequest, signature: Signature, texts: Mapping[str, Translation], *, status: int, **more: Any
) -> HttpResponse:
    languages = [
        {"code": code, "name": language_name(code), "url": f"{request.path}?language={code}"} for code in sorted(texts)
    ]
    context = {
        **more,
        "text": texts[signature.language],
        "languages": languages if len(languages) > 1 else [],
        "decline_url": signature.link("decline", now=timezone.now()),
    }
    return signature_page(request, "letters/signing/invitation.html", signature, status=status, **context)


def _used_invitation(request: HttpRequest, signature: Signature) -> HttpResponse:
    if signature.letter.status != Letter.Status.DRAFT or signature.state not in ACTIVE:
        return used_link(request, signature)
    return signature_page(request, "letters/signing/unpublished.html", signature)


@of_a_signature("decline", "GET", "HEAD", "POST")
def decline(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """ "No, thank you": GET shows the button, POST deletes."""
    if request.method == "POST":
        decline_invitation(signature, now=timezone.now())
        return see_other(request.path)
    text = queries.texts_to_sign(signature)[signature.language]
    return signature_page(request, "letters/signing/decline.html", signature, text=text)
