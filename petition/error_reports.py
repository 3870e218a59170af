"""Send faults of the program to the operator's Sentry, if SENTRY_DSN names one.

Privacy: a report is put together here, from nothing but the types of the exceptions, the lines of our own code, the
name of the route or task, the error id and the release. The library hooks into nothing: no message, request, header,
cookie, address, variable or breadcrumb is read. `_only_known` drops everything else that the library adds.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any

from celery.signals import task_failure
from django.conf import settings
from django.core.signals import got_request_exception

from petition.request_ids import current_request_id

if TYPE_CHECKING:
    import sentry_sdk

OURS = ("letters", "petition")
KEPT = {"event_id", "timestamp", "platform", "level", "release", "exception", "tags", "environment"}
# An exception can have others as its cause.
MAX_EXCEPTIONS = 5


def begin() -> None:
    """Report faults of this process from now on. Without SENTRY_DSN, does nothing and loads nothing."""
    if settings.SENTRY_DSN:
        got_request_exception.connect(_of_request, dispatch_uid="error_reports")
        task_failure.connect(_of_task, dispatch_uid="error_reports")


def _of_request(sender: object, request: Any = None, **kwargs: Any) -> None:
    match = getattr(request, "resolver_match", None)
    _send(sys.exc_info()[1], route=match.view_name if match else "")


def _of_task(sender: Any = None, exception: BaseException | None = None, **kwargs: Any) -> None:
    _send(exception, task=getattr(sender, "name", ""))


def _send(error: BaseException | None, **where: str) -> None:
    """Hand the report to the library's thread. Never raises: an error page must not depend on it."""
    if error is None:
        return
    tags = {**where, "error_id": current_request_id()}
    with suppress(Exception):
        _client().capture_event(
            {
                "level": "error",
                "exception": {"values": [*_exceptions(error)][::-1]},
                "tags": {name: value for name, value in tags.items() if value},
            }
        )


def _exceptions(error: BaseException | None) -> Iterator[dict[str, Any]]:
    for _ in range(MAX_EXCEPTIONS):
        if error is None:
            return
        kind = type(error)
        yield {"type": kind.__name__, "module": kind.__module__, "stacktrace": {"frames": _frames(error.__traceback__)}}
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(traceback: TracebackType | None) -> list[dict[str, Any]]:
    """Return the lines of our own code, without their variables."""
    return [
        {
            "module": frame.f_globals["__name__"],
            "function": frame.f_code.co_name,
            "filename": os.path.relpath(Path(frame.f_code.co_filename), settings.BASE_DIR),
            "lineno": line,
            "in_app": True,
        }
        for frame, line in walk_tb(traceback)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in OURS
    ]


def _only_known(event: Any, hint: Any) -> Any:
    return {name: value for name, value in event.items() if name in KEPT}


@cache
def _client() -> "sentry_sdk.Client":
    """Return a client of our own: `sentry_sdk.init` would hook into Django, Celery, logging and Valkey."""
    import sentry_sdk  # noqa: PLC0415 -- most sites have no Sentry

    client = sentry_sdk.Client(
        dsn=settings.SENTRY_DSN,
        release=release(),
        before_send=_only_known,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[],
        include_source_context=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        shutdown_timeout=2,
    )
    # The library prints its own troubles past our filter. It has nothing to say without `debug`.
    logging.getLogger("sentry_sdk.errors").handlers.clear()
    return client


def release() -> str:
    """Return the name and the version of this program."""
    try:
        return f"undersigned@{version('undersigned')}"
    except PackageNotFoundError:
        return "undersigned"
