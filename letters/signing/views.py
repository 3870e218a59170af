"""A signer's pages. They carry a token, so nobody may keep them and no address is sent on to where their links lead."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters.linking.guards import from_our_pages, of_a_signature, see_other, useless_link, with_a_token
from letters.linking.queries import signature_of
from letters.models import STANDING, Letter, Signature, Switch, Translation
from letters.shared.client_address import client_address, prefix_of
from letters.shared.languages import direction, interface_language, language_name
from letters.shared.limits import TooMany
from letters.shared.origins import host_elsewhere
from letters.shared.refusal import Refused
from letters.shared.tokens import Token, make_token
from letters.shared.typed import safe_fields
from letters.signing import queries
from letters.signing.admission import ProofWanted, Sender, admit, admit_request
from letters.signing.forms import ChangeForm, CodeForm, LinkForm, SigningForm
from letters.signing.operations import (
    accept_invitation,
    change_signature,
    confirm_by_code,
    confirm_signature,
    decline_invitation,
    disown_signature,
    invitation_refusal,
    request_link,
    request_mail,
    sign_letter,
    withdraw_signature,
)
from letters.switching.queries import is_on


@from_our_pages
@require_POST
def sign(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """Takes the form; gives it again, with what was typed, where something is missing."""
    try:
        letter = queries.letter_to_sign(slug, language)
        language = language or letter.language
        with translation.override(interface_language(language)):
            return _sign(request, letter, language)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing


def _typed(request: HttpRequest) -> QueryDict:
    """The form's fields. What is not UTF-8 is marked as damaged, where Django would read it as Latin-1."""
    if request.content_type == "application/x-www-form-urlencoded":
        return safe_fields(QueryDict(request.body.decode("utf-8", "replace"), encoding="utf-8"))
    return request.POST


