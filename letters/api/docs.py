"""The OpenAPI document, and a page for people that is made from it on the server: no script, nothing from elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from letters.api.answers import api
from letters.api.problems import KINDS, PROBLEM, Kind
from letters.public.public_pages.pages import Page, public_page

Json = Mapping[str, Any]
METHODS = ("get", "post")
MEANINGS = {
    200: "The answer.",
    202: "The site has received it.",
    304: "Nothing has changed since the answer whose ETag was sent.",
}
ETAG = {"description": "Send it as If-None-Match next time.", "schema": {"type": "string"}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "How to send a token.", "schema": {"type": "string"}}},
    200: {"ETag": ETAG},
    304: {"ETag": ETAG},
    429: {
        "Retry-After": {"description": "The seconds to wait.", "schema": {"type": "string"}},
        "RateLimit": {"description": "The limit that is used up.", "schema": {"type": "string"}},
    },
}


@cache
def document() -> Json:
    """Return the OpenAPI 3.1 document of the API."""
    made: Any = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    made["servers"] = [{"url": settings.SITE_URL}]
    made["info"]["license"] = {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"}
    for operations in made["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                _complete(int(status), response)
    return dict(made)


def _complete(status: int, response: dict[str, Any]) -> None:
    """Add what django-ninja does not know: the type of problem documents, headers, and what a status means."""
    if status >= 400:
        response["content"] = {PROBLEM: next(iter(response["content"].values()))}
        response["description"] = next((kind.title for kind in KINDS if kind.status == status), "")
    else:
        response["description"] = MEANINGS.get(status, HTTPStatus(status).phrase)
    if status in HEADERS:
        response["headers"] = HEADERS[status]


@public_page
def openapi(request: HttpRequest) -> Page:
    return Page(("openapi", settings.SITE_URL), _openapi)


def _openapi() -> HttpResponse:
    return HttpResponse(json.dumps(document(), indent=1), content_type="application/json")


@dataclass(frozen=True)
class Field:
    """A field of a schema, or a parameter, as the page shows it."""

    name: str
    type: str
    # The schema that the type names, for a link.
    schema: str
    description: str
    is_required: bool


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: Sequence[Field]
    # The names of the schemas of what is sent, and of the answer.
    body: str
    answer: str
    problems: Sequence[Kind]
    needs_token: bool


@dataclass(frozen=True)
class Shape:
    """A schema."""

    name: str
    description: str
    fields: Sequence[Field]


@public_page
def page(request: HttpRequest) -> Page:
    """Show the document to people."""
    return Page(("api docs", settings.SITE_URL), lambda: _page(request))


def _page(request: HttpRequest) -> HttpResponse:
    found = document()
    context = {
        "info": found["info"],
        "operations": list(_operations(found)),
        "shapes": [_shape(name, schema) for name, schema in sorted(found["components"]["schemas"].items())],
        "problems": KINDS,
        "base": settings.SITE_URL,
    }
    return render(request, "letters/api/docs.html", context)


def _operations(found: Json) -> Iterator[Operation]:
    for path, methods in found["paths"].items():
        for method in METHODS:
            if operation := methods.get(method):
                yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Json) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = operation["responses"]
    needs_token = "security" in operation
    applicable = [*(["sent"] if body else []), *(["token"] if needs_token else [])]
    parameters = [
        _field(each["name"], each["schema"], is_required=each["required"]) for each in operation.get("parameters", [])
    ]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=parameters,
        body=_names(body),
        answer=next(_names(_content(answers[status])) for status in ("200", "202") if status in answers),
        problems=[kind for kind in KINDS if str(kind.status) in answers and kind.only in {"", *applicable}],
        needs_token=needs_token,
    )


def _content(response: Json) -> Json:
    for media in response.get("content", {}).values():
        return dict(media["schema"])
    return {}


def _shape(name: str, schema: Json) -> Shape:
    if "enum" in schema:
        return Shape(name, f"{schema.get('description', '')} {_type_in_words(schema)}.".strip(), [])
    required = set(schema.get("required", []))
    fields = [_field(each, kind, is_required=each in required) for each, kind in schema.get("properties", {}).items()]
    return Shape(name, schema.get("description", ""), fields)


def _field(name: str, schema: Json, *, is_required: bool) -> Field:
    return Field(name, _type_in_words(schema), _names(schema), schema.get("description", ""), is_required)


def _names(schema: Json) -> str:
    """Return the name of the schema that this one refers to, if any."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = [schema["items"]] if "items" in schema else schema.get("anyOf", schema.get("allOf", []))
    return next((found for each in inner if (found := _names(each))), "")


def _type_in_words(schema: Json) -> str:
    """Return the type in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type_in_words(each) for each in schema["anyOf"]))
    if "$ref" in schema or "allOf" in schema:
        return "text" if "enum" in document()["components"]["schemas"][_names(schema)] else "object"
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return " or ".join(f"“{value}”" for value in values)
    if schema.get("type") == "array":
        return f"list of {_type_in_words(schema['items'])}s"
    words = {"integer": "whole number", "boolean": "true or false", "string": "text", "null": "null"}
    formats = {"date": "day", "date-time": "moment"}
    return formats.get(schema.get("format", ""), words.get(str(schema.get("type")), str(schema.get("type"))))
