"""Pages for organizers about updates and answers, and the page on which a signer unsubscribes."""

from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_own_letter
from letters.base.emailed_links.guards import useless_link, with_a_token
from letters.base.emailed_links.queries import signature_of_token
from letters.base.outbox.showing import email_page, shown_parts, shows_email, with_email
from letters.models import AddresseeAnswer, Letter, Signature, Update, User
from letters.organizer.updates import mail, queries
from letters.organizer.updates.forms import AnswerForm, CorrectionForm, TranslationForm, UpdateForm
from letters.organizer.updates.operations import (
    bin_update,
    correct_update,
    delete_update,
    hide_answer,
    pause_update,
    publish_answer,
    remove_update_translation,
    restore_update,
    resume_update,
    send_test_mail,
    send_update,
    show_update,
    stop_update,
    translate_update,
    unsubscribe,
    why_not_now,
    write_answer,
    write_update,
)
from letters.organizer.updates.pages import page_of
from letters.shared.explaining import explain, sentence
from letters.shared.inert_previews import FRAMED
from letters.shared.languages import direction, interface_language, is_language, language_name
from letters.shared.refusals import EXPLANATIONS
from letters.shared.refused import Refusal, Refused


@of_own_letter("GET", "HEAD")
def updates(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the updates so far."""
    binned = queries.binned_updates_of(letter)
    context = {"letter": letter, "updates": queries.updates_of(letter), "binned": binned}
    return render(request, "letters/updates/list.html", context)


@of_own_letter("GET", "HEAD", "POST")
def write(request: HttpRequest, letter: Letter, writer: User, update_id: int | None = None) -> HttpResponse:
    """Edit a draft; once it is being sent, show its state."""
    update = None if update_id is None else queries.update_of(letter, update_id)
    if update and update.state != Update.State.DRAFT:
        if request.method == "POST":
            messages.warning(request, sentence(Refusal.BEGUN))
            return redirect(request.path)
        return _progress_page(request, update)
    form = UpdateForm(queries.languages_of(letter), request.POST if request.method == "POST" else None, update=update)
    refused = None
    if form.is_valid():
        seen = request.POST.get("seen", "")
        try:
            written = write_update(letter, update=update, text=form.text(), seen=seen, by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            name = "preview_update" if request.POST.get("action") == "preview" else "edit_update"
            return redirect(name, slug=letter.slug, update_id=written.pk)
        except Refused as problem:
            # Show both texts: the form keeps what was typed, and the other member's text appears below it.
            refused = problem
            update = update and queries.update_of(letter, update.pk)
    languages = queries.languages_of_update(letter, update) if update else []
    context = {"letter": letter, "update": update, "form": form, "languages": languages, **_not_written(refused)}
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "letters/updates/write.html", context, status=status)


@of_own_letter("GET", "HEAD", "POST")
def translate(request: HttpRequest, letter: Letter, writer: User, update_id: int, language: str) -> HttpResponse:
    """Edit a draft in another language beside the original, or delete that text."""
    update = queries.update_of(letter, update_id)
    if not is_language(language) or language == update.language:
        raise Http404("There is no such translation.")
    if update.state != Update.State.DRAFT:
        return redirect("edit_update", slug=letter.slug, update_id=update.pk)
    text = next((each for each in update.translations.all() if each.language == language), None)
    if request.POST.get("action") == "remove":
        return _remove_translation(request, update, language, writer)
    form, refused = TranslationForm(request.POST if request.method == "POST" else None, text=text), None
    if form.is_valid():
        try:
            values = {**form.cleaned_data, "language": language, "seen": request.POST.get("seen", "")}
            translate_update(update, **values, by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            here = reverse("preview_update", kwargs={"slug": letter.slug, "update_id": update.pk})
            return redirect(f"{here}?language={language}" if request.POST.get("action") == "preview" else request.path)
        except Refused as problem:
            refused, text = problem, update.translations.filter(language=language).first()
    context = {"letter": letter, "update": update, "text": text, "form": form, **_not_written(refused)}
    context |= {"language": language, "name": language_name(language), "direction": direction(language)}
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "letters/updates/translate.html", context, status=status)


def _remove_translation(request: HttpRequest, update: Update, language: str, writer: User) -> HttpResponse:
    try:
        remove_update_translation(update, language=language, by=writer, now=timezone.now())
    except Refused as refused:
        messages.warning(request, explain(refused, "send"))
    return redirect("edit_update", slug=update.letter.slug, update_id=update.pk)


@of_own_letter("POST")
def correct(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Show a correction above an update that was sent."""
    update = queries.update_of(letter, update_id)
    form = CorrectionForm(update.languages(), request.POST)
    if form.is_valid():
        try:
            correct_update(update, **form.cleaned_data, by=writer, now=timezone.now())
            messages.success(request, gettext("The correction is public."))
            return redirect("edit_update", slug=letter.slug, update_id=update.pk)
        except Refused as refused:
            form.add_error(None, explain(refused))
    return _progress_page(request, update, form=form, status=422)


def _progress_page(
    request: HttpRequest, update: Update, *, form: CorrectionForm | None = None, status: int = 200
) -> HttpResponse:
    """Show the state of an update that is being sent or was sent."""
    context = {
        "letter": update.letter,
        "update": update,
        "texts": [update.text_in(language) for language in update.languages()],
        "form": form or CorrectionForm(update.languages()),
    }
    return render(request, "letters/updates/progress.html", context, status=status)


def _not_written(refused: Refused | None) -> dict[str, object]:
    return {
        "refusal": refused.code if refused else "",
        "sentence": explain(refused, "write") if refused else "",
        # Another member has saved: show both texts.
        "shows_other": refused is not None and refused.code in {Refusal.CHANGED_MEANWHILE, Refusal.BEGUN},
    }


@with_email
@of_own_letter("GET", "HEAD")
def preview(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Show the update as an email and as a public page, rendered by the code that makes the real ones."""
    update = queries.update_of(letter, update_id)
    return _preview_page(request, update, language=request.GET.get("language", ""))


@shows_email
@of_own_letter("GET", "HEAD")
def as_email(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Show the HTML part of the email alone, for a frame."""
    update, language = queries.update_of(letter, update_id), request.GET.get("language", "")
    known = {each.code for each in queries.languages_of_update(letter, update)}
    return email_page(mail.preview(update, language=language if language in known else update.language)["html"])


@xframe_options_sameorigin
@csp_replace(FRAMED)
@of_own_letter("GET", "HEAD")
def as_page(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Show the update as its public page, for a frame."""
    update, language = queries.update_of(letter, update_id), request.GET.get("language", "")
    known = {each.code for each in queries.languages_of_update(letter, update)}
    return HttpResponse(page_of(update, language if language in known else update.language, now=timezone.now()))


def _preview_page(
    request: HttpRequest, update: Update, *, language: str = "", refusal: str = "", status: int = 200
) -> HttpResponse:
    languages = queries.languages_of_update(update.letter, update)
    shown = language if language in {each.code for each in languages} else update.language
    text = update.text_in(shown)
    context = {
        "letter": update.letter,
        "update": update,
        "update_text": text,
        "mail": shown_parts(mail.preview(update, language=shown)),
        "direction": direction(text.language),
        "languages": languages,
        "language": shown,
        "refusal": refusal,
    }
    return render(request, "letters/updates/preview.html", context, status=status)


@with_email
@of_own_letter("POST")
def try_out(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Send one email to the writer's own account address."""
    update, language = queries.update_of(letter, update_id), request.POST.get("language", "")
    if language not in update.languages():
        language = update.language
    try:
        send_test_mail(update, by=writer, now=timezone.now(), language=language)
    except Refused as refused:
        status = 429 if refused.code == Refusal.TOO_MANY else EXPLANATIONS[refused.code].status
        return _preview_page(request, update, refusal=explain(refused, "send"), status=status)
    messages.success(
        request, gettext("We are sending a test to {address}. It can take a few minutes.").format(address=writer.email)
    )
    return redirect("preview_update", slug=letter.slug, update_id=update.pk)


@of_own_letter("GET", "HEAD", "POST")
def send(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Show how many people will get the update, then send it."""
    update, now = queries.update_of(letter, update_id), timezone.now()
    code = _why_not(letter, update, now=now)
    refusal = sentence(code, "send") if code else ""
    if request.method == "POST":
        try:
            send_update(update, seen=request.POST.get("seen", ""), by=writer, now=now)
            return redirect("edit_update", slug=letter.slug, update_id=update.pk)
        except Refused as refused:
            refusal = explain(refused, "send")
    elif update.state != Update.State.DRAFT:
        return redirect("edit_update", slug=letter.slug, update_id=update.pk)
    context = {
        "letter": letter,
        "update": update,
        "reach": queries.reach(letter),
        "languages": queries.languages_of_update(letter, update),
        "refusal": refusal,
        "direction": direction(update.language),
    }
    return render(
        request, "letters/updates/send.html", context, status=409 if refusal and request.method == "POST" else 200
    )


def _why_not(letter: Letter, update: Update, *, now: datetime) -> Refusal | Literal[""]:
    if letter.status == Letter.Status.DRAFT or letter.is_ended:
        return letter.status_refusal()
    return why_not_now(letter, now=now) if update.state == Update.State.DRAFT else ""


@of_own_letter("POST")
def move(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Pause, resume, stop, show, hide, delete or restore the update, one button each."""
    update, action, now = queries.update_of(letter, update_id), request.POST.get("action", ""), timezone.now()
    actions = {"pause": pause_update, "resume": resume_update, "stop": stop_update}
    actions |= {"bin": bin_update, "restore": restore_update, "delete": delete_update}
    try:
        if action in actions:
            actions[action](update, by=writer, now=now)
        elif action in {"show", "hide"}:
            show_update(update, is_public=action == "show", by=writer, now=now)
        else:
            raise Http404("There is no such action.")
    except Refused as refused:
        messages.warning(request, explain(refused, "send"))
        return redirect("edit_update", slug=letter.slug, update_id=update.pk)
    if action in {"bin", "delete"}:
        return redirect("write_to_signers", slug=letter.slug)
    return redirect("edit_update", slug=letter.slug, update_id=update.pk)


@of_own_letter("GET", "HEAD")
def progress(request: HttpRequest, letter: Letter, writer: User, update_id: int) -> HttpResponse:
    """Report the progress to the open page. A worker has counted; nothing is counted here."""
    update = queries.update_of(letter, update_id)
    return JsonResponse(
        {
            "state": update.state,
            "total": update.recipients_total,
            "is_spread": update.spread_at is not None,
            "owed": update.owed_count,
            "sent": update.sent_count,
            "failed": update.failed_count,
            "lapsed": update.lapsed_count,
            "unsubscribed": update.unsubscribed_count,
            "as_of": update.tallied_at,
        }
    )


@of_own_letter("GET", "HEAD")
def answers(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the addressee's answers."""
    return render(request, "letters/updates/answers.html", {"letter": letter, "answers": queries.answers_of(letter)})


@of_own_letter("GET", "HEAD", "POST")
def enter_answer(request: HttpRequest, letter: Letter, writer: User, answer_id: int | None = None) -> HttpResponse:
    """Enter, publish and correct an answer of the addressee."""
    answer = None if answer_id is None else queries.answer_of(letter, answer_id)
    form = AnswerForm(
        queries.languages_of(letter),
        request.POST if request.method == "POST" else None,
        days=queries.days_of_answer(letter, timezone.now()),
        answer=answer,
    )
    refused = None
    if form.is_valid():
        try:
            written = _write_answer(request, letter, form, answer, writer)
            return redirect("edit_answer", slug=letter.slug, answer_id=written.pk)
        except Refused as problem:
            refused = problem
            answer = answer and queries.answer_of(letter, answer.pk)
    context = {"letter": letter, "answer": answer, "form": form, **_not_written(refused)}
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "letters/updates/answer.html", context, status=status)


def _write_answer(
    request: HttpRequest, letter: Letter, form: AnswerForm, answer: AddresseeAnswer | None, writer: User
) -> AddresseeAnswer:
    seen, note, now = request.POST.get("seen", ""), form.cleaned_data.get("note", ""), timezone.now()
    written = write_answer(letter, answer=answer, text=form.text(), seen=seen, note=note, by=writer, now=now)
    messages.success(request, gettext("Saved."))
    return written


@of_own_letter("POST")
def move_answer(request: HttpRequest, letter: Letter, writer: User, answer_id: int) -> HttpResponse:
    """Publish an answer, or take it off the page."""
    answer = queries.answer_of(letter, answer_id)
    actions = {"publish": publish_answer, "hide": hide_answer}
    operation = actions.get(request.POST.get("action", ""))
    if operation is None:
        raise Http404("There is no such action.")
    try:
        operation(answer, by=writer, now=timezone.now())
    except Refused as refused:
        messages.warning(request, explain(refused, "send"))
    return redirect("edit_answer", slug=letter.slug, answer_id=answer.pk)


# Security: a mail provider posts here without a cookie and without an origin (RFC 8058), so CSRF checks cannot apply.
# The token alone gives authority, and a foreign page does not know it. It allows nothing else: even the page that
# follows has no link to the signature.
@csrf_exempt
@with_a_token
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing. The button, or an email program, posts List-Unsubscribe=One-Click."""
    signature_and_token = signature_of_token("unsubscribe", token)
    if signature_and_token is None:
        return useless_link(request)
    signature = signature_and_token[0]
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        unsubscribe(signature, now=timezone.now())
        signature.refresh_from_db()
    with translation.override(interface_language(signature.language)):
        return render(request, "letters/updates/leave.html", _leaving(signature))


def _leaving(signature: Signature) -> dict[str, Any]:
    letter, language = signature.letter, signature.language
    contact = None
    with suppress(Signature.contact.RelatedObjectDoesNotExist):
        contact = signature.contact
    return {
        "letter": letter,
        "title": queries.title_of(letter),
        "wants_mail": bool(contact and contact.agrees(letter)),
        "letter_url": letter.get_absolute_url(language),
        "link_url": letter.url_of("link", language),
    }
