"""Pages for organizers about first signatories: upload a list, check its columns, and follow the round."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from letters.base.accounts.guards import of_own_letter
from letters.base.accounts.invitations import Health, health_of
from letters.models import OWNING, Letter, SignatoryList, User
from letters.organizer.collectives.operations import ask_to_invite_again
from letters.organizer.first_signatories import queries
from letters.organizer.first_signatories.forms import UNREADABLE, ColumnsForm, ListForm, WithdrawInvitationForm
from letters.organizer.first_signatories.operations import (
    cancel_invitations,
    discard_list,
    invite_people,
    keep_list,
    remind_invited,
    withdraw_invitation,
)
from letters.organizer.first_signatories.signatory_import import (
    ENCODINGS,
    ParsedList,
    UnreadableList,
    guess_columns,
    read_people,
)
from letters.shared.explaining import explain, sentence
from letters.shared.refused import Refusal, Refused

# Rows and line numbers shown as examples.
PEOPLE_SHOWN = 5
LINES_SHOWN = 20


@of_own_letter("GET", "HEAD", "POST")
def first_signatories(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the state of the invitations, and accept a list."""
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if form.is_valid():
        try:
            keep_list(letter, text=form.text, encoding=form.encoding, by=writer, now=timezone.now())
            return redirect("invite_list", slug=letter.slug)
        except Refused as refused:
            return _invitations_page(
                request, letter, writer, ListForm(), refusal=explain(refused, "invite"), status=409
            )
    return _invitations_page(request, letter, writer, form, status=422 if form.errors else 200)


def _invitations_page(
    request: HttpRequest,
    letter: Letter,
    writer: User,
    form: ListForm,
    *,
    status: int,
    refusal: str = "",
    withdrawal: WithdrawInvitationForm | None = None,
) -> HttpResponse:
    health = health_of(letter.collective)
    context = {
        "letter": letter,
        "form": form,
        "refusal": refusal or _why_not_now(letter, health),
        "progress": queries.progress(letter),
        "health": health,
        "may_ask": health.is_ill and letter.collective.has_role(writer, OWNING),
        "names": queries.signed_names(letter),
        "withdrawal": withdrawal or WithdrawInvitationForm(),
        "text_is_fixed": letter.status == Letter.Status.DRAFT and letter.current_revision_id is not None,
    }
    return render(request, "letters/first_signatories/first_signatories.html", context, status=status)


def _why_not_now(letter: Letter, health: Health) -> str:
    refusal = queries.invitation_refusal(letter, timezone.now()) or (
        Refusal.INVITATIONS_STOPPED if health.is_ill else ""
    )
    if not refusal and not letter.collective.is_cleared():
        refusal = Refusal.NOT_CLEARED
    return sentence(refusal, "invite") if refusal else ""


