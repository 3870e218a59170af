"""People who sign and confirm through the proxy all the time, and a reader who watches the count."""

import http.client
import json
import re
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlencode

from tests.smtp import SmtpSink
from tests.stack import until

SYLLABLES = ["ba", "do", "fe", "gi", "ka", "lu", "ma", "ne", "po", "ri", "sa", "te", "vo", "wi", "zu", "la"]
CONFIRM = re.compile(r"https?://[^/\s]+(/signatures/confirm/[^/\s]+/)")
THREADS = 24
SECONDS_BETWEEN_TRIES = 1
TRIES = 60


@dataclass
class Record:
    """What the crowd has seen: times in seconds of `time.monotonic`."""

    # When the site acknowledged a signature, and whose.
    signed: dict[str, float] = field(default_factory=dict)
    confirmed: dict[str, float] = field(default_factory=dict)
    # Answers that were not right, by status or name of the exception.
    refused: Counter[str] = field(default_factory=Counter)
    # Emails with a link to confirm, by recipient.
    mailed: Counter[str] = field(default_factory=Counter)
    highest: int = 0
    falls: int = 0

    def longest_pause(self, since: float, until: float) -> float:
        """Return the longest time between two acknowledged signatures."""
        times = [since, *sorted(at for at in self.signed.values() if since <= at <= until), until]
        return max(later - earlier for earlier, later in pairwise(times))


class Crowd:
    """`rate` people a second sign the letter; each confirms as soon as their email has come."""

    def __init__(self, port: int, sink: SmtpSink, slug: str, *, rate: float) -> None:
        self.port, self.sink, self.slug, self.rate = port, sink, slug, rate
        self.record = Record()
        self._over, self._is_signing = threading.Event(), threading.Event()
        self._is_signing.set()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="signer")
        self._lock = threading.Lock()
        # Who signs just now.
        self.busy = 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._sign, self._open, self._watch)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def rest(self) -> None:
        """Stop signing, and wait for the requests under way. Those who have signed still confirm."""
        self._is_signing.clear()
        until(lambda: not self.busy, 120)

    def go_on(self) -> None:
        self._is_signing.set()

    def stop(self) -> None:
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _sign(self) -> None:
        while not self._over.wait(1 / self.rate):
            if self._is_signing.is_set():
                with suppress(RuntimeError):
                    self._pool.submit(self._sign_once)

    def _sign_once(self) -> None:
        with self._lock:
            self.busy += 1
        try:
            self._sign_as_someone_new()
        finally:
            with self._lock:
                self.busy -= 1

    def _sign_as_someone_new(self) -> None:
        name = "".join(secrets.choice(SYLLABLES) for _ in range(5)).title()
        email = f"{name.lower()}@{secrets.choice(SYLLABLES)}{secrets.choice(SYLLABLES)}.example"
        answer = self._ask("POST", f"/letters/{self.slug}/sign/", name=f"{name} Sample", email=email, display="public")
        if answer == "303":
            with self._lock:
                self.record.signed[email] = time.monotonic()
        else:
            self._note(answer)

    def _open(self) -> None:
        read = 0
        while not self._over.wait(0.05):
            new = self.sink.received[read:]
            read += len(new)
            for mail in new:
                if found := CONFIRM.search(mail.text):
                    email = mail.recipients[0]
                    self.record.mailed[email] += 1
                    if self.record.mailed[email] == 1:
                        with suppress(RuntimeError):
                            self._pool.submit(self._confirm, email, found[1])

    def _confirm(self, email: str, path: str) -> None:
        """Press the button again until it works, as a person would."""
        for _ in range(TRIES):
            answer = self._ask("POST", path)
            if answer == "303":
                with self._lock:
                    self.record.confirmed[email] = time.monotonic()
                return
            self._note(answer)
            if self._over.wait(SECONDS_BETWEEN_TRIES):
                return

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            with suppress(OSError, http.client.HTTPException, ValueError):
                caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                caller.request("GET", f"/letters/{self.slug}/count/")
                answer = caller.getresponse()
                published = json.loads(answer.read())["published"] if answer.status == 200 else self.record.highest
                caller.close()
                self.record.falls += published < self.record.highest
                self.record.highest = max(self.record.highest, published)

    def _ask(self, method: str, path: str, **fields: str) -> str:
        caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            caller.request(method, path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
            return str(caller.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            caller.close()

    def _note(self, answer: str) -> None:
        with self._lock:
            self.record.refused[answer] += 1
