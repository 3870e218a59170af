"""Code that the signer's pages share: find the letter and the language, and render the page."""

from collections.abc import Callable, Mapping
from functools import wraps
from math import ceil
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext

from letters.base.accounts.admission import network_of
from letters.base.emailed_links.admission import ProofWanted, Sender
from letters.models import Letter, Signature, SignerContact, Translation, is_before_move, public_moves
from letters.shared import counting
from letters.shared.languages import direction, interface_language
from letters.shared.limits import TooMany
from letters.shared.localized_paths import localized_url
from letters.shared.refused import Refusal, Refused
from letters.shared.request_input import safe_fields
from letters.signer.signing import queries
from letters.signer.signing.forms import SigningForm

LetterView = Callable[[HttpRequest, Letter, str], HttpResponse]


def of_a_letter(view: LetterView) -> Callable[..., HttpResponse]:
    """Find the letter or answer 404, and call the view with the language of the page active.

    A letter that the site has taken down has only the form for lost links, so that signers can still withdraw.
    """

    @wraps(view)
    def found(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
        try:
            letter = queries.letter_to_sign(slug, language)
            language = language or letter.language
            if letter.status == Letter.Status.TAKEN_DOWN and view.__name__ != "link":
                return HttpResponseRedirect(letter.get_absolute_url(language))
            with translation.override(interface_language(language)):
                return view(request, letter, language)
        except Letter.DoesNotExist as missing:
            raise Http404("There is no letter here.") from missing

    return found


def typed_fields(request: HttpRequest) -> QueryDict:
    """Return the form's fields.

    Bytes that are not UTF-8 become replacement characters; Django would read them as Latin-1.
    """
    if request.content_type == "application/x-www-form-urlencoded" and not _is_utf8(request.body):
        return safe_fields(QueryDict(request.body.decode("utf-8", "replace"), encoding="utf-8"))
    return request.POST


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def refusal_status(refused: Refused) -> tuple[int, int]:
    """Return the HTTP status, and the number of seconds after which to try again (0 if unknown)."""
    if isinstance(refused, TooMany):
        return 429, refused.seconds
    return (503, 120) if refused.code == "paused" else (409, 0)


def sender_of(request: HttpRequest, sent: Mapping[str, str]) -> Sender:
    typed = {name: sent.get(name, "") for name in ("proof", "website", "seconds")}
    return Sender(network=network_of(request), **typed)


def too_many(request: HttpRequest, refused: TooMany) -> HttpResponse:
    counting.refused(refused.code)
    page = render(request, "429.html", {"minutes": ceil(refused.seconds / 60)}, status=429)
    page.headers["Retry-After"] = str(refused.seconds)
    page.headers["Cache-Control"] = "no-store"
    return page


def letter_context(letter: Letter, language: str) -> dict[str, Any]:
    """Return the context of every page about the letter, with its current text in one language."""
    try:
        text = queries.translation_of(letter.current_revision_id or 0, language)
    except Translation.DoesNotExist as missing:
        raise Http404("The letter has not been translated into this language.") from missing
    if letter.status == Letter.Status.TAKEN_DOWN:
        # Everyone can open these pages, and the title may be the reason for the take-down.
        text.title = gettext("A letter that was taken down")
    return {
        "letter": letter,
        "text": text,
        "language": language,
        "direction": direction(language),
        "letter_url": letter.get_absolute_url(language),
    }


def check_url(letter: Letter, language: str, token: str) -> str:
    return localized_url("check", language, own_language=letter.language, token=token)


def not_listed(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def signature_page(
    request: HttpRequest, template: str, signature: Signature, *, status: int = 200, language: str = "", **more: Any
) -> HttpResponse:
    """Render a page about one signature, in the language in which it was signed."""
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
        "moved": mark_of_move(letter),
        **_moves_since(signature),
        **more,
    }
    with translation.override(interface_language(language)):
        return render(request, template, context, status=status)


def mark_of_move(letter: Letter) -> str:
    """Return a mark of the letter's collective, for a form that names it, so that a move in between is noticed."""
    return letter.moved_at.isoformat() if letter.moved_at else ""


def _moves_since(signature: Signature) -> dict[str, object]:
    """Return the moves of the letter since the person signed, and whether a move ended their consent to updates."""
    letter = signature.letter
    if not is_before_move(signature.signed_at, letter):
        return {}
    contact: SignerContact | None = getattr(signature, "contact", None)
    asks_again = contact is not None and contact.consent != "" and not contact.agrees(letter)
    moves = [each for each in public_moves(letter) if each.ended_at and each.ended_at >= signature.signed_at]
    return {"moves": moves[-1:], "asks_again": asks_again}


def form_page(
    request: HttpRequest,
    letter: Letter,
    form: SigningForm,
    language: str,
    *,
    status: int,
    refusal: Refusal | Literal[""] = "",
    retry_after: int = 0,
    proof: ProofWanted | None = None,
) -> HttpResponse:
    """Render the form again with everything that was typed, or the page that asks for a proof and keeps it."""
    if refusal:
        counting.refused(refusal)
    context = {
        **letter_context(letter, language),
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
