"""Pages for organizers about first signatories: upload a list, check its columns, and follow the invitations."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from letters.base.accounts.guards import of_own_letter
from letters.base.accounts.invitations import Health, health_of
from letters.base.outbox.showing import email_page, shows_email
from letters.models import OWNING, Letter, SignatoryList, User
from letters.organizer.collectives.operations import ask_to_invite_again
from letters.organizer.first_signatories import invited, queries
from letters.organizer.first_signatories.forms import (
    UNREADABLE,
    ColumnsForm,
    ListForm,
    WithdrawInvitationForm,
    WordsForm,
)
from letters.organizer.first_signatories.invited import MAX_ORDERED
from letters.organizer.first_signatories.list_check import CheckedLine, check_page
from letters.organizer.first_signatories.mail import preview
from letters.organizer.first_signatories.operations import (
    cancel_invitation,
    cancel_invitations,
    discard_list,
    invite_people,
    keep_list,
    order_names,
    remind_invited,
    resend_invitation,
    withdraw_invitation,
)
from letters.organizer.first_signatories.paging import ListPage
from letters.organizer.first_signatories.signatory_import import (
    ENCODINGS,
    Guess,
    ParsedList,
    Row,
    UnreadableList,
    guess_columns,
    read_people,
)
from letters.shared.explaining import explain, sentence
from letters.shared.numbers import MAX_DIGITS_OF_ID, read_number
from letters.shared.refused import Refusal, Refused

# At most this many line numbers are shown as examples.
LINES_SHOWN = 20
# Denial of service: at most this much of a list of line numbers is read. An import has at most 5,000 lines.
MAX_LINES_LENGTH = 40_000


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
        "invited": invited.invited_people(letter, now=timezone.now(), page=_page_number(request)),
        "may_resend": not health.is_ill and not queries.reminder_refusal(letter, timezone.now()),
        "ordered": invited.ordered_names(letter),
        "withdrawal": withdrawal or WithdrawInvitationForm(),
        "text_is_fixed": letter.status == Letter.Status.DRAFT and letter.current_revision_id is not None,
    }
    return render(request, "letters/first_signatories/first_signatories.html", context, status=status)


def _page_number(request: HttpRequest) -> int:
    typed = request.POST.get("page") or request.GET.get("page", "")
    return read_number(typed, max_digits=5) or 1


def _why_not_now(letter: Letter, health: Health) -> str:
    refusal = queries.invitation_refusal(letter, timezone.now()) or (
        Refusal.INVITATIONS_STOPPED if health.is_ill else ""
    )
    if not refusal and not letter.collective.is_cleared():
        refusal = Refusal.NOT_CLEARED
    return sentence(refusal, "invite") if refusal else ""


@shows_email
@of_own_letter("POST")
def as_email(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the invitation email with the words that were typed. They are not stored."""
    words = WordsForm(request.POST)
    typed = words.cleaned_data if words.is_valid() else {}
    sender, note = typed.get("sender", ""), typed.get("note", "")
    return email_page(preview(letter, sender=sender, note=note, now=timezone.now())["html"])


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
        return redirect("first_signatories", slug=letter.slug)
    if request.POST.get("action") == "discard":
        discard_list(letter, by=writer)
        return redirect("first_signatories", slug=letter.slug)
    guess = guess_columns(rows)
    # Column meanings that were chosen under another encoding do not apply to this one.
    posted = request.POST if request.method == "POST" and request.POST.get("action") != "encoding" else None
    form = ColumnsForm(rows, guess, posted, encoding=encoding)
    sender, note = invited.last_words(letter)
    words = WordsForm(request.POST if request.method == "POST" else None, sender=sender, note=note)
    check = _read_list(request, letter, rows, form, guess)
    refusal = ""
    if form.is_valid() and words.is_valid() and request.POST.get("action") == "invite":
        try:
            return _invited(request, letter, check.parsed_list, words, writer)
        except Refused as refused:
            refusal = explain(refused, "invite")
    return _list_page(request, letter, form, words, check=check, refusal=refusal, misread=misread)


