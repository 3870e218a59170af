"""The organizers' text history of a letter, and the page on which a signer carries a signature over."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.base.emailed_links.guards import of_a_signature, see_other
from letters.base.outbox.showing import email_page, shown_parts, shows_email, with_email
from letters.models import CONFIRMED, CarryOver, History, Letter, Signature, User
from letters.shared.explaining import explain
from letters.shared.languages import direction, interface_language
from letters.shared.numbers import read_number
from letters.shared.refused import Refused
from letters.shared.tokens import Token
from letters.signer.carry_over import queries
from letters.signer.carry_over.mail import preview
from letters.signer.carry_over.operations import answer_carry_over, ask_to_carry_over


@of_own_letter("GET", "HEAD")
def history(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show every published text, how many people signed each, and the progress of the last question."""
    past = History.of(letter)
    question = queries.question_about(letter)
    texts = [(text, letter.url_of("past_text", number=text.number)) for text in past.texts]
    context = {"letter": letter, "changes": past, "texts": texts, "can_ask": _can_ask(past, question)}
    if question:
        context |= {"question": question, "progress": _progress(letter, question)}
    return render(request, "letters/carry_over/history.html", context)


def _can_ask(past: History, question: CarryOver | None) -> bool:
    return past.has_changed and question is None and past.letter.status in queries.ASKING


def _progress(letter: Letter, question: CarryOver) -> dict[str, object]:
    waiting = queries.still_to_send(question)
    return {
        "is_preparing": question.reached < letter.last_number,
        "owed": question.owed,
        "waiting": min(waiting, queries.MAX_COUNTED),
        "waiting_or_more": waiting > queries.MAX_COUNTED,
        "silent": max(question.owed - question.carried - question.stayed, 0),
    }


@with_email
@of_own_letter("GET", "HEAD", "POST")
def ask(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """GET shows how many people will be asked, and the email; POST asks them."""
    if request.method == "POST":
        try:
            ask_to_carry_over(letter, by=writer, now=timezone.now())
            messages.success(request, gettext("We are asking the signers of the earlier text."))
        except Refused as refused:
            messages.warning(request, explain(refused, "send"))
        return redirect("letter_history", slug=letter.slug)
    past = History.of(letter)
    if past.since is None or not _can_ask(past, queries.question_about(letter)):
        return redirect("letter_history", slug=letter.slug)
    context = {"letter": letter, "changes": past, "mail": shown_parts(preview(letter, past.since))}
    return render(request, "letters/carry_over/ask.html", context)


@shows_email
@of_own_letter("GET", "HEAD")
def as_email(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the HTML part of the email alone, for a frame."""
    past = History.of(letter)
    if past.since is None:
        raise Http404("Nobody can be asked about a change.")
    return email_page(preview(letter, past.since)["html"])


@of_a_signature("carry-over", "GET", "HEAD", "POST")
def carry_over(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """GET shows what changed and two buttons, or the answer; POST answers. Signers can change their answer."""
    refusal = ""
    if request.method == "POST":
        try:
            carries = request.POST.get("action") == "carry"
            # No text has the number zero.
            seen = read_number(request.POST.get("seen", "")) or 0
            answer_carry_over(signature, carries=carries, seen=seen, now=timezone.now())
            return see_other(request.path)
        except Refused as refused:
            refusal = refused.code
    return _carry_over_page(request, signature, refusal)


def _carry_over_page(request: HttpRequest, signature: Signature, refusal: str) -> HttpResponse:
    letter, choice = signature.letter, queries.choice_of(signature)
    language = choice.text.language
    context = {
        "signature": signature,
        "letter": letter,
        "choice": choice,
        "can_answer": signature.state in CONFIRMED and letter.status in queries.ASKING,
        "differences": queries.differences_of(choice) if choice.question else (),
        "title": choice.text.title,
        "language": language,
        "direction": direction(language),
        "letter_url": letter.get_absolute_url(language),
        "history_url": letter.url_of("history", language),
        "link_url": letter.url_of("link", language),
        "refusal": refusal,
    }
    with translation.override(interface_language(signature.language)):
        return render(request, "letters/carry_over/carry_over.html", context, status=409 if refusal else 200)
