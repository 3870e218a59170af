"""Answer health checks: is the process alive (/healthz), and does every part work (/readyz, `manage.py status`)?

Monitors ask by IP address, without a host name. So these requests are answered before the host is checked, and only
their path is used.

Privacy: /readyz tells strangers which service is unavailable, and how long email has waited in steps of five minutes.
Shorter steps would tell someone with a mail log when others signed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import redis
from celery import current_app
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError

from letters.base.ledger_logs.queries import logs_in_doubt
from letters.base.outbox.queries import waiting_since
from letters.schedule import QUEUES
from petition import heartbeats
from petition.remembered import Remembered

# Each part reports every few seconds.
MAX_SILENT_SECONDS = 60
MAX_MAIL_WAITS_SECONDS = 600
STEP_SECONDS = 300
# Denial of service: each answer opens connections, so it is reused for this long.
CACHE_SECONDS = 5


@dataclass(frozen=True)
class Check:
    """The state of one part, with a number of seconds or items if it has one."""

    name: str
    ok: bool
    number: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        number = "" if self.number is None else f"  {self.number:.0f} {self.unit}"
        return f"{'ok     ' if self.ok else 'PROBLEM'}  {self.name}{number}"


def all_checks() -> list[Check]:
    return [*_database(), *_parts()]


def _database() -> list[Check]:
    with _answering() as answered:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = len(migrations_on_disk() - MigrationRecorder(connection).applied_migrations().keys())
        since = waiting_since()
        waits = (timezone.now() - since).total_seconds() if since else 0.0
        answered.append(Check("database", ok=True))
        answered.append(Check("migrations", missing == 0, missing, "to apply"))
        answered.append(Check("oldest unsent email", waits <= MAX_MAIL_WAITS_SECONDS, waits, "seconds"))
        # Before the tables are there, nothing can be in doubt.
        doubted = 0 if missing else logs_in_doubt().count()
        answered.append(Check("record", doubted == 0, doubted, "logs in doubt"))
    return answered or [Check(name, ok=False) for name in ("database", "migrations", "oldest unsent email", "record")]


def _parts() -> list[Check]:
    with _answering() as broker, current_app.connection_for_write() as asked:
        asked.default_channel  # noqa: B018 -- opens the connection
        broker.append(Check("broker", ok=True))
    names = [heartbeats.CLOCK, *map(heartbeats.worker_of, QUEUES)]
    with _answering() as heard:
        for name, ago in heartbeats.seconds_since(names).items():
            heard.append(Check(name, ago is not None and ago <= MAX_SILENT_SECONDS, ago, "seconds ago"))
    valkey = Check("Valkey", ok=bool(heard))
    return [*(broker or [Check("broker", ok=False)]), valkey, *(heard or [Check(name, ok=False) for name in names])]


@contextmanager
def _answering() -> Iterator[list[Check]]:
    """Collect the answers of one part; no answer if it fails."""
    checks: list[Check] = []
    try:
        yield checks
    except (DatabaseError, redis.RedisError, KombuError, OSError):
        checks.clear()


@cache
def migrations_on_disk() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


recent_checks = Remembered(all_checks, seconds=CACHE_SECONDS)


@require_safe
@csrf_exempt
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive, even if other services are not available."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
@csrf_exempt
def readyz(request: HttpRequest) -> HttpResponse:
    """List every part: 200 if all work, 503 if not."""
    checks = recent_checks()
    ready = all(check.ok for check in checks)
    said = {check.name: _said(check) for check in checks}
    answer = JsonResponse({"ready": ready, "checks": said}, status=200 if ready else 503)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _said(check: Check) -> dict[str, object]:
    if check.number is None:
        return {"ok": check.ok}
    step = STEP_SECONDS if check.name == "oldest unsent email" else 1
    return {"ok": check.ok, check.unit.replace(" ", "_"): int(check.number // step * step)}


PAGES = {"/healthz": healthz, "/readyz": readyz}


class Health:
    """Middleware that comes first, so that it answers before anything that needs another part or checks the host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = PAGES.get(request.path_info)
        if page is None:
            return self.get_response(request)
        return page(request)