@dataclass(frozen=True)
class Check:
    """The reading of a list, and the page of its lines that is shown."""

    parsed_list: ParsedList
    sorted_out: queries.SortedOut
    left_out: set[int]
    page: ListPage[CheckedLine]


def _read_list(request: HttpRequest, letter: Letter, rows: list[Row], form: ColumnsForm, guess: Guess) -> Check:
    columns, has_heading = guess.columns, guess.has_heading
    if form.is_valid():
        columns, has_heading = form.meanings(), form.cleaned_data["has_heading"]
    body = rows[1 if has_heading else 0 :]
    left_out = _left_out(request.POST) & {row.line for row in body}
    kept = [row for row in rows if row.line not in left_out]
    parsed_list = read_people(kept, columns, has_heading=has_heading)
    sorted_out = queries.sort_out(letter, parsed_list.people)
    page = check_page(body, parsed_list, sorted_out, left_out, _page_number(request))
    return Check(parsed_list, sorted_out, left_out, page)


def _left_out(posted: QueryDict) -> set[int]:
    """Return the lines that the organizer leaves out: those selected on this page, and on other pages."""
    elsewhere = _lines_in(posted.get("left_out", "")) - _lines_in(posted.get("on_page", ""))
    return elsewhere | _lines_in(",".join(posted.getlist("leave_out")))


def _lines_in(typed: str) -> set[int]:
    return {int(line) for line in typed[:MAX_LINES_LENGTH].split(",") if _is_small(line)}


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


def _invited(
    request: HttpRequest, letter: Letter, parsed_list: ParsedList, words_form: WordsForm, writer: User
) -> HttpResponse:
    number = invite_people(letter, people=parsed_list.people, by=writer, now=timezone.now(), **words_form.cleaned_data)
    words = ngettext(
        "We have received your list of %(number)d address. Anyone who was invited before, has signed or "
        "has said no gets no email.",
        "We have received your list of %(number)d addresses. Anyone who was invited before, has signed or "
        "has said no gets no email.",
        number,
    )
    messages.success(request, words % {"number": number})
    return redirect("first_signatories", slug=letter.slug)


def _list_page(
    request: HttpRequest,
    letter: Letter,
    form: ColumnsForm,
    words: WordsForm,
    *,
    check: Check,
    refusal: str,
    misread: bool,
) -> HttpResponse:
    parsed_list, sorted_out = check.parsed_list, check.sorted_out
    context: dict[str, Any] = {
        "letter": letter,
        "misread": UNREADABLE["encoding"] if misread else "",
        "form": form,
        "words": words,
        "refusal": refusal,
        "number": len(sorted_out.eligible),
        "check": check.page,
        "left_out": ",".join(map(str, sorted(check.left_out))),
        "on_page": ",".join(str(each.line) for each in check.page.lines),
        "without_address": _line_numbers(parsed_list.without_address),
        "doubles": _line_numbers(parsed_list.doubles),
        "several": _line_numbers(parsed_list.several),
        "slips": _line_numbers(parsed_list.slips),
        "elsewhere": _line_numbers(sorted_out.elsewhere),
        "fixes_text": letter.status == Letter.Status.DRAFT and letter.current_revision_id is None,
    }
    status = 409 if refusal else 422 if form.errors or words.errors or misread else 200
    return render(request, "letters/first_signatories/invite_list.html", context, status=status)


def _line_numbers(lines: list[int]) -> dict[str, Any]:
    """Return the first line numbers as text, and how many more there are."""
    shown = ", ".join(map(str, sorted(lines)[:LINES_SHOWN]))
    return {"number": len(lines), "lines": shown, "more": max(0, len(lines) - LINES_SHOWN)}


