"""The page of one letter: its text while it is a draft, and what can be done with it afterwards."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.base.letter_reviews.queries import waits_for_site
from letters.base.outbox.queries import undelivered
from letters.models import Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import (
    RevisionForm,
    ScheduleForm,
    TextForm,
)
from letters.organizer.letter_editor.operations import (
    publish_letter,
    schedule_letter,
    start_revision,
    write_text,
)
from letters.organizer.letter_editor.views.common import NOT_YET, not_saved, withdrawing_context
from letters.organizer.letter_editor.views.previewing import with_live_preview
from letters.shared.explaining import explain
from letters.shared.refused import Refused


@with_live_preview
@of_own_letter("GET", "HEAD", "POST")
def edit(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Edit the text until it is published; afterwards offer what can be done with the letter."""
    manuscript = queries.manuscript(letter)
    posted = request.POST if request.method == "POST" else None
    if posted is None and (not manuscript.is_open or letter.is_ended):
        return _published(request, manuscript, writer)
    action = request.POST.get("action", "")
    forms = _EditForms.of(manuscript, posted, action)
    refused, was_draft = None, letter.status == Letter.Status.DRAFT
    if posted is not None and forms.text.is_valid():
        try:
            if _carry_out(request, letter, writer, forms, action):
                if action == "publish" and was_draft:
                    return redirect("letter_is_live", slug=letter.slug)
                return redirect("edit_letter", slug=letter.slug)
        except Refused as problem:
            # Show both texts: the form keeps what was typed, and the other member's text appears beside it.
            refused = problem
            if refused.code in NOT_YET:
                messages.warning(request, explain(refused, "schedule" if action == "schedule" else "publish"))
                return redirect("edit_letter", slug=letter.slug)
    manuscript = queries.manuscript(letter) if posted is not None else manuscript
    return _write_page(request, manuscript, writer, forms, refused)


def _write_page(
    request: HttpRequest, manuscript: queries.Manuscript, writer: User, forms: "_EditForms", refused: Refused | None
) -> HttpResponse:
    letter = manuscript.letter
    context = {
        "letter": letter,
        "text": manuscript.original,
        "manuscript": manuscript,
        "form": forms.text,
        "schedule": forms.schedule,
        "revision_form": forms.revision,
        **not_saved(refused, manuscript),
        "zone": letter.zone(),
        "language": manuscript.language(letter.language),
        "must_be_cleared": not letter.collective.is_cleared(),
        "is_reviewed_first": settings.REVIEW_LETTERS_FIRST,
        "waiting": waits_for_site(letter),
        "new_languages": queries.new_languages(manuscript, timezone.now()),
        **withdrawing_context(letter, writer),
    }
    status = 409 if refused else 422 if forms.have_errors else 200
    return render(request, "letters/letter_editor/write.html", context, status=status)


@dataclass(frozen=True)
class _EditForms:
    text: TextForm
    schedule: ScheduleForm
    revision: RevisionForm

    @classmethod
    def of(cls, manuscript: queries.Manuscript, posted: QueryDict | None, action: str) -> "_EditForms":
        letter = manuscript.letter
        return cls(
            text=TextForm(posted, text=manuscript.original, language=letter.language),
            schedule=ScheduleForm(letter, posted if action == "schedule" else None, zone=letter.zone()),
            revision=RevisionForm(
                posted if action == "publish" and letter.current_revision_id else None,
                languages=[language for language in manuscript.texts if language != letter.language],
            ),
        )

    @property
    def have_errors(self) -> bool:
        return bool(self.text.errors or self.schedule.errors or self.revision.errors)


def _carry_out(request: HttpRequest, letter: Letter, writer: User, forms: _EditForms, action: str) -> bool:
    """Save the text, then do what the pressed button says, so that nobody publishes an older text than they see.

    Returns False if one of the other forms has an error. The text is saved even then.
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
    if not publish_letter(letter, by=writer, now=now, **(form.said() if form.is_bound else {})):
        messages.success(request, gettext("Saved. The text is waiting for the people who run this site to review it."))
        return True
    if behind := queries.manuscript(letter).behind:
        said = gettext("You have published the letter. These translations are older than the original: %(languages)s.")
        messages.warning(request, said % {"languages": ", ".join(behind)})
    return True


def _published(request: HttpRequest, manuscript: queries.Manuscript, writer: User) -> HttpResponse:
    """Offer what can be done with a letter whose newest text is published."""
    letter = manuscript.letter
    context = {
        "letter": letter,
        "text": manuscript.original,
        **withdrawing_context(letter, writer),
        "undelivered": undelivered(letter),
        "must_be_cleared": not letter.collective.is_cleared(),
        "is_reviewed_first": settings.REVIEW_LETTERS_FIRST,
        "waiting": waits_for_site(letter),
    }
    return render(request, "letters/letter_editor/edit.html", context)
