"""Publish, close, reopen, withdraw and restore a letter."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.models import OWNING, Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import WithdrawForm
from letters.organizer.letter_editor.operations import (
    close_letter,
    publish_letter,
    reopen_letter,
    restore_letter,
    schedule_letter,
    withdraw_letter,
)
from letters.organizer.letter_editor.views.common import NOT_YET, Operation, chosen_operation
from letters.shared.explaining import add_refusal, explain
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD")
def live(request: HttpRequest, letter: Letter, writer: User) -> HttpResponseBase:
    """Say that the letter is public, with its link, ways to share it, and what comes next."""
    if letter.status != Letter.Status.PUBLISHED:
        return redirect("edit_letter", slug=letter.slug)
    context = {
        "letter": letter,
        "text": queries.manuscript(letter).original,
        "letter_url": letter.get_absolute_url(),
        "qr_url": letter.url_of("qr", letter.language),
    }
    return render(request, "letters/letter_editor/live.html", context)


@of_own_letter("POST")
def move(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Close, reopen, publish or unschedule the letter, one button each."""
    operations: dict[str, Operation] = {
        "close": close_letter,
        "reopen": reopen_letter,
        "publish": publish_letter,
        "unschedule": partial(schedule_letter, at=None),
    }
    operation = chosen_operation(request, operations)
    was_draft = letter.status == Letter.Status.DRAFT
    try:
        operation(letter, by=writer, now=timezone.now())
    except Refused as refused:
        # Any other refusal means that it happened in another window, and the page shows that.
        if refused.code in NOT_YET:
            messages.warning(request, explain(refused, "publish"))
        return redirect("edit_letter", slug=letter.slug)
    is_first = was_draft and operation is publish_letter
    return redirect("letter_is_live" if is_first else "edit_letter", slug=letter.slug)


@of_own_letter("POST", roles=OWNING)
def withdraw(request: HttpRequest, letter: Letter, owner: User) -> HttpResponse:
    """Withdraw the letter with a reason. The owner types its slug, so that a slip cannot do it."""
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
    """Undo a withdrawal."""
    try:
        restore_letter(letter, by=owner, now=timezone.now())
        messages.success(request, gettext("The withdrawal is undone. The letter is back as it was."))
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("edit_letter", slug=letter.slug)