@of_own_letter("POST")
def manage_invitations(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Do what the pressed button says: send reminders, send again, cancel one invitation or all, or order the names."""
    action = "order" if {"up", "down"} & {*request.POST} else request.POST.get("action", "")
    actions = {"remind": _remind, "withdraw": _withdraw, "cancel": _cancel, "ask": _ask}
    actions |= {"resend": _resend, "cancel_one": _cancel_one, "order": _order}
    if action not in actions:
        raise Http404("There is no such action.")
    try:
        return actions[action](request, letter, writer)
    except Refused as refused:
        return _invitations_page(request, letter, writer, ListForm(), refusal=explain(refused, "invite"), status=409)


def _remind(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    remind_invited(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("We will send one reminder to everyone who has not answered for a day."))
    return redirect("first_signatories", slug=letter.slug)


def _withdraw(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    form = WithdrawInvitationForm(request.POST)
    if not form.is_valid():
        return _invitations_page(request, letter, writer, ListForm(), withdrawal=form, status=422)
    withdraw_invitation(letter, address=form.cleaned_data["email"], by=writer, now=timezone.now())
    messages.success(request, gettext("If there was an unanswered invitation to that address, we have cancelled it."))
    return redirect("first_signatories", slug=letter.slug)


def _cancel(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    cancel_invitations(letter, by=writer, now=timezone.now())
    messages.success(request, gettext("You have cancelled all unanswered invitations."))
    return redirect("first_signatories", slug=letter.slug)


def _resend(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Privacy: the answer is the same whether or not the person has answered."""
    resend_invitation(letter, person_id=_person_of(request), by=writer, now=timezone.now())
    messages.success(request, gettext("If this person has not answered, we will send the invitation once more."))
    return _back_to_list(request, letter)


def _cancel_one(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    cancel_invitation(letter, person_id=_person_of(request), by=writer, now=timezone.now())
    cancelled = gettext(
        "You have cancelled this invitation. If the person has already answered, their answer still counts."
    )
    messages.success(request, cancelled)
    return _back_to_list(request, letter)


def _person_of(request: HttpRequest) -> int:
    person = read_number(request.POST.get("person", ""), max_digits=MAX_DIGITS_OF_ID)
    if person is None:
        raise Http404("There is no such person.")
    return person


def _back_to_list(request: HttpRequest, letter: Letter) -> HttpResponse:
    url = reverse("first_signatories", kwargs={"slug": letter.slug})
    return redirect(f"{url}?page={_page_number(request)}#invited")


def _order(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    order_names(letter, numbers=_wanted_order(request.POST), by=writer, now=timezone.now())
    messages.success(request, gettext("You have changed the order of the names."))
    return redirect(f"{reverse('first_signatories', kwargs={'slug': letter.slug})}#order")


def _wanted_order(posted: QueryDict) -> list[int]:
    """Return the sequence numbers in the order of the typed positions, or with one number moved by one position.

    A name that moves up to another name's position comes before it; a name that moves down comes after it.
    """
    fields = [name.removeprefix("place_") for name in posted if name.startswith("place_")][:MAX_ORDERED]
    shown = [int(number) for number in fields if _is_small(number)]
    typed = {number: place for place, number in enumerate(shown, 1)}
    wanted = {number: _place_of(posted.get(f"place_{number}", ""), typed[number]) for number in shown}
    order = sorted(shown, key=lambda number: (wanted[number], _sign(wanted[number] - typed[number])))
    for name, step in (("up", -1), ("down", 1)):
        if _is_small(moved := posted.get(name, "")) and int(moved) in order:
            place = order.index(int(moved))
            order.insert(max(0, place + step), order.pop(place))
    return order


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _is_small(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 10


def _place_of(typed: str, otherwise: int) -> int:
    return int(typed) if _is_small(typed) else otherwise


def _ask(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    ask_to_invite_again(letter.collective, by=writer, now=timezone.now())
    messages.success(request, gettext("The people who run this site will review the invitations."))
    return redirect("first_signatories", slug=letter.slug)
