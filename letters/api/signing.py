"""Sign on another website: the same form, limits, proof of work, operation and email as on the letter's page."""

import json

from django.conf import settings
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils import timezone, translation

from letters.api import schemas
from letters.api.answers import OF_EVERY_REQUEST, api, as_json, policy, websites_of
from letters.api.door import ALLOWED_ORIGIN
from letters.api.problems import ELSEWHERE, INVALID, PROOF_WANTED, TAKEN_DOWN, Problem, WrongField
from letters.base.emailed_links.admission import ProofWanted
from letters.base.site_limits.queries import rate
from letters.models import Letter, SiteLimit
from letters.shared.languages import interface_language
from letters.shared.refused import Refusal, Refused
from letters.shared.request_input import safe_fields
from letters.signer.signing.forms import SigningForm
from letters.signer.signing.queries import letter_to_sign
from letters.signer.signing.views.layout import check_url
from letters.signer.signing.views.signing import take

PATH = "/letters/{slug:slug}/signatures/"
PROBLEMS = (403, 404, 409, 410, 413, 415, 429, *OF_EVERY_REQUEST)
# For how long a browser need not ask again whether a website may send signatures (in seconds).
ASKED_AGAIN_AFTER = 600


def from_allowed_website(request: HttpRequest) -> bool:
    """Let the websites in that the letter allows, before the body is read. Raises Problem and Http404.

    Signatures of other websites and of programs are refused: a signer's own browser sends each, so that limits and
    traces are about the signer's network.
    """
    slug = request.resolver_match.kwargs["slug"] if request.resolver_match else ""
    origin = request.headers.get("Origin", "")
    if origin not in websites_of(_letter(slug)):
        raise Problem(ELSEWHERE)
    request.META[ALLOWED_ORIGIN] = origin
    return True


def _letter(slug: str, language: str = "") -> Letter:
    try:
        letter = letter_to_sign(slug, language)
    except Letter.DoesNotExist as missing:
        raise Http404 from missing
    if letter.status == Letter.Status.TAKEN_DOWN:
        raise Problem(TAKEN_DOWN)
    return letter


@api.api_operation(["OPTIONS"], PATH, include_in_schema=False, auth=from_allowed_website, url_name="api_signatures")
def preflight(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell the browser that this website may send signatures (CORS)."""
    allowed = {"Methods": "POST", "Headers": "Content-Type"}
    headers = {f"Access-Control-Allow-{name}": value for name, value in allowed.items()}
    return HttpResponse(status=204, headers={**headers, "Access-Control-Max-Age": str(ASKED_AGAIN_AFTER)})


@api.post(
    PATH,
    response={202: schemas.Taken, **dict.fromkeys(PROBLEMS, schemas.ProblemDocument)},
    auth=from_allowed_website,
    url_name="api_signatures",
    operation_id="sign",
    summary="Sign",
)
def sign(request: HttpRequest, slug: str, typed: schemas.ToSign) -> HttpResponseBase:
    """Sign a letter on another website that the letter allows, from the browser of the signer.

    The answer is the same whether or not the address has signed before; the email differs.
    """
    letter = _letter(slug, typed.language or "")
    language = typed.language or letter.language
    with translation.override(interface_language(language)):
        token = _take(request, letter, typed, language)
    taken = schemas.Taken(check_url=settings.SITE_URL + check_url(letter, language, token))
    stated = policy(
        (Refusal.MANY_FROM_NETWORK, rate(SiteLimit.Name.NETWORK_HARD)),
        (Refusal.MANY_FOR_ADDRESS, settings.LIMIT_ADDRESS),
    )
    answer = as_json(taken, headers={"Cache-Control": "no-store", **stated})
    answer.status_code = 202
    return answer


def _take(request: HttpRequest, letter: Letter, typed: schemas.ToSign, language: str) -> str:
    """Send what was typed through the form of the letter's page, and return the token of "Check your email"."""
    form = SigningForm(letter, _as_form_data(request, typed))
    if refusal := letter.refusal(timezone.now()):
        raise Refused(refusal)
    if not form.is_valid():
        raise Problem(INVALID, errors=_errors_of(form))
    try:
        return take(request, letter, form, language)
    except ProofWanted as wanted:
        raise Problem(PROOF_WANTED, more={"challenge": json.loads(wanted.challenge)}) from wanted


def _as_form_data(request: HttpRequest, typed: schemas.ToSign) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in typed.model_dump(mode="json", exclude={"language", "show_domain"}).items():
        data[name] = str(value)
    if typed.show_domain:
        data["show_domain"] = "on"
    data["via"] = str(request.META[ALLOWED_ORIGIN]).removeprefix("https://").partition(":")[0]
    return safe_fields(data)


def _errors_of(form: BaseForm) -> list[WrongField]:
    return [
        WrongField("body" if name == "__all__" else name, str(error["message"]), str(error["code"]))
        for name, errors in form.errors.get_json_data().items()
        for error in errors
    ]
