"""`undersigned web`, `worker` and `beat`: the processes of a site, with the options that they need."""

import argparse
import os
import sys
import warnings
from typing import Any

from celery import Celery
from dotenv import load_dotenv

from petition import environment

# What someone types comes after these, and the last one counts.
WEB_OPTIONS = {
    "interface": "wsgi",
    "workers": "2",
    "blocking-threads": "2",
    "workers-kill-timeout": "30",
}
WEB_FLAGS = ["--no-access-log", "--respawn-failed-workers"]
CONCURRENCY = {"confirmations": 2, "webhooks": 2}


def web(words: list[str]) -> None:
    """Become granian: this process is replaced, so that no parent of Python stays in memory."""
    load_dotenv(environment.HOME_DIR / ".env")
    environment.forget_signing_key()
    if not environment.IS_INSTALLED:
        # The processes of granian find the program wherever the command was typed.
        folders = [str(environment.BASE_DIR), os.environ.get("PYTHONPATH")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    options = [part for name, value in WEB_OPTIONS.items() if _is_free(name) for part in (f"--{name}", value)]
    command = ["-m", "granian", *options, *WEB_FLAGS, *words, "petition.wsgi:application"]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 -- the arguments are a list, no shell reads them


def _is_free(name: str) -> bool:
    """Return whether granian's own variable for this option is not set: options would win over it."""
    return not os.environ.get(f"GRANIAN_{name.upper().replace('-', '_')}")


def worker(words: list[str]) -> None:
    """Work for all queues in one process, with the clock, or for some in processes of their own."""
    parser = argparse.ArgumentParser(prog="undersigned worker", description=worker.__doc__)
    parser.add_argument("--queues", default="", help="Names with commas. Without it: all queues, and the clock.")
    parser.add_argument("--concurrency", type=int, default=0, help="With --queues: how many processes work.")
    parser.add_argument("--name", default="", help="With --queues: a name that no other worker has.")
    parser.add_argument("--no-clock", action="store_true", help="Do not send the periodic tasks: a beat does.")
    parser.add_argument("--loglevel", default="WARNING")
    asked = parser.parse_args(words)
    app = _app()
    # Celery warns of root, which is normal in a container.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    some = [queue.strip() for queue in asked.queues.split(",") if queue.strip()]
    options: dict[str, Any] = _some_queues(some, asked) if some else _all_queues(app, with_clock=not asked.no_clock)
    started = app.Worker(
        **options,
        loglevel=asked.loglevel,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
    )
    started.start()
    sys.exit(started.exitcode)


def _all_queues(app: Celery, *, with_clock: bool) -> dict[str, Any]:
    from letters.schedule import QUEUES  # noqa: PLC0415 -- `undersigned web` does without it
    from petition.clock import Clock  # noqa: PLC0415 -- needs the settings

    if with_clock:
        app.steps["worker"].add(Clock)
    return {"queues": QUEUES, "pool": "petition.lanes:Lanes", "prefetch_multiplier": 0}


def _some_queues(queues: list[str], asked: argparse.Namespace) -> dict[str, Any]:
    from letters.schedule import QUEUES  # noqa: PLC0415 -- `undersigned web` does without it

    if unknown := set(queues) - set(QUEUES):
        environment.refuse(f"there is no queue {', '.join(sorted(unknown))}. The queues are {', '.join(QUEUES)}.")
    concurrency = asked.concurrency or max(CONCURRENCY.get(queue, 1) for queue in queues)
    return {"queues": queues, "concurrency": concurrency, "hostname": f"{asked.name or queues[0]}@%h"}


def beat(words: list[str]) -> None:
    """Send the periodic tasks. A second one waits until the first has ended."""
    parser = argparse.ArgumentParser(prog="undersigned beat", description=beat.__doc__)
    parser.add_argument("--schedule", default=None, help="The file with the times of the last runs, in VAR_DIR.")
    parser.add_argument("--loglevel", default="WARNING")
    asked = parser.parse_args(words)
    _app().Beat(schedule=asked.schedule, loglevel=asked.loglevel, quiet=True).run()


def _app() -> Celery:
    from petition.celery import app  # noqa: PLC0415 -- `undersigned web` does without it

    return app
