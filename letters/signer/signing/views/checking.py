""" "Check your email": the code, and the same email once more."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from letters.base.accounts.admission import network_of
from letters.base.emailed_links.guards import from_our_pages, see_other, useless_link, with_a_token
from letters.base.emailed_links.queries import signature_of
from letters.models import Letter, Signature
from letters.shared.addresses import address_of
from letters.shared.languages import interface_language
from letters.shared.limits import TooMany
from letters.shared.refused import Refused
from letters.shared.tokens import CheckToken, make_check_token, read_check_token
from letters.signer.signing import queries
from letters.signer.signing.admission import admit_code, admit_request
from letters.signer.signing.forms import CodeForm
from letters.signer.signing.operations import (
    check_code,
    request_mail,
)
from letters.signer.signing.views.layout import check_url, letter_context, too_many, typed_fields


@with_a_token
@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, token: str, language: str = "") -> HttpResponse:
    """Show "Check your email", with a field for the code.

    Privacy: the page is the same whether or not the address had signed before.

    It is in the language of the form, and shows the letter as it is now. Privacy: it does not repeat what was typed.
    That is deleted when the owner of the address confirms, so a stranger would see it disappear.
    """
    opened, now = read_check_token(token), timezone.now()
    if opened is None:
        return useless_link(request)
    # Privacy: check this before any lookup, because the answer must not depend on what has become of the signature.
    signature = None if queries.is_check_over(opened, now) else signature_of(opened)
    if signature is None:
        return _check_is_over(request, language)
    language = language or signature.letter.language
    with translation.override(interface_language(language)):
        if request.POST.get("action") == "resend":
            return _resend(request, signature, language, opened)
        form = CodeForm(typed_fields(request) if request.method == "POST" else None)
        if form.is_valid() and (answer := _try_code(request, signature, opened.submission_id, form, now)):
            return answer
        status = queries.mail_status(opened, signature.letter, now=now)
        return _check_page(request, signature.letter, language, form, status)


def _try_code(
    request: HttpRequest, signature: Signature, submission_id: int, form: CodeForm, now: datetime
) -> HttpResponse | None:
    """Redirect if the code is right. Otherwise add an error to the form and return None."""
    if too_often := refusal_of(request, admit_code):
        return too_often
    try:
        check_code(submission_id, code=form.cleaned_data["code"], now=now)
    except Refused as refused:
        form.add_error("code", CODE_REFUSED[refused.code])
        return None
    return see_other(signature.link("confirm-by-code", now=now, submission_id=submission_id))


def _resend(request: HttpRequest, signature: Signature, language: str, opened: CheckToken) -> HttpResponse:
    """Ask for the email again. Redirect to a new page, because each page is about one email."""
    now, letter = timezone.now(), signature.letter
    address, submission_id = address_of(opened.address), opened.submission_id
    # First check that the letter has a text in this language: the email needs it.
    letter_context(letter, language)
    if too_often := refusal_of(request, admit_request):
        return too_often
    request_mail(letter, address=address, language=language, submission_id=submission_id, now=now)
    token = make_check_token(
        signature_id=signature.pk, salt=signature.salt, submission_id=submission_id, address=opened.address, now=now
    )
    return see_other(f"{check_url(letter, language, token)}?again")


def _check_is_over(request: HttpRequest, language: str) -> HttpResponse:
    """Privacy: one page for all, whether the address was new or known, and whether the signature still exists."""
    spoken = language or translation.get_language_from_request(request)
    with translation.override(interface_language(spoken)):
        return render(request, "letters/signing/check_is_over.html", status=410)


def refusal_of(request: HttpRequest, admit: Callable[[str], None]) -> HttpResponse | None:
    """Return the answer to a network that does this too often; None if it does not."""
    try:
        admit(network_of(request))
    except TooMany as refused:
        return too_many(request, refused)
    return None


def _check_page(
    request: HttpRequest, letter: Letter, language: str, form: CodeForm, status: queries.MailStatus
) -> HttpResponse:
    if form.errors:
        form.fields["code"].widget.attrs["autofocus"] = True
    context = {**letter_context(letter, language), "form": form, "mail": status}
    return render(request, "letters/signing/check.html", context, status=422 if form.errors else 200)


CODE_REFUSED = {
    "wrong_code": _("That code is wrong or has expired. Use the code in our latest email, or open its link."),
}
