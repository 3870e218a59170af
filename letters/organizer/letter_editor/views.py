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
from django.utils.translation import get_language, gettext, gettext_lazy
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
from letters.shared.refused import Refused
from letters.shared.too_complex import SENTENCES as SENTENCES_OF_TEXTS
from letters.shared.too_complex import TOO_MUCH_TEXT

# The text has been saved, but cannot be published for now.
NOT_YET = {
    "not_cleared": gettext_lazy(
        "Saved, and not published yet. The people who run this site look at each new collective before its first "
        "letter goes out, and they have still to look at yours. Please come back later and press the button again."
    ),
    "too_many_letters": gettext_lazy(
        "Saved, and not published yet. One account can publish five letters within a day. Please come back tomorrow "
        "and press the button again."
    ),
}

# The same where the clock was to publish it.
NOT_SCHEDULED = {
    "not_cleared": gettext_lazy(
        "Your changes are saved, but the letter is not scheduled. The people who run this site check each new "
        "collective before its first letter is published. They have not checked yours yet. Set the time once they "
        "have."
    ),
    "too_many_letters": gettext_lazy(
        "Your changes are saved, but the letter is not scheduled. One account can publish or schedule five letters "
        "within a day. Try again tomorrow."
    ),
}

# A letter that cannot be begun: where the form says so, and what.
NOT_BEGUN = {
    "too_many_drafts": (
        "title",
        gettext_lazy("You have started twenty letters within a day. Start the next one tomorrow."),
    ),
    "too_much_text": ("body", TOO_MUCH_TEXT),
}

Deed = Callable[..., object]


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
            if refused.code not in NOT_BEGUN:
                raise
            form.add_error(*NOT_BEGUN[refused.code])
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
    refusal = ""
    if posted is not None and forms.text.is_valid():
        try:
            if _carry_out(request, letter, writer, forms, action):
                return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            # Both texts are shown: what was typed stays in the form, what a teammate wrote stands beside it.
            refusal = refused.code
            if refusal in NOT_YET:
                sentences = NOT_SCHEDULED if action == "schedule" else NOT_YET
                messages.warning(request, sentences[refusal])
                return redirect("edit_letter", slug=letter.slug)
    manuscript = queries.manuscript(letter) if posted is not None else manuscript
    context = {
        "letter": letter,
        "text": manuscript.original,
        "manuscript": manuscript,
        "form": forms.text,
        "schedule": forms.schedule,
        "revision_form": forms.revision,
        "refusal": refusal,
        "sentence": _sentence(refusal, manuscript),
        "zone": letter.collective.zone(),
        "language": manuscript.language(letter.language),
        "must_be_cleared": not letter.collective.is_cleared(),
        "new_languages": queries.new_languages(manuscript, timezone.now()),
        **_withdrawing(letter, writer),
    }
    wrong = forms.text.errors or forms.schedule.errors or forms.revision.errors
    return render(
        request, "letters/letter_editor/write.html", context, status=409 if refusal else 422 if wrong else 200
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
        said = gettext("It is published. Still as they were, though the original has changed: %(languages)s.")
        messages.warning(request, said % {"languages": ", ".join(behind)})
    return True


def _sentence(refusal: str, manuscript: queries.Manuscript) -> str:
    """Why it was not done, for those who did it."""
    if refusal == "languages_missing":
        missing = ", ".join(manuscript.missing)
        return gettext("Readers have it in %(languages)s too, and this revision does not.") % {"languages": missing}
    return str(SENTENCES.get(refusal, gettext("That cannot be done now."))) if refusal else ""


SENTENCES = {
    "changed_meanwhile": gettext_lazy(
        "A teammate has written meanwhile. Nothing is lost: your text stands in the form, theirs below it. "
        "Take over what you want, and save."
    ),
    "revision_published": gettext_lazy(
        "The letter has been published meanwhile, and its text does not change any more. What you have typed stands "
        "below: you can keep it as a new revision."
    ),
    "not_a_correction": gettext_lazy(
        "This is more than a correction. Compared with the last text that people signed as such, the addressee, the "
        "title, a picture or more than 5 % of the words are different in one of the languages. Your text is saved. "
        "Publish it as a change of substance, so that nobody seems to have signed what they have not read."
    ),
    "nothing_changed": gettext_lazy("Nothing has changed since the last publication, so there is nothing to publish."),
    "too_many_texts": gettext_lazy(
        "This letter has had 500 texts, which is the most that we keep. Write a new letter, and link to this one."
    ),
    "in_the_past": gettext_lazy("That moment has passed. Choose a later one, or publish it now."),
    "published_already": gettext_lazy("The letter is published already."),
    "letter_withdrawn": gettext_lazy("The letter has been withdrawn, and stays as it is."),
    "too_many_publications": gettext_lazy(
        "Your text is saved, but not published. A letter can be published anew ten times within a day, and this one "
        "has been. Publish it tomorrow."
    ),
    "too_many_languages": gettext_lazy(
        "This was not saved, because the letter has forty languages, as many as it can have. Keep a copy of this text, "
        "and remove another language first."
    ),
    "too_much_text": TOO_MUCH_TEXT,
}
# What the editor that saves by itself says. Neither a teammate nor a publication is the reason.
NO_ROOM = ("too_many_languages", "too_much_text")


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
            return JsonResponse({"problem": str(SENTENCES[refused.code])}, status=422)
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
    refusal = ""
    if form.is_valid():
        try:
            write_text(letter, text=form.text(language), **_seen(request, writer))
            messages.success(request, gettext("Saved."))
            return redirect("translate_letter", slug=letter.slug, language=language)
        except Refused as refused:
            refusal, manuscript = refused.code, queries.manuscript(letter)
            translation = manuscript.language(language)
    context = {
        "letter": letter,
        "manuscript": manuscript,
        "original": manuscript.language(letter.language),
        "language": translation,
        "text": translation.text,
        "form": form,
        "refusal": refusal,
        "sentence": _sentence(refusal, manuscript),
    }
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "letters/letter_editor/translate.html", context, status=status)


