"""Pages behind the control link: change, withdraw, disown, keep a copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from letters.base.emailed_links.guards import of_a_signature, see_other, useless_link
from letters.base.retention.queries import is_only_a_number
from letters.models import Display, Signature
from letters.shared.explaining import add_refusal
from letters.shared.languages import interface_language
from letters.shared.refused import Refused
from letters.shared.tokens import Token
from letters.signer.signing import queries
from letters.signer.signing.admission import admit_code, admit_request
from letters.signer.signing.answer_forms import AnswerForm, ProofCodeForm, ProofForm
from letters.signer.signing.forms import AppealForm, ChangeForm
from letters.signer.signing.operations import (
    answer_featuring,
    answer_question,
    appeal_rejection,
    change_signature,
    disown_signature,
    prove_address,
    send_proof_code,
    withdraw_signature,
)
from letters.signer.signing.views.checking import refusal_of
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
        if answered := _answer(request, signature):
            return answered
        if _trusts_another_collective(request, signature, action, form):
            form.add_error(None, MOVED_MEANWHILE)
        if question := _question(request, signature, action, form):
            return signature_page(request, "letters/signing/sure.html", signature, question=question, form=form)
        try:
            if request.method == "POST" and _managed(signature, action, form):
                return see_other(f"{request.path}?done")
        except Refused:
            return _not_managed(request, signature, form, typed=action == "save")
        status = 422 if form.is_bound else 200
        return _control_page(request, signature, status=status, form=form)


def _control_page(request: HttpRequest, signature: Signature, *, status: int, **forms: Form) -> HttpResponse:
    removal, now = queries.removal_of(signature), timezone.now()
    context: dict[str, Any] = {
        "stored": queries.stored_about(signature),
        "is_only_a_number": is_only_a_number(signature),
        "removal": removal,
        "may_appeal": bool(removal and removal.may_appeal(now)),
        "last_appeal": next(iter(queries.appeals_of(signature)), None),
        "question": queries.question_to(signature),
        "proof": queries.proof_for(signature),
        "featuring": queries.featuring_of(signature),
        "is_featured": signature.number in signature.letter.featured,
        "appeal_form": AppealForm(),
        "answer_form": AnswerForm(),
        "proof_form": ProofForm(),
        "proof_code_form": ProofCodeForm(),
        "featuring_form": Form(),
        "verify_url": signature.letter.url_of("verify", signature.language),
        **forms,
    }
    return signature_page(request, "letters/signing/manage.html", signature, status=status, **context)


def _answer(request: HttpRequest, signature: Signature) -> HttpResponse | None:
    """Take an answer to moderators or organizers, or a step towards one; None if no such button was pressed."""
    step = ANSWERS.get(request.POST.get("action", ""))
    if step is None:
        return None
    if step.admit and (too_often := refusal_of(request, step.admit)):
        return too_often
    form = step.form(typed_fields(request))
    if form.is_valid():
        try:
            step.take(signature, form.cleaned_data)
            return see_other(f"{request.path}?{step.done}")
        except Refused as refused:
            # Race: someone has decided or taken the question back in the meantime, or it was sent twice.
            add_refusal(form, refused)
            signature.refresh_from_db(fields=["state", "concern"])
    return _control_page(request, signature, status=422, form=ChangeForm(signature), **{step.form_name: form})


def _take_link(signature: Signature, given: Mapping[str, Any]) -> None:
    answer_question(signature, link=given["link"], now=timezone.now())


def _take_address(signature: Signature, given: Mapping[str, Any]) -> None:
    send_proof_code(signature, address=given["email"], now=timezone.now())


def _take_code(signature: Signature, given: Mapping[str, Any]) -> None:
    prove_address(signature, code=given["code"], now=timezone.now())


def _take_appeal(signature: Signature, given: Mapping[str, Any]) -> None:
    appeal_rejection(signature, words=given["reason"], now=timezone.now())


def _take_yes(signature: Signature, given: Mapping[str, Any]) -> None:
    answer_featuring(signature, agrees=True, now=timezone.now())


def _take_no(signature: Signature, given: Mapping[str, Any]) -> None:
    answer_featuring(signature, agrees=False, now=timezone.now())


@dataclass(frozen=True)
class AnswerStep:
    form_name: str
    form: Callable[[QueryDict], Form]
    take: Callable[[Signature, Mapping[str, Any]], None]
    admit: Callable[[str], None] | None = None
    # The query of the page afterwards.
    done: str = "answered"


# By the value of the button.
ANSWERS: Mapping[str, AnswerStep] = {
    "answer": AnswerStep("answer_form", AnswerForm, _take_link),
    "send_code": AnswerStep("proof_form", ProofForm, _take_address, admit_request),
    "prove": AnswerStep("proof_code_form", ProofCodeForm, _take_code, admit_code),
    "appeal": AnswerStep("appeal_form", AppealForm, _take_appeal, done="appealed"),
    "feature": AnswerStep("featuring_form", Form, _take_yes),
    "not_feature": AnswerStep("featuring_form", Form, _take_no),
}


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