@of_own_letter("GET", "HEAD", "POST")
def invite_list(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show how the list was read. The organizer corrects it and confirms."""
    kept = queries.list_of(letter, writer, timezone.now())
    encoding, misread = _chosen_encoding(request, kept)
    rows = queries.rows_of(kept, encoding) if kept else []
    if kept is None or not rows:
        messages.info(
            request,
            gettext("We no longer have that list: it was sent, cancelled, or is more than an hour old. Add it again."),
        )
        return redirect("first_signers", slug=letter.slug)
    if request.POST.get("action") == "discard":
        discard_list(letter, by=writer)
        return redirect("first_signers", slug=letter.slug)
    guess = guess_columns(rows)
    # Column meanings that were chosen under another encoding do not apply to this one.
    posted = request.POST if request.method == "POST" and request.POST.get("action") != "encoding" else None
    form = ColumnsForm(rows, guess, posted, encoding=encoding)
    columns, has_heading, refusal = guess.columns, guess.has_heading, ""
    if form.is_valid():
        columns, has_heading = form.meanings(), form.cleaned_data["has_heading"]
    parsed_list = read_people(rows, columns, has_heading=has_heading)
    if form.is_valid() and request.POST.get("action") == "invite":
        try:
            return _invited(request, letter, parsed_list, writer)
        except Refused as refused:
            refusal = explain(refused, "invite")
    return _list_page(request, letter, form, parsed_list=parsed_list, refusal=refusal, misread=misread)


def _chosen_encoding(request: HttpRequest, kept: SignatoryList | None) -> tuple[str, bool]:
    """Return the encoding to use, and whether the list cannot be read in the one that was chosen."""
    if kept is None or not kept.encoding:
        return "", False
    chosen = request.POST.get("encoding", "")
    if chosen not in ENCODINGS:
        return kept.encoding, False
    try:
        queries.rows_of(kept, chosen)
    except UnreadableList:
        return kept.encoding, True
    return chosen, False


def _invited(request: HttpRequest, letter: Letter, parsed_list: ParsedList, writer: User) -> HttpResponse:
    number = invite_people(letter, people=parsed_list.people, by=writer, now=timezone.now())
    words = ngettext(
        "We have received your list of %(number)d address. Anyone who was invited before, has signed or "
        "has said no gets no email.",
        "We have received your list of %(number)d addresses. Anyone who was invited before, has signed or "
        "has said no gets no email.",
        number,
    )
    messages.success(request, words % {"number": number})
    return redirect("first_signers", slug=letter.slug)


def _list_page(
    request: HttpRequest, letter: Letter, form: ColumnsForm, *, parsed_list: ParsedList, refusal: str, misread: bool
) -> HttpResponse:
    sorted_out = queries.sort_out(letter, parsed_list.people)
    eligible = list(sorted_out.eligible.values())
    context: dict[str, Any] = {
        "letter": letter,
        "misread": UNREADABLE["encoding"] if misread else "",
        "form": form,
        "refusal": refusal,
        "number": len(eligible),
        "people": eligible[:PEOPLE_SHOWN],
        "without_address": _line_numbers(parsed_list.without_address),
        "doubles": _line_numbers(parsed_list.doubles),
        "several": _line_numbers(parsed_list.several),
        "slips": _line_numbers(parsed_list.slips),
        "elsewhere": _line_numbers(sorted_out.elsewhere),
        "fixes_text": letter.status == Letter.Status.DRAFT and letter.current_revision_id is None,
    }
    status = 409 if refusal else 422 if form.errors or misread else 200
    return render(request, "letters/first_signatories/invite_list.html", context, status=status)


def _line_numbers(lines: list[int]) -> dict[str, Any]:
    """Return the first line numbers as text, and how many more there are."""
    shown = ", ".join(map(str, sorted(lines)[:LINES_SHOWN]))
    return {"number": len(lines), "lines": shown, "more": max(0, len(lines) - LINES_SHOWN)}


@of_own_letter("POST")
def manage_invitations(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Remind, withdraw one invitation, or cancel the round, one button each."""
    action = request.POST.get("action", "")
    actions = {"remind": _remind, "take_back": _withdraw, "call_off": _cancel, "ask": _ask}
    if action not in actions:
        raise Http404("There is nothing of that name to do.")
    try:
        return actions[action](request, letter, writer)
    except Refused as refused:
        return _invitations_page(request, letter, writer, ListForm(), refusal=explain(refused, "invite"), status=409)


def _remind(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    remind_invited(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("We will send one reminder to everyone who has not answered for a day."))
    return redirect("first_signers", slug=letter.slug)


def _withdraw(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    form = WithdrawInvitationForm(request.POST)
    if not form.is_valid():
        return _invitations_page(request, letter, writer, ListForm(), withdrawal=form, status=422)
    withdraw_invitation(letter, address=form.cleaned_data["email"], by=writer, now=timezone.now())
    messages.success(request, gettext("If there was an unanswered invitation to that address, we have withdrawn it."))
    return redirect("first_signers", slug=letter.slug)


def _cancel(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    cancel_invitations(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("You have withdrawn all unanswered invitations."))
    return redirect("first_signers", slug=letter.slug)


def _ask(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    ask_to_invite_again(letter.collective, by=writer, now=timezone.now())
    messages.success(request, gettext("The people who run this site will review the invitations."))
    return redirect("first_signers", slug=letter.slug)
