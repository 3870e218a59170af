"""Pages behind the control link: change, withdraw, disown, keep a copy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from letters.base.emailed_links.guards import of_a_signature, see_other, useless_link
from letters.models import Display, Signature
from letters.shared.languages import interface_language
from letters.shared.refused import Refused
from letters.shared.tokens import Token
from letters.signer.signing import queries
from letters.signer.signing.forms import ChangeForm
from letters.signer.signing.operations import (
    change_signature,
    disown_signature,
    withdraw_signature,
)
from letters.signer.signing.views.layout import mark_of_move, signature_page, typed_fields


@of_a_signature("not-me", "GET", "HEAD", "POST")
def not_me(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """ "It wasn't me": GET shows the button, POST deletes."""
    if not queries.may_disown(signature, token.spelling_hash):
        return useless_link(request)
    if request.method == "POST":
        disown_signature(signature, spelling_hash=token.spelling_hash, now=timezone.now())
        return see_other(request.path)
    return signature_page(request, "letters/signing/not_me.html", signature)


@of_a_signature("manage", "GET", "HEAD", "POST")
def manage(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Show everything that is stored about the signer, and let them change or withdraw it."""
    with translation.override(interface_language(signature.language)):
        form = ChangeForm(signature, typed_fields(request) if request.method == "POST" else None)
        action = request.POST.get("action", "")
        if _trusts_another_collective(request, signature, action, form):
            form.add_error(None, MOVED_MEANWHILE)
        if question := _question(request, signature, action, form):
            return signature_page(request, "letters/signing/sure.html", signature, question=question, form=form)
        try:
            if request.method == "POST" and _managed(signature, action, form):
                return see_other(f"{request.path}?done")
        except Refused:
            return _not_managed(request, signature, form, typed=action == "save")
        stored = queries.stored_about(signature)
        status = 422 if form.is_bound else 200
        return signature_page(
            request, "letters/signing/manage.html", signature, status=status, form=form, stored=stored
        )


MOVED_MEANWHILE = _(
    "This letter has moved to another collective since you opened this page, so nothing was saved. Check who the "
    "organizers are now, and save again."
)


def _trusts_another_collective(request: HttpRequest, signature: Signature, action: str, form: ChangeForm) -> bool:
    """Race: signers who show organizers their name, or agree to updates, mean the collective that the page named."""
    if action != "save" or not form.is_valid():
        return False
    display = form.cleaned_data["display"]
    agrees = display != Display.NOBODY and form.cleaned_data.get("updates")
    return bool(agrees or display == Display.ORGANIZERS) and request.POST.get("moved", "") != mark_of_move(
        signature.letter
    )


def _question(request: HttpRequest, signature: Signature, action: str, form: ChangeForm) -> str:
    """Return what to ask before something that cannot be undone is done: "withdraw" or "nobody"; "" for nothing."""
    if action == "ask_withdraw":
        return "withdraw"
    hides = action == "save" and form.is_valid() and form.cleaned_data["display"] == Display.NOBODY
    asks = hides and signature.display != Display.NOBODY and request.POST.get("sure") != Display.NOBODY
    return "nobody" if asks else ""


def _managed(signature: Signature, action: str, form: ChangeForm) -> bool:
    """Do what the pressed button says. Return whether it was done."""
    if action in {"withdraw", "erase"}:
        withdraw_signature(signature, now=timezone.now())
        return True
    if action == "save" and form.is_valid():
        change_signature(signature, changes=form.changes(), now=timezone.now())
        return True
    return False


def _not_managed(request: HttpRequest, signature: Signature, form: ChangeForm, *, typed: bool) -> HttpResponse:
    """Race: the signer withdrew it in another window, or a moderator removed it. Keep what was typed."""
    signature.refresh_from_db(fields=["state"])
    return signature_page(request, "letters/signing/not_saved.html", signature, status=409, form=form, typed=typed)


@of_a_signature("manage", "GET", "HEAD")
def my_link(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Download the control link as a file."""
    text = queries.translation_of(signature.revision_id, signature.language)
    manage_url = settings.SITE_URL + signature.link("manage", now=timezone.now())
    with translation.override(interface_language(signature.language)):
        content = render_to_string("letters/signing/my_link.txt", {"text": text, "manage_url": manage_url})
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.txt"'
    return response


@of_a_signature("manage", "GET", "HEAD")
def my_data(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Download everything that is stored about the signer."""
    response = JsonResponse(queries.stored_about(signature), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return response
