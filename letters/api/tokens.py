"""What all reads with a personal token share: the token, its scope, its limit, and headers.

Privacy: unlike the public reads, these answers are for one program. Nothing keeps them, and no website may read them.
"""

import inspect
import re
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja import Schema
from ninja.security import HttpBearer

from letters.api.answers import OF_EVERY_REQUEST, api, as_json, check_parameters, parameters_of, policy
from letters.api.problems import NO_SCOPE, NO_TOKEN, Problem
from letters.api.schemas import ProblemDocument
from letters.models import Letter, PersonalToken, Scope
from letters.organizer.personal_tokens.operations import use_token
from letters.organizer.personal_tokens.queries import letters_of
from letters.shared.refused import Refusal
from letters.shared.secrets_of_programs import PERSONAL_TOKEN

# One header with one token. The name of the scheme may be written in lower case (RFC 9110, 11.1).
HEADER = re.compile(rf"(?i:bearer) +({PERSONAL_TOKEN})")
NOT_KEPT = {"Cache-Control": "no-store"}
PROBLEMS = (401, 403, 404, 429, *OF_EVERY_REQUEST)

View = TypeVar("View", bound=Callable[..., Schema])


class PersonalTokenAuth(HttpBearer):
    """Let a program in that sends a personal token. Nothing else does: no cookie, no parameter."""

    def __call__(self, request: HttpRequest) -> PersonalToken:
        """Return the token. Raises Problem, the same for every token that does not work, and TooMany."""
        header = HEADER.fullmatch(request.headers.get("Authorization", ""))
        token = self.authenticate(request, header[1] if header else "")
        if token is None:
            raise Problem(NO_TOKEN, headers={"WWW-Authenticate": 'Bearer realm="api"'})
        return token

    def authenticate(self, request: HttpRequest, token: str) -> PersonalToken | None:
        return use_token(token, now=timezone.now())


def token_read(path: str, shape: type[Schema], scope: Scope, *, name: str) -> Callable[[View], View]:
    """Decorate a view for programs with a token of this scope. Its docstring is the description in OpenAPI."""

    def decorate(view: View) -> View:
        known = parameters_of(view, path)

        @wraps(view)
        def answer(request: HttpRequest, **given: Any) -> HttpResponseBase:
            if scope not in token_of(request).scopes:
                raise Problem(NO_SCOPE, f"{NO_SCOPE.detail} It needs “{scope}”.")
            check_parameters(request, known)
            stated = policy((Refusal.MANY_REQUESTS, settings.LIMIT_PERSONAL_TOKENS))
            return as_json(view(request, **given), headers={**NOT_KEPT, **stated})

        api.get(
            f"/organize{path}",
            response={200: shape, **dict.fromkeys(PROBLEMS, ProblemDocument)},
            auth=PersonalTokenAuth(),
            url_name=f"api_{name}",
            operation_id=name,
            summary=name.replace("_", " ").capitalize(),
            description=f"{inspect.getdoc(view)} The scope is “{scope}”.",
        )(answer)
        return view

    return decorate


def token_of(request: HttpRequest) -> PersonalToken:
    return cast("PersonalToken", request.auth)  # type: ignore[attr-defined]  # django-ninja sets it


def own_letter(request: HttpRequest, slug: str, roles: Collection[str]) -> Letter:
    """Return a letter that the token opens. Raises Http404 for every other letter, as for one that never existed."""
    try:
        letter: Letter = letters_of(token_of(request), roles).get(slug=slug)
    except Letter.DoesNotExist as missing:
        raise Http404 from missing
    return letter
