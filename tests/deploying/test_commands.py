"""The commands of docs/running.md, started as they are written, with RabbitMQ as the broker."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
from celery import Celery
from django.conf import settings

from letters.schedule import QUEUES
from petition.embedded import free_port
from tests.rabbit import Rabbit, rabbit
from tests.stack import Part, Parts, Web, open_folder, until

__all__ = ["rabbit"]

pytestmark = pytest.mark.django_db(transaction=True)


def commands(size: str) -> list[list[str]]:
    """Return the commands that keep running on a site of this size."""
    text = (settings.BASE_DIR / "docs" / "running.md").read_text(encoding="utf-8")
    part = text.split(f"### {size}: ")[1].split("##")[0]
    return [shlex.split(line) for line in re.findall(r"^ +undersigned (.+)$", part, re.MULTILINE)]


@pytest.fixture
def own_parts(transactional_db: None) -> Iterator[Parts]:
    folder = open_folder()
    # A folder that nobody has created yet.
    parts = Parts(folder, VAR_DIR=str(folder / "var"), STATIC_ROOT=str(settings.STATIC_ROOT))
    yield parts
    parts.stop()
    sys.stderr.write(parts.output)


def start(parts: Parts, command: list[str]) -> Part:
    return parts._start(command[0], [sys.executable, "-m", "petition", *command])


@pytest.mark.parametrize(("size", "processes", "names"), [("S", 2, {"celery"}), ("M", 2 + len(QUEUES), {*QUEUES})])
def test_every_process_starts(own_parts: Parts, rabbit: Rabbit, size: str, processes: int, names: set[str]) -> None:
    web = Web(free_port())
    own_parts.environ |= {"BROKER_URL": rabbit.url, "GRANIAN_PORT": str(web.port)}
    started = [start(own_parts, command) for command in commands(size)]
    assert len(started) == processes
    until(web.answers, 120)
    asker = Celery(set_as_current=False, broker=rabbit.url)
    found: set[str] = set()

    def all_answer() -> bool:
        for answer in asker.control.ping(timeout=2) or []:
            found.update(name.partition("@")[0] for name in answer)
        return found == names

    until(all_answer, 120)
    until(lambda: [*(own_parts.folder / "var").glob("beat-schedule*")], 120)

    def is_ready() -> bool:
        asked = [sys.executable, "manage.py", "status"]
        environ = os.environ | own_parts.environ
        ended = subprocess.run(asked, cwd=settings.BASE_DIR, env=environ, capture_output=True, check=False)
        return ended.returncode == 0

    until(is_ready, 120)
    assert [part.process.poll() for part in started] == [None] * len(started)


@pytest.fixture
def web(own_parts: Parts) -> Web:
    (command,) = (command for command in commands("S") if command[0] == "web")
    web = Web(free_port())
    own_parts.environ["GRANIAN_PORT"] = str(web.port)
    start(own_parts, command)
    until(web.answers, 120)
    return web


def processes(parts: Parts) -> set[int]:
    return {child.pid for child in psutil.Process(parts.started[0].process.pid).children()}


def test_when_a_process_of_the_web_server_crashes_another_takes_its_place(own_parts: Parts, web: Web) -> None:
    until(lambda: len(processes(own_parts)) >= 2)
    before = processes(own_parts)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(processes(own_parts) - before) >= 2 and web.answers(), 120)
    assert own_parts.started[0].process.poll() is None


def test_a_reload_refuses_no_request(own_parts: Parts, web: Web) -> None:
    until(lambda: len(processes(own_parts)) >= 2)
    before, over, refused = processes(own_parts), threading.Event(), []

    def visit() -> None:
        while not over.wait(0.02):
            if not web.answers():
                refused.append(1)

    visitor = threading.Thread(target=visit)
    visitor.start()
    os.kill(own_parts.started[0].process.pid, signal.SIGHUP)
    until(lambda: len(processes(own_parts)) >= 2 and not processes(own_parts) & before, 120)
    over.set()
    visitor.join(30)
    assert not refused
