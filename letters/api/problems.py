"""Errors of the API as problem details (RFC 9457).

Privacy: a problem never repeats what was sent, because answers end up in other people's logs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import reverse

from letters.shared.refused import Refusal

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem. Its name is the end of its type, and its place on the page of the docs."""

    name: str
    status: int
    title: str
    detail: str
    # The requests that can have this problem, if not all with its status: "sent" with a body, or "token".
    only: str = ""

    @property
    def url(self) -> str:
        return f"{settings.SITE_URL}{reverse('api_docs')}#problem-{self.name}"


UNREADABLE = Kind("unreadable", 400, "The request cannot be read", "Send a body that is valid JSON, in UTF-8.", "sent")
FORBIDDEN = Kind("forbidden", 403, "You may not do this", "Nothing was changed.", "sent")
NOT_FOUND = Kind("not-found", 404, "There is nothing here", "Check the address. Letters that are not public have none.")
NOT_ALLOWED = Kind("method", 405, "This address has no such method", "The header Allow lists the methods it has.")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "The API sends nothing that you accept", "It sends application/json.")
CONFLICT = Kind("refused", 409, "This cannot be done now", "Nothing was changed.")
TAKEN_DOWN = Kind("taken-down", 410, "The site has taken this letter down", "The page of the letter says when and why.")
TOO_LARGE = Kind("too-large", 413, "The body is too large", "Send a smaller one. Nothing was read.")
UNSUPPORTED = Kind("unsupported", 415, "This is not JSON", "Send the header Content-Type: application/json.")
ELSEWHERE = Kind(
    "website",
    403,
    "This letter takes no signatures on your website",
    "Its organizers list the websites under “Form and dates”. Requests need the header Origin, as browsers send it. "
    "A letter that names nobody yet takes signatures only on its own page.",
    "sent",
)
TOKEN_IN_ADDRESS = Kind(
    "token-in-address",
    400,
    "The address contains a personal token",
    "Addresses end up in logs. Revoke this token now, on the page where you created it. Send the new one in the header "
    "Authorization: Bearer.",
)
NO_TOKEN = Kind(
    "token",
    401,
    "This needs a personal token that works",
    "Send one header Authorization: Bearer with the token. It may have expired or been revoked. Members of a "
    "collective create tokens on its page “Personal tokens”.",
    "token",
)
NO_SCOPE = Kind("scope", 403, "The token may not read this", "Create a token with another scope.", "token")
INVALID = Kind("invalid", 422, "Something in the request is missing or wrong", "The field “errors” lists what.")
PROOF_WANTED = Kind(
    "proof",
    422,
    "The browser of the signer must run a check",
    "Solve the challenge (ALTCHA, PBKDF2/SHA-256), and send the same again with the solution as “proof”.",
    "sent",
)
TOO_MANY = Kind("too-many", 429, "Too many requests", "Wait for the seconds that Retry-After states, then try again.")
BROKEN = Kind("broken", 500, "The site has failed", "The people who run it can see the cause. Try again later.")
UNAVAILABLE = Kind(
    "unavailable", 503, "A part of the site does not answer", "Nothing was saved. Try again in half a minute."
)

KINDS = [
    *[UNREADABLE, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, NOT_ACCEPTABLE, CONFLICT, TAKEN_DOWN, TOO_LARGE, UNSUPPORTED],
    *[INVALID, TOO_MANY, BROKEN, UNAVAILABLE, ELSEWHERE, PROOF_WANTED],
    *[TOKEN_IN_ADDRESS, NO_TOKEN, NO_SCOPE],
]
# The first kind of a status is the general one.
BY_STATUS = {kind.status: kind for kind in reversed(KINDS)}


@dataclass(frozen=True)
class WrongField:
    """What is wrong with one parameter or one field of the body."""

    field: str
    detail: str
    # What an answer to a question needs to know, such as "unsure".
    code: str = ""


@dataclass
class Problem(Exception):
    """A request that cannot be answered as wanted."""

    kind: Kind
    detail: str = ""
    errors: Sequence[WrongField] = ()
    # Members of the document besides those that every problem has.
    more: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> HttpResponse:
        document: dict[str, object] = {
            "type": self.kind.url,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.detail,
        }
        if self.errors:
            document["errors"] = [
                {"field": each.field, "detail": each.detail, "code": each.code} for each in self.errors
            ]
        answer = JsonResponse({**document, **self.more}, status=self.kind.status, content_type=PROBLEM)
        for name, value in {"Cache-Control": "no-store", "Content-Language": "en", **self.headers}.items():
            answer.headers[name] = value
        return answer


def name_of_limit(refusal: Refusal) -> str:
    """Return the name of the limit beyond which an operation refuses so, for headers."""
    return str(refusal).removeprefix("many_").replace("_", "-")


def problem_of_status(status: int) -> Problem:
    """Return the problem for an answer that another part of the site has given."""
    if known := BY_STATUS.get(status):
        return Problem(known)
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    return Problem(Kind("other", status, title, "Nothing was changed."))