def _sign(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    form = SigningForm(letter, _typed(request))
    form_again = partial(_form_page, request, letter, form, language)
    if refusal := letter.refusal(timezone.now()):
        return form_again(refusal=refusal, status=409)
    if not form.is_valid():
        return form_again(status=422)
    try:
        token = _take(request, letter, form, language)
    except ProofWanted as wanted:
        return form_again(proof=wanted, status=422)
    except Refused as refused:
        status, retry_after = _refusal_status(refused)
        return form_again(refusal=refused.code, status=status, retry_after=retry_after)
    return see_other(_check_url(letter, language, token))


def _take(request: HttpRequest, letter: Letter, form: SigningForm, language: str) -> str:
    entry, now = form.entry(), timezone.now()
    concern = admit(letter, entry.address, _sender(request, form.data), now=now)
    via = host_elsewhere(str(form.data.get("via", "")), own_origin=settings.SITE_URL)
    entry = replace(entry, concern=entry.concern or concern, via=via)
    return sign_letter(letter, entry=entry, language=language, now=now)


def _refusal_status(refused: Refused) -> tuple[int, int]:
    """The HTTP status, and after how many seconds it may be tried again, if that is known."""
    if isinstance(refused, TooMany):
        return 429, refused.seconds
    return (503, 120) if refused.code == "paused" else (409, 0)


def _sender(request: HttpRequest, sent: Mapping[str, str]) -> Sender:
    typed = {name: sent.get(name, "") for name in ("proof", "website", "seconds")}
    return Sender(network=_network(request), **typed)


def _network(request: HttpRequest) -> str:
    peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
    return prefix_of(client_address(peer, forwarded_for, trusted_proxies=settings.TRUSTED_PROXIES))


@with_a_token
@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, token: str, language: str = "") -> HttpResponse:
    """ "Check your mail", and the six digits from it: the same whether or not the address had signed before.

    So it speaks the language of the form that was sent and shows the letter as it is now; the language and the text
    that the signature was made with would tell a stranger that there is one.
    """
    opened, now = queries.read_check(token), timezone.now()
    if opened is None:
        return useless_link(request)
    # Before anything is looked up: it must not tell what has become of the signature meanwhile.
    signature = None if queries.is_check_over(opened[0], now) else signature_of(opened[0])
    if signature is None:
        return _check_is_over(request, language)
    language = language or signature.letter.language
    since, again = opened[0].issued_at, opened[1]
    with translation.override(interface_language(language)):
        if request.POST.get("action") == "resend":
            return _refusal_of_request(request) or _resend(signature, language, again=again)
        form = CodeForm(_typed(request) if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                confirm_by_code(signature, code=form.cleaned_data["code"], again=again, now=now)
                return see_other(signature.link("confirm", now=now))
            except TooMany as refused:
                return _confirmed_too_often(request, signature, refused.seconds)
            except Refused as refused:
                form.add_error("code", CODE_REFUSED.get(refused.code, CODE_REFUSED["letter_closed"]))
        standing = queries.mail_standing(signature, since=since, now=now)
        return _check_page(request, signature.letter, language, form, standing)


def _resend(signature: Signature, language: str, *, again: bool) -> HttpResponse:
    """Leads to a page of its own: each speaks of the one mail that it was opened for."""
    now = timezone.now()
    request_mail(signature, now=now)
    purpose = "check-again" if again else "check"
    token = make_token(purpose, signature_id=signature.pk, salt=signature.salt, now=now)
    return see_other(f"{_check_url(signature.letter, language, token)}?again")


def _check_is_over(request: HttpRequest, language: str) -> HttpResponse:
    """One page for all, whether the address was new or known, and the signature stands or is gone."""
    spoken = language or translation.get_language_from_request(request)
    with translation.override(interface_language(spoken)):
        return render(request, "letters/signing/check_is_over.html", status=410)


def _refusal_of_request(request: HttpRequest) -> HttpResponse | None:
    """What to answer instead of sending a mail once more, if the network has asked for too many."""
    try:
        admit_request(_network(request))
    except TooMany as refused:
        page = render(request, "429.html", {"minutes": ceil(refused.seconds / 60)}, status=429)
        page.headers["Retry-After"] = str(refused.seconds)
        page.headers["Cache-Control"] = "no-store"
        return page
    return None


def _check_page(
    request: HttpRequest, letter: Letter, language: str, form: CodeForm, standing: queries.MailStanding
) -> HttpResponse:
    if form.errors:
        form.fields["code"].widget.attrs["autofocus"] = True
    context = {**_letter_context(letter, language), "form": form, "mail": standing}
    return render(request, "letters/signing/check.html", context, status=422 if form.errors else 200)


@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
    """For whoever has lost the mail with the control link. The answer is the same, whether or not they have signed."""
    try:
        letter = queries.letter_to_sign(slug, language)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing
    language = language or letter.language
    with translation.override(interface_language(language)):
        form = LinkForm(_typed(request) if request.method == "POST" else None)
        if form.is_valid():
            if refused := _refusal_of_request(request):
                return refused
            request_link(letter, address=form.cleaned_data["email"], now=timezone.now())
            return see_other(f"{request.path}?asked")
        context = {**_letter_context(letter, language), "form": form}
        response = render(request, "letters/signing/link.html", context, status=422 if form.errors else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _letter_context(letter: Letter, language: str) -> dict[str, Any]:
    """What every page knows of the letter as it is now, in one of its languages."""
    try:
        text = queries.translation_of(letter.current_revision_id or 0, language)
    except Translation.DoesNotExist as missing:
        raise Http404("The letter has not been translated into this language.") from missing
    return {
        "letter": letter,
        "text": text,
        "language": language,
        "direction": direction(language),
        "letter_url": letter.get_absolute_url(language),
    }


def _check_url(letter: Letter, language: str, token: str) -> str:
    if language == letter.language:
        return reverse("check", kwargs={"token": token})
    return reverse("translated_check", kwargs={"token": token, "language": language})


CODE_REFUSED = {
    "wrong_code": _(
        "These are not the digits of the newest mail, or they are older than an hour, or were tried too often. "
        "The button in the mail still works."
    ),
    "letter_closed": _("This letter takes no signatures any more."),
}


@with_a_token
@require_safe
@csrf_exempt
def with_slash(request: HttpRequest, page: str, token: str) -> HttpResponse:
    """Leads on to the address with its slash. Django's own redirect would be kept by caches, token and all."""
    return HttpResponseRedirect(f"{request.path}/")


@of_a_signature("not-me", "GET", "HEAD", "POST")
def not_me(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """ "It wasn't me": GET shows the button, POST deletes."""
    if request.method == "POST":
        disown_signature(signature, now=timezone.now())
        return see_other(request.path)
    return _signature_page(request, "letters/signing/not_me.html", signature)


@of_a_signature("manage", "GET", "HEAD", "POST")
def manage(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """The control link: everything that is stored; change it, or take the signature back."""
    with translation.override(interface_language(signature.language)):
        form = ChangeForm(signature, _typed(request) if request.method == "POST" else None)
        action = request.POST.get("action", "")
        try:
            if request.method == "POST" and _managed(signature, action, form):
                return see_other(f"{request.path}?done")
        except Refused:
            return _not_managed(request, signature, form, typed=action == "save")
        stored = queries.stored_about(signature)
        status = 422 if form.is_bound else 200
        return _signature_page(
            request, "letters/signing/manage.html", signature, status=status, form=form, stored=stored
        )


def _managed(signature: Signature, action: str, form: ChangeForm) -> bool:
    """Whether what was asked for has been done."""
    if action in {"withdraw", "erase"}:
        withdraw_signature(signature, now=timezone.now())
        return True
    if action == "save" and form.is_valid():
        change_signature(signature, changes=form.changes(), now=timezone.now())
        return True
    return False


def _not_managed(request: HttpRequest, signature: Signature, form: ChangeForm, *, typed: bool) -> HttpResponse:
    """It was taken back in another window, or taken out, since the page was opened. What was typed stays."""
    signature.refresh_from_db(fields=["state"])
    return _signature_page(request, "letters/signing/not_saved.html", signature, status=409, form=form, typed=typed)


@of_a_signature("manage", "GET", "HEAD")
def my_data(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Everything that is stored about the signer, to keep."""
    response = JsonResponse(queries.stored_about(signature), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return response


@of_a_signature("confirm", "GET", "HEAD", "POST")
def confirm(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """GET shows the button, or how the signature stands; POST confirms. Scanners follow links, so GET never acts."""
    if signature.state == Signature.State.PENDING and queries.is_expired(token, timezone.now()):
        return _signature_page(request, "letters/signing/expired.html", signature, status=410)
    refusal = ""
    if request.method == "POST":
        try:
            confirm_signature(signature, verified=Signature.Verified.LINK, now=timezone.now())
            return see_other(request.path)
        except TooMany as refused:
            return _confirmed_too_often(request, signature, refused.seconds)
        except Refused as refused:
            refusal = refused.code
    elif signature.state == Signature.State.PENDING:
        refusal = signature.letter.confirmation_refusal(timezone.now())
    return _confirm_page(request, signature, refusal)


def _confirm_page(request: HttpRequest, signature: Signature, refusal: str) -> HttpResponse:
    if refusal:
        return _signature_page(request, "letters/signing/too_late.html", signature, refusal=refusal, status=409)
    template = "confirm" if signature.state == Signature.State.PENDING else "thanks"
    manage_url = signature.link("manage", now=timezone.now())
    publishing = is_on(Switch.Name.PUBLISH)
    return _signature_page(
        request, f"letters/signing/{template}.html", signature, manage_url=manage_url, publishing=publishing
    )


def _confirmed_too_often(request: HttpRequest, signature: Signature, seconds: int) -> HttpResponse:
    hours = ceil(seconds / 3600)
    page = _signature_page(request, "letters/signing/too_often.html", signature, hours=hours, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page


@of_a_signature("invitation", "GET", "HEAD", "POST")
def invitation(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Where an invited person reads the letter and signs it; then, how that stands. The mail proves the address."""
    texts = queries.texts_to_sign(signature)
    if signature.state == Signature.State.INVITED and request.GET.get("language") in texts:
        signature.language = request.GET["language"]
    text = texts[signature.language]
    refusal = invitation_refusal(signature, timezone.now())
    with translation.override(interface_language(signature.language)):
        form = ChangeForm(signature, _typed(request) if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and not refusal:
            try:
                seen = {"language": text.language, "seen": request.POST.get("seen", "")}
                accept_invitation(signature, changes=form.changes(), **seen, now=timezone.now())
                return see_other(request.path)
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
    is_invited = signature.state == Signature.State.INVITED
    context = {
        **more,
        "text": texts[signature.language],
        "languages": languages if is_invited and len(languages) > 1 else [],
        # Whose invitation is over reads no letter that is not public.
        "reads": is_invited or signature.state in STANDING,
        "manage_url": signature.link("manage", now=timezone.now()),
        "decline_url": signature.link("decline", now=timezone.now()),
    }
    return _signature_page(request, "letters/signing/invitation.html", signature, status=status, **context)


@of_a_signature("decline", "GET", "HEAD", "POST")
def decline(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """ "No, thank you": GET shows the button, POST deletes."""
    if request.method == "POST":
        decline_invitation(signature, now=timezone.now())
        return see_other(request.path)
    text = queries.texts_to_sign(signature)[signature.language]
    return _signature_page(request, "letters/signing/decline.html", signature, text=text)


def _signature_page(
    request: HttpRequest, template: str, signature: Signature, *, status: int = 200, **more: Any
) -> HttpResponse:
    """A page about one signature, in the language that it was signed in."""
    letter, language = signature.letter, signature.language
    context = {
        "signature": signature,
        "letter": letter,
        "text": more.pop("text", None) or queries.translation_of(signature.revision_id, language),
        "language": language,
        "direction": direction(language),
        "letter_url": signature.url_of_letter(now=timezone.now()),
        "signatures_url": letter.url_of("signatures", language),
        "days": settings.CONFIRMATION_DAYS,
        **more,
    }
    with translation.override(interface_language(language)):
        return render(request, template, context, status=status)


def _form_page(
    request: HttpRequest,
    letter: Letter,
    form: SigningForm,
    language: str,
    *,
    status: int,
    refusal: str = "",
    retry_after: int = 0,
    proof: ProofWanted | None = None,
) -> HttpResponse:
    """The form again with all that was typed; or the step that asks for a proof, which keeps it too."""
    context = {
        **_letter_context(letter, language),
        "form": form,
        "refusal": refusal,
        "minutes": ceil(retry_after / 60),
        "proof": proof,
        "sign_url": letter.url_of("sign", language),
    }
    template = "letters/signing/proof.html" if proof else "letters/signing/form.html"
    response = render(request, template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response
