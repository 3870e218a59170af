"""An organizer's pages: start a letter, write it, look at it as the public will, publish it, and what comes after."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters.base.accounts.guards import for_organizers, of_own_letter
from letters.base.outbox.queries import undelivered
from letters.models import OWNING, UNDONE_WITHIN, Letter, Picture, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import (
    AddressForm,
    RevisionForm,
    ScheduleForm,
    SettingsForm,
    StartForm,
    TextForm,
    WithdrawForm,
)
from letters.organizer.letter_editor.operations import (
    close_letter,
    discard_revision,
    publish_letter,
    readdress_letter,
    remove_translation,
    reopen_letter,
    restore_letter,
    schedule_letter,
    set_up_letter,
    start_letter,
    start_revision,
    withdraw_letter,
    write_text,
)
from letters.shared.languages import is_language, language_choices
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refusals import add_refusal, explain, sentence
from letters.shared.refused import Refusal, Refused
from letters.shared.too_complex import SENTENCES as SENTENCES_OF_TEXTS

Deed = Callable[..., object]
# The text has been saved, but cannot be published for now.
NOT_YET = {Refusal.NOT_CLEARED, Refusal.TOO_MANY_LETTERS}


@require_safe
@never_cache
@for_organizers
def letters(request: HttpRequest) -> HttpResponse:
    """The letters of one's collectives."""
    return render(
        request, "letters/letter_editor/letters.html", {"letters": queries.letters_of(cast("User", request.user))}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def start(request: HttpRequest) -> HttpResponse:
    """From nothing to a draft: to whom, what, and who writes. All else has a good default."""
    by = cast("User", request.user)
    form = StartForm(request.POST if request.method == "POST" else None, language=_language_of(request))
    if form.is_valid():
        name = form.cleaned_data["collective"]
        try:
            letter = start_letter(text=form.text(), collective_name=name, by=by, now=timezone.now())
            return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    collectives = queries.collectives_of(by)
    if collectives and not form.is_bound:
        form.initial["collective"] = collectives[0].name
    context = {"form": form, "collectives": collectives}
    return render(request, "letters/letter_editor/start.html", context, status=422 if form.errors else 200)


def _language_of(request: HttpRequest) -> str:
    """The first language of the browser: whoever writes writes in it, most of the time. Not the country's variety."""
    code = re.match("[a-z]{2,3}", request.headers.get("Accept-Language", "").lower())
    return code[0] if code and is_language(code[0]) else settings.LANGUAGE_CODE


@of_own_letter("GET", "HEAD", "POST")
def edit(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """The text, as long as readers do not have it; and what can be done with the letter."""
    manuscript = queries.manuscript(letter)
    posted = request.POST if request.method == "POST" else None
    if posted is None and (not manuscript.is_open or letter.status == Letter.Status.WITHDRAWN):
        return _published(request, manuscript, writer)
    action = request.POST.get("action", "")
    forms = _EditForms(
        text=TextForm(posted, text=manuscript.original, language=letter.language),
        schedule=ScheduleForm(letter, posted if action == "schedule" else None, zone=letter.collective.zone()),
        revision=RevisionForm(posted if action == "publish" and letter.current_revision_id else None),
    )
    refused = None
    if posted is not None and forms.text.is_valid():
        try:
            if _carry_out(request, letter, writer, forms, action):
                return redirect("edit_letter", slug=letter.slug)
        except Refused as problem:
            # Both texts are shown: what was typed stays in the form, what a teammate wrote stands beside it.
            refused = problem
            if refused.code in NOT_YET:
                messages.warning(request, explain(refused, "schedule" if action == "schedule" else "publish"))
                return redirect("edit_letter", slug=letter.slug)
    manuscript = queries.manuscript(letter) if posted is not None else manuscript
    context = {
        "letter": letter,
        "text": manuscript.original,
        "manuscript": manuscript,
        "form": forms.text,
        "schedule": forms.schedule,
        "revision_form": forms.revision,
        **_not_saved(refused, manuscript),
        "zone": letter.collective.zone(),
        "language": manuscript.language(letter.language),
        "must_be_cleared": not letter.collective.is_cleared(),
        "new_languages": queries.new_languages(manuscript, timezone.now()),
        **_withdrawing(letter, writer),
    }
    wrong = forms.text.errors or forms.schedule.errors or forms.revision.errors
    return render(
        request, "letters/letter_editor/write.html", context, status=409 if refused else 422 if wrong else 200
    )


@dataclass(frozen=True)
class _EditForms:
    text: TextForm
    schedule: ScheduleForm
    revision: RevisionForm


def _carry_out(request: HttpRequest, letter: Letter, writer: User, forms: _EditForms, action: str) -> bool:
    """Save what was typed, and then what its button says: nobody publishes a text that is older than the one they see.

    False where one of the other forms has to be looked at again; the text is saved even so.
    """
    now = timezone.now()
    with transaction.atomic():
        if action == "revise":
            start_revision(letter, by=writer, now=now)
        text = forms.text.text(letter.language)
        write_text(letter, text=text, seen=request.POST.get("seen", ""), by=writer, now=now)
    if action == "publish":
        return _publish(request, letter, writer, forms.revision, now)
    if action == "schedule":
        if not forms.schedule.is_valid():
            return False
        schedule_letter(letter, at=forms.schedule.cleaned_data["publish_at"], by=writer, now=now)
    messages.success(request, gettext("Saved."))
    return True


def _publish(request: HttpRequest, letter: Letter, writer: User, form: RevisionForm, now: datetime) -> bool:
    if form.is_bound and not form.is_valid():
        return False
    publish_letter(letter, by=writer, now=now, **(form.cleaned_data if form.is_bound else {}))
    if behind := queries.manuscript(letter).behind:
        said = gettext("You have published the letter. These translations are older than the original: %(languages)s.")
        messages.warning(request, said % {"languages": ", ".join(behind)})
    return True


def _not_saved(refused: Refused | None, manuscript: queries.Manuscript) -> dict[str, str]:
    """Why it was not done, for the person who tried."""
    if refused is None:
        return {"refusal": "", "sentence": ""}
    if refused.code == Refusal.LANGUAGES_MISSING:
        said = gettext(
            "The published text also exists in %(languages)s, but this revision does not. Add these translations."
        )
        return {"refusal": refused.code, "sentence": said % {"languages": ", ".join(manuscript.missing)}}
    return {"refusal": refused.code, "sentence": explain(refused, "write")}


# What the editor that saves by itself says. Neither a teammate nor a publication is the reason.
NO_ROOM = (Refusal.TOO_MANY_LANGUAGES, Refusal.TOO_MUCH_TEXT)


def _withdrawing(letter: Letter, writer: User) -> dict[str, object]:
    """What the page needs to offer owners, and nobody else, to withdraw the letter, or to undo that."""
    return {
        "withdraw": WithdrawForm(letter),
        "owns": letter.collective.has_role(writer, OWNING),
        "can_be_restored": letter.can_be_restored(timezone.now()),
        "restored_until": letter.withdrawn_at and letter.withdrawn_at + UNDONE_WITHIN,
        "zone": letter.collective.zone(),
    }


def _published(request: HttpRequest, manuscript: queries.Manuscript, writer: User) -> HttpResponse:
    """What can be done with a letter whose newest text readers have."""
    letter = manuscript.letter
    context = {
        "letter": letter,
        "text": manuscript.original,
        **_withdrawing(letter, writer),
        "undelivered": undelivered(letter),
        "must_be_cleared": not letter.collective.is_cleared(),
    }
    return render(request, "letters/letter_editor/edit.html", context)


@of_own_letter("POST")
def save_text(request: HttpRequest, letter: Letter, writer: User, language: str) -> JsonResponse:
    """The editor saves by itself: the version that stands now, or what a teammate has written meanwhile."""
    _language_or_404(queries.manuscript(letter), language)
    form = TextForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"problem": next(iter(form.errors.values()))[0]}, status=422)
    try:
        text = write_text(letter, text=form.text(language), finished=False, **_seen(request, writer))
    except Refused as refused:
        if refused.code in NO_ROOM:
            return JsonResponse({"problem": sentence(refused.code)}, status=422)
        theirs = queries.manuscript(letter).texts.get(language)
        words = {
            name: getattr(theirs, name, "") for name in ("version", "title", "addressee", "summary", "body", "html")
        }
        return JsonResponse({"problem": refused.code, **words}, status=409)
    return JsonResponse({"version": text.version})


