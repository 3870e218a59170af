"""A signer's pages. They carry a token, so nobody may keep them and no address is sent on to where their links lead."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial, wraps
from math import ceil
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.emailed_links.guards import from_our_pages, of_a_signature, see_other, useless_link, with_a_token
from letters.base.emailed_links.queries import signature_of
from letters.base.switches.queries import is_on
from letters.models import CONFIRMED, STANDING, Display, Letter, Signature, Switch, Translation
from letters.shared.addresses import read_address
from letters.shared.client_address import client_address, prefix_of
from letters.shared.languages import direction, interface_language, language_name
from letters.shared.limits import TooMany
from letters.shared.localized_paths import localized_url
from letters.shared.referrers import host_elsewhere
from letters.shared.refused import Refusal, Refused
from letters.shared.request_input import safe_fields
from letters.shared.tokens import Token, make_check_token, read_token
from letters.signer.signing import queries
from letters.signer.signing.admission import ProofWanted, Sender, admit, admit_link, admit_request
from letters.signer.signing.forms import ChangeForm, CodeForm, LinkForm, SigningForm
from letters.signer.signing.operations import (
    accept_invitation,
    change_signature,
    check_code,
    confirm_signature,
    decline_invitation,
    disown_signature,
    invitation_refusal,
    request_mail,
    sign_letter,
    use_submission,
    withdraw_signature,
)

LetterView = Callable[[HttpRequest, Letter, str], HttpResponse]


def _of_a_letter(view: LetterView) -> Callable[..., HttpResponse]:
    """Find the letter, or answer 404. The view runs in the language of the page, and is told it."""

    @wraps(view)
    def found(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
        try:
            letter = queries.letter_to_sign(slug, language)
            language = language or letter.language
            with translation.override(interface_language(language)):
                return view(request, letter, language)
        except Letter.DoesNotExist as missing:
            raise Http404("There is no letter here.") from missing

    return found


@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
@_of_a_letter
def sign(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """Takes the form; gives it again, with what was typed, where something is missing.

    Whoever loads the address of that page anew is led to the letter, which has the form.
    """
    if request.method != "POST":
        return see_other(f"{letter.get_absolute_url(language)}#sign")
    return _sign(request, letter, language)


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
        if refused.code is Refusal.TEXT_CHANGED:
            form.show_current_text()
        status, retry_after = _refusal_status(refused)
        return form_again(refusal=refused.code, status=status, retry_after=retry_after)
    return see_other(_check_url(letter, language, token))


def _take(request: HttpRequest, letter: Letter, form: SigningForm, language: str) -> str:
    entry, now = form.entry(), timezone.now()
    concern = admit(letter, entry.address, _sender(request, form.data), now=now)
    via = host_elsewhere(str(form.data.get("via", "")), own_origin=settings.SITE_URL)
    entry = replace(entry, concern=entry.concern or concern, via=via)
    return sign_letter(letter, entry=entry, language=language, now=now, seen=form.text_seen)


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
    """ "Check your email", and the code from it: the same whether or not the address had signed before.

    So it speaks the language of the form that was sent and shows the letter as it is now. It does not repeat what was
    typed: that is deleted when the owner of the address confirms, and the page would tell a stranger so.
    """
    opened, now = read_token("check", token), timezone.now()
    if opened is None:
        return useless_link(request)
    # Before anything is looked up: it must not tell what has become of the signature meanwhile.
    signature = None if queries.is_check_over(opened, now) else signature_of(opened)
    if signature is None:
        return _check_is_over(request, language)
    language, typed = language or signature.letter.language, opened.submission_id or 0
    with translation.override(interface_language(language)):
        if request.POST.get("action") == "resend":
            return _resend(request, signature, language, opened)
        form = CodeForm(_typed(request) if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                check_code(typed, code=form.cleaned_data["code"], now=now)
                return see_other(signature.link("confirm-by-code", now=now, submission_id=typed))
            except Refused as refused:
                form.add_error("code", CODE_REFUSED[refused.code])
        standing = queries.mail_standing(signature, since=opened.issued_at, now=now, submission_id=typed)
        return _check_page(request, signature.letter, language, form, standing)


def _resend(request: HttpRequest, signature: Signature, language: str, opened: Token) -> HttpResponse:
    """Leads to a page of its own: each speaks of the one email that it was opened for."""
    now, letter = timezone.now(), signature.letter
    address, submission_id = read_address(opened.address), opened.submission_id
    if address is None or submission_id is None:
        # Its token is of an older kind, and does not know where to write.
        return see_other(f"{letter.get_absolute_url(language)}#sign")
    # Before the email is asked for: its language must be one that the letter has.
    _letter_context(letter, language)
    if refused := _refusal_of_request(request):
        return refused
    request_mail(letter, address=address, language=language, submission_id=submission_id, now=now)
    token = make_check_token(
        signature_id=signature.pk, salt=signature.salt, submission_id=submission_id, address=opened.address, now=now
    )
    return see_other(f"{_check_url(letter, language, token)}?again")


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
        return _too_many(request, refused)
    return None


def _too_many(request: HttpRequest, refused: TooMany) -> HttpResponse:
    page = render(request, "429.html", {"minutes": ceil(refused.seconds / 60)}, status=429)
    page.headers["Retry-After"] = str(refused.seconds)
    page.headers["Cache-Control"] = "no-store"
    return page


def _check_page(
    request: HttpRequest, letter: Letter, language: str, form: CodeForm, standing: queries.MailStanding
) -> HttpResponse:
    if form.errors:
        form.fields["code"].widget.attrs["autofocus"] = True
    context = {**_letter_context(letter, language), "form": form, "mail": standing}
    return render(request, "letters/signing/check.html", context, status=422 if form.errors else 200)


@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
@_of_a_letter
def link(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """For whoever has lost the mail with the control link. The answer is the same, whether or not they have signed."""
    form = LinkForm(_typed(request) if request.method == "POST" else None)
    if form.is_valid():
        try:
            admit_link(letter, form.cleaned_data["email"], _sender(request, form.data), now=timezone.now())
        except TooMany as refused:
            return _too_many(request, refused)
        except ProofWanted as wanted:
            return _proof_of_link(request, letter, language, form, wanted)
        request_mail(letter, address=form.cleaned_data["email"], language=language, now=timezone.now())
        return see_other(f"{request.path}?asked")
    context = {**_letter_context(letter, language), "form": form}
    response = render(request, "letters/signing/link.html", context, status=422 if form.errors else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _proof_of_link(
    request: HttpRequest, letter: Letter, language: str, form: LinkForm, wanted: ProofWanted
) -> HttpResponse:
    context = {**_letter_context(letter, language), "form": form, "proof": wanted}
    response = render(request, "letters/signing/link_proof.html", context, status=422)
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
    return localized_url("check", language, own_language=letter.language, token=token)


CODE_REFUSED = {
    "wrong_code": _("That code is wrong or has expired. Use the code in our latest email, or the button in it."),
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
    if not queries.may_disown(signature, token.spelling_hash):
        return useless_link(request)
    if request.method == "POST":
        disown_signature(signature, spelling_hash=token.spelling_hash, now=timezone.now())
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
def my_link(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """The control link as a file, to keep."""
    text = queries.translation_of(signature.revision_id, signature.language)
    manage_url = settings.SITE_URL + signature.link("manage", now=timezone.now())
    with translation.override(interface_language(signature.language)):
        content = render_to_string("letters/signing/my_link.txt", {"text": text, "manage_url": manage_url})
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.txt"'
    return response


@of_a_signature("manage", "GET", "HEAD")
def my_data(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Everything that is stored about the signer, to keep."""
    response = JsonResponse(queries.stored_about(signature), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return response


@of_a_signature("confirm", "GET", "HEAD", "POST")
def confirm(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """GET shows what will count and a button; POST confirms. Scanners follow links, so GET never acts."""
    return _confirming(request, signature, token, Signature.Verified.LINK)


@of_a_signature("confirm-by-code", "GET", "HEAD", "POST")
def confirm_by_code(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """The same for a person who has typed the code."""
    return _confirming(request, signature, token, Signature.Verified.CODE)


def _confirming(request: HttpRequest, signature: Signature, token: Token, verified: str) -> HttpResponse:
    now, is_pending = timezone.now(), signature.state == Signature.State.PENDING
    if is_pending and queries.is_expired(token, now):
        return _signature_page(request, "letters/signing/expired.html", signature, status=410)
    said = queries.said_by(signature, token.submission_id)
    offers = said.submission_id is not None and said.differs and signature.state in CONFIRMED
    if not is_pending and not offers:
        return _just_confirmed(request, signature, now) or _used_link(request, signature)
    refusal = signature.letter.confirmation_refusal(now) if is_pending else ""
    acts = request.method == "POST" and not refusal
    if acts and request.POST.get("seen", said.fingerprint()) != said.fingerprint():
        return _confirm_page(request, signature, said, has_changed=True)
    if acts:
        try:
            _take_at_their_word(signature, said, verified, now=now)
            return _thanks(request, signature)
        except TooMany as refused:
            return _confirmed_too_often(request, signature, refused.seconds)
        except Refused as refused:
            refusal = refused.code
    is_old = refusal == "changed"
    return _confirm_page_anew(request, token) if is_old else _confirm_page(request, signature, said, refusal=refusal)


def _confirm_page_anew(request: HttpRequest, token: Token) -> HttpResponse:
    """The signer changed it in another window while the button was pressed: they read what would count now."""
    signature = signature_of(token)
    if signature is None:
        return useless_link(request)
    if signature.state != Signature.State.PENDING:
        return _used_link(request, signature)
    return _confirm_page(request, signature, queries.said_by(signature, token.submission_id), has_changed=True)


def _take_at_their_word(signature: Signature, said: queries.Said, verified: str, *, now: datetime) -> None:
    if signature.state == Signature.State.PENDING:
        confirm_signature(signature, submission_id=said.submission_id, verified=verified, now=now)
    elif said.submission_id:
        use_submission(signature, submission_id=said.submission_id, now=now)


def _confirm_page(
    request: HttpRequest, signature: Signature, said: queries.Said, *, has_changed: bool = False, refusal: str = ""
) -> HttpResponse:
    """What will count, before it counts. To a person who has signed already: what counts, and what they typed now."""
    if refusal in {"answered", "taken_back"}:
        return _used_link(request, signature)
    if refusal:
        return _signature_page(request, "letters/signing/too_late.html", signature, refusal=refusal, status=409)
    template = "confirm" if signature.state == Signature.State.PENDING else "instead"
    text = queries.translation_of(said.revision_id, said.language) if template == "confirm" else None
    manage_url = signature.link("manage", now=timezone.now())
    context: dict[str, Any] = {"said": said, "manage_url": manage_url, "has_changed": has_changed, "text": text}
    if signature.letter.status != Letter.Status.DRAFT:
        context["signed_text_url"] = _text_url(signature.letter, said)
    status = 409 if has_changed else 200
    spoken = said.language if template == "confirm" else signature.language
    page = f"letters/signing/{template}.html"
    return _signature_page(request, page, signature, status=status, language=spoken, **context)


def _text_url(letter: Letter, said: queries.Said) -> str:
    """Where the very text stands that would be signed: later ones do not change it."""
    number = queries.number_of(said.revision_id)
    return letter.url_of("past_text", said.language, number=number)


def _thanks(request: HttpRequest, signature: Signature) -> HttpResponse:
    """To a page whose address may be shared. A person who gets no email is shown their control link here, once."""
    now, letter = timezone.now(), signature.letter
    thanks_url = _thanks_url(letter, signature.language)
    if signature.display != Display.NOBODY:
        return see_other(thanks_url)
    manage_url = signature.link("manage", now=now)
    links: dict[str, Any] = {
        "thanks_url": thanks_url,
        "manage_url": manage_url,
        "full_url": settings.SITE_URL + manage_url,
    }
    return _signature_page(request, "letters/signing/private_link.html", signature, text=None, **links)


def _thanks_url(letter: Letter, language: str) -> str:
    if letter.status == Letter.Status.DRAFT:
        return reverse("thanked")
    return letter.url_of("thanks", language)


# A second click on the button, before the answer to the first one was there.
SAME_CLICK = timedelta(minutes=1)


def _just_confirmed(request: HttpRequest, signature: Signature, now: datetime) -> HttpResponse | None:
    """The answer of a moment ago, once more; None if this is no second click."""
    at = signature.confirmed_at
    is_second_click = request.method == "POST" and at is not None and timedelta() <= now - at < SAME_CLICK
    return _thanks(request, signature) if is_second_click and signature.state in CONFIRMED else None


def _used_link(request: HttpRequest, signature: Signature) -> HttpResponse:
    """Whoever has the address of a page that a person has shared reads no more than a stranger may: not even what has
    become of the signature, nor in which language it was signed."""
    letter, spoken = signature.letter, translation.get_language_from_request(request)
    context: dict[str, Any] = {"letter": None if letter.status == Letter.Status.DRAFT else letter}
    if context["letter"]:
        language = queries.language_for(letter, spoken)
        context |= _letter_context(letter, language)
        context["link_url"] = letter.url_of("link", language)
    with translation.override(spoken):
        return render(request, "letters/signing/used_link.html", context)


@require_safe
@_of_a_letter
def thanks(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    """Where a confirmation leads: the same for everybody, so its address can be shared."""
    context = {
        **_letter_context(letter, language),
        "signatures_url": letter.url_of("signatures", language),
        "publishing": is_on(Switch.Name.PUBLISH),
    }
    return _not_listed(render(request, "letters/signing/thanks.html", context))


@require_safe
def thanked(request: HttpRequest) -> HttpResponse:
    """The same for a letter that is not public yet: it is not named."""
    with translation.override(translation.get_language_from_request(request)):
        return _not_listed(render(request, "letters/signing/thanks.html", {}))


def _not_listed(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def _confirmed_too_often(request: HttpRequest, signature: Signature, seconds: int) -> HttpResponse:
    hours = ceil(seconds / 3600)
    page = _signature_page(request, "letters/signing/too_often.html", signature, hours=hours, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page


@of_a_signature("invitation", "GET", "HEAD", "POST")
def invitation(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Where an invited person reads the letter and signs it. The email proves the address.

    Once it is answered, it has no more authority. A signer goes on reading a letter there that is not public yet.
    """
    now = timezone.now()
    if signature.state != Signature.State.INVITED:
        return _just_confirmed(request, signature, now) or _used_invitation(request, signature)
    texts = queries.texts_to_sign(signature)
    if request.GET.get("language") in texts:
        signature.language = request.GET["language"]
    text = texts[signature.language]
    refusal = invitation_refusal(signature, now)
    with translation.override(interface_language(signature.language)):
        form = ChangeForm(signature, _typed(request) if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and not refusal:
            try:
                seen = {"language": text.language, "seen": request.POST.get("seen", "")}
                changes = form.changes()
                accept_invitation(signature, changes=changes, **seen, now=now)
                signature.display = changes.display
                return _thanks(request, signature)
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
    return _signature_page(request, "letters/signing/invitation.html", signature, status=status, **context)


def _used_invitation(request: HttpRequest, signature: Signature) -> HttpResponse:
    if signature.letter.status != Letter.Status.DRAFT or signature.state not in STANDING:
        return _used_link(request, signature)
    return _signature_page(request, "letters/signing/unpublished.html", signature)


@of_a_signature("decline", "GET", "HEAD", "POST")
def decline(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """ "No, thank you": GET shows the button, POST deletes."""
    if request.method == "POST":
        decline_invitation(signature, now=timezone.now())
        return see_other(request.path)
    text = queries.texts_to_sign(signature)[signature.language]
    return _signature_page(request, "letters/signing/decline.html", signature, text=text)


def _signature_page(
    request: HttpRequest, template: str, signature: Signature, *, status: int = 200, language: str = "", **more: Any
) -> HttpResponse:
    """A page about one signature, in the language that it was signed in."""
    letter, language = signature.letter, language or signature.language
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
