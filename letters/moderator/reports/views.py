"""The public pages for reports. They need no account, no cookie and no JavaScript."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods
from limits import parse

from letters.base.accounts.admission import network_of
from letters.base.emailed_links.admission import ProofWanted, Sender, admit_link
from letters.base.emailed_links.guards import from_our_pages, see_other, useless_link, with_a_token
from letters.base.emailed_links.queries import signature_of
from letters.base.public_letters.pages import about_letter, text_or_404
from letters.base.site_limits.queries import rate
from letters.models import Letter, Signature, SiteLimit, Translation
from letters.moderator.reports import queries
from letters.moderator.reports.forms import ReportLetterForm, ReportNameForm, ReportSignatureForm
from letters.moderator.reports.operations import (
    ask_person_named,
    confirm_name_report,
    report_letter,
    report_signature,
)
from letters.shared import limits
from letters.shared.explaining import explain
from letters.shared.languages import direction, interface_language
from letters.shared.limits import Limit, TooMany
from letters.shared.refused import Refusal, Refused
from letters.shared.request_input import safe_fields
from letters.shared.tokens import read_name_report_token

View = Callable[[HttpRequest, Letter, Translation], HttpResponse]
# Abuse: reports from one network about one signature count once a day.
ONCE = parse("1/day")
# Abuse: at most this many emails leave about one signature, whatever networks ask for them.
ABOUT_ONE_SIGNATURE = parse("20/day")


def report_page(name: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Decorate a page with a form for reports. A letter that is down cannot be reported."""

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @from_our_pages
        @require_http_methods(["GET", "HEAD", "POST"])
        @about_letter(name)
        @wraps(view)
        def answer(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
            if letter.status == Letter.Status.TAKEN_DOWN:
                return HttpResponseRedirect(letter.get_absolute_url(language))
            text = text_or_404(letter, language)
            with translation.override(interface_language(language)):
                response = view(request, letter, text)
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return answer

    return decorate


@report_page("report_letter")
def report_letter_page(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    """Take a report about a letter."""
    form = ReportLetterForm(_posted(request), label_suffix="")
    if form.is_valid():
        _admit(request)
        report_letter(letter, notice=form.notice(), language=text.language, now=timezone.now())
        return see_other(f"{request.path}?sent")
    return _page(request, "report_letter", letter, text, form)


@report_page("report_signature")
def report_signature_page(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    """Take a report about a signature. Privacy: the answer is the same whatever the number is."""
    form = ReportSignatureForm(_posted(request), initial={"number": request.GET.get("number", "")[:10]})
    if form.is_valid():
        network, number = _admit(request), form.cleaned_data["number"]
        if not limits.count([Limit(f"report:{letter.pk}:{number}", network, ONCE)]):
            report_signature(letter, number=number, reason=form.cleaned_data["reason"], now=timezone.now())
        return see_other(f"{request.path}?sent")
    return _page(request, "report_signature", letter, text, form)


@report_page("report_name")
def report_name_page(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    """Email someone who says that a name on the list is theirs, and that they did not sign.

    Privacy: the answer is the same whatever the address is. It differs only by what the public list shows.
    """
    form = ReportNameForm(_posted(request), letter=letter, initial={"number": request.GET.get("number", "")[:10]})
    if form.is_valid():
        signature, address = form.cleaned_data["number"], form.cleaned_data["email"]
        network = _admit(request)
        sender = Sender(network=network, proof=request.POST.get("proof", ""), website="", seconds="")
        try:
            admit_link(letter, address, sender, now=timezone.now())
        except ProofWanted as wanted:
            return _page(request, "report_name_proof", letter, text, form, proof=wanted, status=422)
        _count(Limit("named", str(signature.pk), ABOUT_ONE_SIGNATURE))
        ask_person_named(signature, address=address, language=text.language, now=timezone.now())
        return see_other(f"{request.path}?sent")
    return _page(request, "report_name", letter, text, form)


@with_a_token
@from_our_pages
@require_http_methods(["GET", "HEAD", "POST"])
def name_report(request: HttpRequest, token: str, language: str = "") -> HttpResponse:
    """Confirm that one is the person named: GET shows the button, POST stores the report."""
    opened = read_name_report_token(token)
    signature = signature_of(opened) if opened else None
    if opened is None or signature is None:
        return useless_link(request)
    language, now = language or signature.letter.language, timezone.now()
    with translation.override(interface_language(language)):
        if request.method == "POST":
            try:
                confirm_name_report(opened, language=language, now=now)
            except Refused as refused:
                return _confirm_page(request, signature, language, over=explain(refused), status=410)
            return see_other(f"{request.path}?done")
        is_over = "done" not in request.GET and queries.is_over(opened, signature, now=now)
        over = explain(Refused(Refusal.REPORT_LINK_OVER)) if is_over else ""
        return _confirm_page(request, signature, language, over=over, status=410 if over else 200)


def _confirm_page(
    request: HttpRequest, signature: Signature, language: str, *, over: Promise | str, status: int
) -> HttpResponse:
    letter = signature.letter
    context = {
        "signature": signature,
        "text": {"title": queries.title_in(letter, language)},
        "letter": letter,
        "language": language,
        "direction": direction(language),
        "signatures_url": letter.url_of("signatures", language),
        "done": "done" in request.GET,
        "over": over,
    }
    return render(request, "letters/reports/name_report.html", context, status=status)


def _posted(request: HttpRequest) -> QueryDict | None:
    return safe_fields(request.POST) if request.method == "POST" else None


def _admit(request: HttpRequest) -> str:
    """Count a report, and return the network that it came from. Raises TooMany."""
    network = network_of(request)
    _count(Limit("reports", network, rate(SiteLimit.Name.REPORTS)))
    return network


def _count(limit: Limit) -> None:
    if limits.count([limit]):
        raise TooMany(Refusal.MANY_REQUESTS, seconds=limits.seconds_left(limit))


def _page(
    request: HttpRequest,
    name: str,
    letter: Letter,
    text: Translation,
    form: ReportLetterForm | ReportSignatureForm | ReportNameForm,
    *,
    proof: ProofWanted | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "letter": letter,
        "text": text,
        "language": text.language,
        "direction": direction(text.language),
        "letter_url": letter.get_absolute_url(text.language),
        "signatures_url": letter.url_of("signatures", text.language),
        "named_url": letter.url_of("report_name", text.language),
        "form": form,
        "proof": proof,
        "sent": "sent" in request.GET and not form.is_bound,
    }
    return render(request, f"letters/reports/{name}.html", context, status=422 if form.errors else status)
