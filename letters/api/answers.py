"""What all reads of the API share: the letter or a problem, parameters, ETag, 304 and headers.

A read depends on its URL alone, like a public page, so the page cache keeps both in the same way.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from limits import RateLimitItem
from ninja import NinjaAPI, Schema

from letters.api.handlers import handle_errors
from letters.api.problems import INVALID, TAKEN_DOWN, Problem, WrongField, name_of_limit
from letters.api.schemas import FormOfLetter, ProblemDocument
from letters.models import Display, Letter, current_takedown
from letters.public.public_pages import queries
from letters.public.public_pages.pages import Page
from letters.shared.refused import Refusal

api = NinjaAPI(
    title="Undersigned",
    version="1",
    description="Open letters, their texts, their counts and their public lists of signatures. Reads need no account.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
handle_errors(api)

JSON = "application/json"
# The statuses that any address of the API may answer, besides those of its own.
OF_EVERY_REQUEST = (400, 406, 422, 500, 503)

View = TypeVar("View", bound=Callable[..., Page])


def read(path: str, shape: type[Schema], *, name: str, problems: tuple[int, ...] = ()) -> Callable[[View], View]:
    """Decorate a view that returns a Page whose content has this shape. Its docstring is the description in OpenAPI.

    Unknown parameters are problems: an answer without the filter that was meant would mislead.
    """

    def decorate(view: View) -> View:
        known = parameters_of(view, path)

        @wraps(view)
        def answer(request: HttpRequest, **given: Any) -> HttpResponseBase:
            check_parameters(request, known)
            return view(request, **given).answer(request)

        statuses = dict.fromkeys((*problems, *OF_EVERY_REQUEST), ProblemDocument)
        responses: dict[int, Any] = {200: shape, 304: None, **statuses}
        api.get(
            path,
            response=responses,
            url_name=f"api_{name}",
            operation_id=name,
            summary=name.replace("_", " ").capitalize(),
        )(answer)
        return view

    return decorate


def parameters_of(view: Callable[..., object], path: str) -> set[str]:
    """Return the names of the parameters in the query: those of the view, without the request and those in the path."""
    return {name for name in inspect.signature(view).parameters if name != "request" and f":{name}}}" not in path}


def check_parameters(request: HttpRequest, known: set[str]) -> None:
    """Raise Problem for a parameter that is unknown, or that is sent twice."""
    wrong = [
        WrongField("query", "There is no such parameter.") if name not in known
        # Privacy, denial of service: one page has one address, so that caches keep it once.
        else WrongField(name, "Send it only once.")
        for name, values in request.GET.lists()
        if name not in known or len(values) > 1
    ]  # fmt: skip
    if wrong:
        raise Problem(INVALID, errors=wrong)


def letter_of(slug: str) -> Letter:
    """Return a public letter. Raises Http404 for a draft too, and Problem if the site has taken the letter down."""
    try:
        letter = queries.public_letter(slug)
    except Letter.DoesNotExist as missing:
        raise Http404 from missing
    if letter.status == Letter.Status.TAKEN_DOWN:
        takedown = current_takedown(letter)
        day = letter.day_of(takedown.taken_down_at) if takedown else None
        raise Problem(TAKEN_DOWN, more={"taken_down_on": day.isoformat() if day else None})
    return letter


def websites_of(letter: Letter) -> list[str]:
    """Return the origins of other websites on which people can sign the letter now.

    Privacy: a website sees names, often the organizers' own. A letter that names nobody yet has promised its signers
    that not even the organizers see who they are, so it takes signatures only here.
    """
    return [] if letter.is_sealed else letter.origins


def form_of(letter: Letter) -> FormOfLetter:
    """Return what the letter asks of signers."""
    return FormOfLetter(
        **{name: getattr(letter, f"ask_{name}") for name in ("affiliation", "role", "country", "comment")},
        displays=[Display(each) for each in letter.displays],
        domains=letter.domains,
        comments_public=letter.comments_public,
        breakdown_public=letter.breakdown_public,
        origins=websites_of(letter),
    )


def as_json(shape: Schema, *, is_long: bool = False, headers: dict[str, str] | None = None) -> HttpResponseBase:
    """Return an answer with this content."""
    content = shape.model_dump_json().encode()
    if is_long:
        # Denial of service: a streamed answer is not kept. Pages of millions of names would push letters out of memory.
        return StreamingHttpResponse([content], content_type=JSON, headers=headers)
    return HttpResponse(content, content_type=JSON, headers=headers)


def policy(*limits: tuple[Refusal, RateLimitItem]) -> dict[str, str]:
    """Return the headers that state limits, as draft-ietf-httpapi-ratelimit-headers has them.

    Privacy: they never say how much of a limit is left. A network is counted as one, so a person could see from that
    what others in the same office do.
    """
    stated = [f'"{name_of_limit(refusal)}";q={rate.amount};w={rate.get_expiry()}' for refusal, rate in limits]
    return {"RateLimit-Policy": ", ".join(stated)}
