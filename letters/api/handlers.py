"""Turn what views raise into problems. What is not named here becomes a page of the site, which the door translates."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from letters.api.problems import (
    BY_STATUS,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    TOO_MANY,
    Problem,
    WrongField,
    name_of_limit,
    problem_of_status,
)
from letters.shared import counting
from letters.shared.limits import TooMany
from letters.shared.refusals import EXPLANATIONS
from letters.shared.refused import Refused

# Pydantic's name for it.
UNKNOWN_FIELD = "extra_forbidden"
# Denial of service: a body of unknown fields would make an answer many times as long.
MAX_ERRORS = 30


def handle_errors(api: NinjaAPI) -> None:
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(Exception, _raise_again)


# The stubs of django-ninja say that a handler may also get a class, which never happens: hence Any.


def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    answer: HttpResponse = problem.answer()
    return answer


def _missing(request: HttpRequest, missing: Any) -> HttpResponse:
    return Problem(NOT_FOUND).answer()


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of_status(error.status_code).answer()


def _raise_again(request: HttpRequest, error: Any) -> HttpResponse:
    """Let the middleware answer: it knows a database that is away from a fault in the program."""
    raise error


def _invalid(request: HttpRequest, invalid: Any) -> HttpResponse:
    """Say what is wrong with each field, without repeating what was sent."""
    errors = [WrongField(".".join(map(str, _place(each))), each["msg"]) for each in invalid.errors[:MAX_ERRORS]]
    return Problem(INVALID, errors=errors).answer()


def _place(error: Any) -> list[str | int]:
    """Return where a field is, without the names that our code gives to the body.

    Privacy: the name of a field that the body must not have is what was sent, so it is not repeated.
    """
    source, *rest = error["loc"]
    if error["type"] == UNKNOWN_FIELD:
        return ["body"]
    return rest[1:] or ["body"] if source == "body" else rest


def _refused(request: HttpRequest, refused: Any) -> HttpResponse:
    counting.refused(refused.code)
    return problem_of(refused).answer()


def problem_of(refused: Refused) -> Problem:
    """Return the refusal of an operation as a problem, with the sentence that a page would show."""
    explanation = EXPLANATIONS[refused.code]
    if isinstance(refused, TooMany):
        used_up = f'"{name_of_limit(refused.code)}";r=0;t={refused.seconds}'
        return Problem(TOO_MANY, headers={"RateLimit": used_up, "Retry-After": str(refused.seconds)})
    kind = BY_STATUS.get(explanation.status, CONFLICT)
    return Problem(kind, str(explanation.sentence), more={"code": str(refused.code)})
