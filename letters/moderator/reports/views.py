"""The public forms for reports. They need no account, no cookie and no JavaScript."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods
from limits import parse

from letters.base.accounts.admission import network_of
from letters.base.emailed_links.guards import from_our_pages, see_other
from letters.models import Letter, Translation
from letters.moderator.reports.forms import ReportLetterForm, ReportSignatureForm
from letters.moderator.reports.operations import report_letter, report_signature
from letters.shared import limits
from letters.shared.languages import direction, interface_language
from letters.shared.limits import Limit, TooMany
from letters.shared.refused import Refusal
from letters.shared.request_input import safe_fields

View = Callable[[HttpRequest, Letter, Translation], HttpResponse]
# Abuse: reports from one network about one signature count once a day.
ONCE = parse("1/day")


def of_letter(view: View) -> Callable[..., HttpResponse]:
    """Find the letter and its text, or answer 404. A letter that is down cannot be reported."""

    @from_our_pages
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def found(request: HttpRequest, slug: str, language: str = "") -> HttpResponse:
        letter = Letter.objects.public().select_related("collective").filter(slug=slug).first()
        if letter is None:
            raise Http404("There is no letter here.")
        language = language or letter.language
        if letter.status == Letter.Status.TAKEN_DOWN:
            return HttpResponseRedirect(letter.get_absolute_url(language))
        text = Translation.objects.filter(revision=letter.current_revision_id or 0, language=language).defer("body")
        if not (shown := text.first()):
            raise Http404("The letter has not been translated into this language.")
        with translation.override(interface_language(language)):
            response = view(request, letter, shown)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return found


@of_letter
def report_letter_page(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    """Take a report about a letter."""
    form = ReportLetterForm(_posted(request), label_suffix="")
    if form.is_valid():
        _admit(request)
        report_letter(letter, notice=form.notice(), language=text.language, now=timezone.now())
        return see_other(f"{request.path}?sent")
    return _page(request, "report_letter", letter, text, form)


@of_letter
def report_signature_page(request: HttpRequest, letter: Letter, text: Translation) -> HttpResponse:
    """Take a report about a signature. Privacy: the answer is the same whatever the number is."""
    form = ReportSignatureForm(_posted(request), initial={"number": request.GET.get("number", "")[:10]})
    if form.is_valid():
        network, number = _admit(request), form.cleaned_data["number"]
        if not limits.count([Limit(f"report:{letter.pk}:{number}", network, ONCE)]):
            report_signature(letter, number=number, reason=form.cleaned_data["reason"], now=timezone.now())
        return see_other(f"{request.path}?sent")
    return _page(request, "report_signature", letter, text, form)


def _posted(request: HttpRequest) -> QueryDict | None:
    return safe_fields(request.POST) if request.method == "POST" else None


def _admit(request: HttpRequest) -> str:
    """Count a report, and return the network that it came from. Raises TooMany."""
    network = network_of(request)
    limit = Limit("reports", network, settings.LIMIT_REPORTS)
    if limits.count([limit]):
        raise TooMany(Refusal.MANY_REQUESTS, seconds=limits.seconds_left(limit))
    return network


def _page(
    request: HttpRequest, name: str, letter: Letter, text: Translation, form: ReportLetterForm | ReportSignatureForm
) -> HttpResponse:
    context = {
        "letter": letter,
        "text": text,
        "language": text.language,
        "direction": direction(text.language),
        "letter_url": letter.get_absolute_url(text.language),
        "signatures_url": letter.url_of("signatures", text.language),
        "form": form,
        "sent": "sent" in request.GET and not form.is_bound,
    }
    return render(request, f"letters/reports/{name}.html", context, status=422 if form.errors else 200)
