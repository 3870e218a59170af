"""The Celery application: `celery -A petition worker`, `celery -A petition beat`."""

import os
import sys
from contextlib import redirect_stderr
from typing import Any

import django
from celery import Celery
from celery.signals import (
    beat_init,
    heartbeat_sent,
    import_modules,
    task_postrun,
    worker_init,
    worker_process_init,
)
from django.conf import settings
from django.db import close_old_connections, connection

from petition import error_reports, heartbeats
from petition.checks import refuse_unsafe_boot

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
# At the start of a worker, Celery would do all checks of Django. They load every page: 40 MB. Ours are enough.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("petition")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
@beat_init.connect
def check_settings(**kwargs: Any) -> None:
    try:
        refuse_unsafe_boot()
        # Celery has replaced standard error by its log. A handler created on that would lose every line.
        with redirect_stderr(sys.__stderr__):
            django.setup()
        from petition.keys import refuse_wrong_keys  # noqa: PLC0415 -- needs the models; settings.py imports this file

        refuse_wrong_keys()
        error_reports.begin()
    except SystemExit as refusal:
        print(refusal.code, file=sys.__stderr__, flush=True)
        raise SystemExit(1) from None


@import_modules.connect
def make_folder(**kwargs: Any) -> None:
    """Create the folder before the clock opens its schedule in it."""
    settings.VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


@worker_process_init.connect
def check_connections(**kwargs: Any) -> None:
    """Check each pooled connection before use, because nobody repeats a failed task as a person repeats a request."""
    connection.settings_dict["CONN_HEALTH_CHECKS"] = True


@task_postrun.connect
def give_connection_back(task: Any, **kwargs: Any) -> None:
    """Return the connection to the pool of this process, which discards a broken one."""
    if not task.request.is_eager:
        close_old_connections()


@heartbeat_sent.connect
def note_worker(**kwargs: Any) -> None:
    """Mark the worker as alive.

    Celery calls this every two seconds while the broker is connected, even if all processes are busy.
    """
    heartbeats.note(heartbeats.worker_of(queue) for queue in app.amqp.queues.consume_from)