def _language_or_404(manuscript: queries.Manuscript, language: str) -> queries.Language:
    if language not in manuscript.texts and not is_language(language):
        raise Http404("There is no such language.")
    return manuscript.language(language)


def _seen(request: HttpRequest, writer: User) -> dict[str, Any]:
    """What the writer saw when they began: the text, and of a translation the original beside it."""
    made_from = request.POST.get("made_from", "")
    return {
        "seen": request.POST.get("seen", ""),
        "made_from": made_from if re.fullmatch("[0-9a-f]{16}", made_from) else "",
        "by": writer,
        "now": timezone.now(),
    }


@of_own_letter("GET", "HEAD")
def translations(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """The languages of the letter, how far each has come, and another to begin."""
    manuscript = queries.manuscript(letter)
    choices = [each for each in language_choices(get_language() or "") if each[0] not in manuscript.texts]
    wanted = request.GET.get("language", "")
    if wanted in dict(choices):
        return redirect("translate_letter", slug=letter.slug, language=wanted)
    context = {"letter": letter, "manuscript": manuscript, "choices": choices}
    return render(request, "letters/letter_editor/translations.html", context)


@of_own_letter("GET", "HEAD", "POST")
def translate(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """The letter in another language, beside the original."""
    if language == letter.language:
        return redirect("edit_letter", slug=letter.slug)
    manuscript = queries.manuscript(letter)
    translation = _language_or_404(manuscript, language)
    form = TextForm(request.POST if request.method == "POST" else None, text=translation.text, language=language)
    refused = None
    if form.is_valid():
        try:
            write_text(letter, text=form.text(language), **_seen(request, writer))
            messages.success(request, gettext("Saved."))
            return redirect("translate_letter", slug=letter.slug, language=language)
        except Refused as problem:
            refused, manuscript = problem, queries.manuscript(letter)
            translation = manuscript.language(language)
    context = {
        "letter": letter,
        "manuscript": manuscript,
        "original": manuscript.language(letter.language),
        "language": translation,
        "text": translation.text,
        "form": form,
        **_not_saved(refused, manuscript),
    }
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "letters/letter_editor/translate.html", context, status=status)


@of_own_letter("POST")
def drop_translation(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """Throws away what nobody has read yet."""
    try:
        remove_translation(letter, language=language, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("letter_translations", slug=letter.slug)


@of_own_letter("POST")
def revise(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Begins a new text after the one that readers have, or throws it away."""
    deeds: dict[str, Deed] = {"start": start_revision, "discard": discard_revision}
    deed = deeds.get(request.POST.get("action", ""))
    if deed is None:
        raise Http404("There is nothing of that name to do.")
    try:
        deed(letter, by=writer, now=timezone.now())
    except Refused as refused:
        # If it was withdrawn in another window, the page says so.
        if refused.code in {Refusal.TOO_MANY_TEXTS, Refusal.TOO_MUCH_TEXT}:
            messages.error(request, explain(refused, "revise"))
    back = {"translations": "letter_translations"}.get(request.POST.get("back", ""), "edit_letter")
    return redirect(back, slug=letter.slug)


@of_own_letter("GET", "HEAD")
def preview(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """The letter as the public will read it."""
    manuscript = queries.manuscript(letter)
    language = request.GET.get("language", "")
    shown = manuscript.language(language if language in manuscript.texts else letter.language)
    context = {
        "letter": letter,
        "manuscript": manuscript,
        "shown": shown,
        "text": shown.text,
        "cover": Picture.above(manuscript.revision),
    }
    return render(request, "letters/letter_editor/preview.html", context)


@require_POST
@for_organizers
def live_preview(request: HttpRequest) -> JsonResponse:
    """What the text in the editor looks like, by the renderer of the public page."""
    try:
        html = render_markdown(request.POST.get("body", ""))
    except TooComplicated as problem:
        html = f'<p class="error">{escape(SENTENCES_OF_TEXTS[problem.code])}</p>'
    return JsonResponse({"html": html})


@of_own_letter("GET", "HEAD", "POST")
def set_up(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """What the signing form asks, who may sign, and until when."""
    posted = request.POST if request.method == "POST" else None
    form = SettingsForm(letter, posted, zone=letter.collective.zone())
    if form.is_valid():
        try:
            set_up_letter(letter, values=form.cleaned_data, by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("set_up_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return render(
        request,
        "letters/letter_editor/set_up.html",
        {"letter": letter, "form": form},
        status=422 if form.errors else 200,
    )


@of_own_letter("GET", "HEAD", "POST")
def readdress(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Gives it another address; the old one goes on leading there."""
    form = AddressForm(letter, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            readdress_letter(letter, slug=form.cleaned_data["slug"], by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("readdress_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"letter": letter, "form": form, "old": queries.former_slugs(letter)}
    return render(request, "letters/letter_editor/address.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def move(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Close it, open it again, publish it whose text is fixed, or not at the time that was set: one button each."""
    deeds: dict[str, Deed] = {
        "close": close_letter,
        "reopen": reopen_letter,
        "publish": publish_letter,
        "unschedule": partial(schedule_letter, at=None),
    }
    deed = deeds.get(request.POST.get("action", ""))
    if deed is None:
        raise Http404("There is nothing of that name to do.")
    try:
        deed(letter, by=writer, now=timezone.now())
    except Refused as refused:
        # All else happened in another window, and the page says so.
        if refused.code in NOT_YET:
            messages.warning(request, explain(refused, "publish"))
    return redirect("edit_letter", slug=letter.slug)


@of_own_letter("POST", roles=OWNING)
def withdraw(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Takes the letter back and says why: the owner types its address, so that no slip of the hand does it."""
    form = WithdrawForm(letter, request.POST)
    if form.is_valid():
        try:
            withdraw_letter(letter, reason=form.cleaned_data["reason"], by=owner, now=timezone.now())
            return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused, "withdraw")
    context = {"letter": letter, "withdraw": form, "text": queries.manuscript(letter).original}
    return render(request, "letters/letter_editor/withdraw.html", context, status=422)


@of_own_letter("POST", roles=OWNING)
def restore(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Undoes a withdrawal."""
    try:
        restore_letter(letter, by=owner, now=timezone.now())
        messages.success(request, gettext("The withdrawal is undone. The letter is back as it was."))
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("edit_letter", slug=letter.slug)
