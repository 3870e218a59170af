"""A program that organizers run elsewhere: a real server on this machine, which answers as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from letters.models import Letter, User, Webhook, WebhookDelivery
from letters.organizer.webhooks.operations import add_webhook
from letters.organizer.webhooks.tasks import send_owed
from tests.people import NOW, browser_of


@dataclass
class Message:
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass
class Program:
    """The messages that arrived, and how it answers."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    status: int = 204
    more: dict[str, str] = field(default_factory=dict)
    # What it does before it answers.
    before: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?from=letters"

    @property
    def types(self) -> list[str]:
        return [message.said["type"] for message in self.messages]


@pytest.fixture
def program() -> Iterator[Program]:
    kept = Program()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.messages.append(Message({name.lower(): text for name, text in self.headers.items()}, body))
            kept.before()
            self.send_response(kept.status)
            for name, text in kept.more.items():
                self.send_header(name, text)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as in the standard library
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def reaching_this_machine(settings: Settings) -> None:
    settings.WEBHOOKS_REACH_THIS_MACHINE = True


@dataclass
class Hook:
    """A webhook of the collective, with its secret."""

    webhook: Webhook
    secret: str

    def again(self) -> Webhook:
        self.webhook.refresh_from_db()
        return self.webhook

    @property
    def last(self) -> WebhookDelivery:
        return self.webhook.deliveries.latest("pk")


@pytest.fixture
def hook(letter: Letter, organizer: User, program: Program, reaching_this_machine: None) -> Hook:
    return Hook(*add_webhook(letter.collective, url=program.url, by=organizer, now=NOW))


def work(now: datetime = NOW) -> None:
    """Do what the worker does at this time."""
    send_owed(lambda: now)


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)