@of_own_letter("POST")
def drop_translation(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """Throws away what nobody has read yet."""
    try:
        remove_translation(letter, language=language, by=writer, now=timezone.now())
    except Refused:
        messages.error(request, gettext("Readers have this language: it stays, and can be changed in a new revision."))
    return redirect("letter_translations", slug=letter.slug)


NOT_STARTED = {
    "too_many_texts": SENTENCES["too_many_texts"],
    "too_much_text": gettext_lazy(
        "A new revision was not started, because your account has added as much text today as it may, 20 MB. "
        "Start it tomorrow."
    ),
}


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
        if sentence := NOT_STARTED.get(refused.code):
            messages.error(request, sentence)
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
            form.add_error(*_not_set_up(refused))
    return render(
        request,
        "letters/letter_editor/set_up.html",
        {"letter": letter, "form": form},
        status=422 if form.errors else 200,
    )


def _not_set_up(refused: Refused) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    if refused.code == "open_already":
        return "opens_at", gettext("The letter has already taken signatures, so this time cannot be in the future.")
    if refused.code == "end_is_past":
        return "closes_at", gettext("This time has passed. Choose a later one, or leave it empty and close the letter.")
    raise Http404(refused.code) from refused


@of_own_letter("GET", "HEAD", "POST")
def readdress(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Gives it another address; the old one goes on leading there."""
    form = AddressForm(letter, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            readdress_letter(letter, slug=form.cleaned_data["slug"], by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("readdress_letter", slug=letter.slug)
        except Refused:
            form.add_error("slug", gettext("Another letter has this address, or had it once. Choose another."))
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
            messages.warning(request, NOT_YET[refused.code])
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
            if refused.code != "no_worker":
                raise Http404(refused.code) from refused
            form.add_error(
                None,
                gettext("Nothing was changed, because we could not email the owners about it. Try again in a minute."),
            )
    context = {"letter": letter, "withdraw": form, "text": queries.manuscript(letter).original}
    return render(request, "letters/letter_editor/withdraw.html", context, status=422)


@of_own_letter("POST", roles=OWNING)
def restore(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Undoes a withdrawal."""
    try:
        restore_letter(letter, by=owner, now=timezone.now())
        messages.success(request, gettext("The letter is back as it was."))
    except Refused as refused:
        if refused.code != "final":
            raise Http404(refused.code) from refused
        messages.error(request, gettext("A day has passed, so the withdrawal is final."))
    return redirect("edit_letter", slug=letter.slug)
