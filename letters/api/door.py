"""Middleware that every request of the API passes before anything else, even before pages that are kept in memory."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from letters.api.problems import NOT_ACCEPTABLE, PROBLEM, TOKEN_IN_ADDRESS, UNSUPPORTED, Problem, problem_of_status
from letters.shared.secrets_of_programs import is_in_address

PREFIX = "/api/"
# For programs with a personal token.
ORGANIZE = "/api/v1/organize/"
# Pages for people, which are no part of the API.
DOCS = "/api/v1/docs/"
JSON = "application/json"
# The key in request.META that holds the website whose scripts may read the answer, once the letter has allowed it.
ALLOWED_ORIGIN = "undersigned.allowed_origin"
EXPOSED = "ETag, RateLimit, RateLimit-Policy, Retry-After"
HEADERS_OF_ERRORS = ["Allow", "Retry-After", "WWW-Authenticate"]


class ApiDoor:
    """Refuse tokens in addresses, answer 406 and 415, and turn every other error into a problem document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX) or request.path_info == DOCS:
            return self.get_response(request)
        try:
            _check_address(request)
            _check_types(request)
        except Problem as problem:
            answer = problem.answer()
        else:
            answer = _as_problem(self.get_response(request))
        # Privacy: search engines leave out every answer, even of a letter whose pages they may show.
        answer.headers["X-Robots-Tag"] = "noindex"
        if request.path_info.startswith(ORGANIZE):
            # Privacy: no other website may read these answers from a browser.
            return answer
        if request.method in {"GET", "HEAD"}:
            # Everyone may read these answers, and they depend on no cookie.
            answer.headers["Access-Control-Allow-Origin"] = "*"
        elif origin := request.META.get(ALLOWED_ORIGIN):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Vary"] = "Origin"
        answer.headers["Access-Control-Expose-Headers"] = EXPOSED
        return answer


def _check_address(request: HttpRequest) -> None:
    """Security: a token in an address is in the logs of proxies and in the history of browsers already."""
    if is_in_address(f"{request.path_info}?{request.META.get('QUERY_STRING', '')}"):
        raise Problem(TOKEN_IN_ADDRESS)


def _check_types(request: HttpRequest) -> None:
    accepted = request.headers.get("Accept")
    if accepted and not any(request.accepts(offered) for offered in (JSON, PROBLEM)):
        raise Problem(NOT_ACCEPTABLE)
    has_body = request.META.get("CONTENT_LENGTH") not in {None, "", "0"}
    if has_body and request.content_type != JSON:
        raise Problem(UNSUPPORTED)


def _as_problem(answer: HttpResponse) -> HttpResponse:
    """Return an error of another part of the site, which is a page for people, as a problem."""
    if answer.status_code < 400 or answer.headers.get("Content-Type") == PROBLEM:
        return answer
    problem = problem_of_status(answer.status_code)
    problem.headers = {name: answer.headers[name] for name in HEADERS_OF_ERRORS if name in answer.headers}
    # Django's own hooks must still run when the connection is closed.
    answer.close()
    return problem.answer()
