"""A real SMTP server in a thread. It keeps emails, and refuses or delays them when told to."""

import asyncio
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from petition.embedded import free_port

# Stages at which an email can be refused or held. CONNECT is the greeting. At DATA the server has received the whole
# email and has not accepted it yet; at ACCEPTED it has accepted it, but not said so yet.
STAGES = ("CONNECT", "MAIL", "RCPT", "DATA", "ACCEPTED")
# Instead of an answer, the connection ends.
HANG_UP = "(hangs up)"


@dataclass(frozen=True)
class Received:
    """An email that the server has accepted."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body else ""


@dataclass
class Hold:
    """A stage at which the next client waits."""

    stage: str
    to: str
    # Set when a client has reached the stage.
    reached: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self._released.set()

    async def pass_by(self) -> None:
        self.reached.set()
        # Released from another thread, which does not know this loop; and
        # stopping the server must be able to cancel it.
        while not self._released.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@dataclass
class _Answer:
    stage: str
    text: str
    to: str
    times: float
    after: int


class SmtpSink:
    """Use `with SmtpSink() as sink:`, or start and stop it by hand, also again on the same port.

    `sink.answer("RCPT", "450 later", times=1)` refuses the next recipient, with `to="ada@example.org"` only that one.
    `sink.answer("DATA", HANG_UP)` ends the connection, `sink.dawdle("DATA", seconds=2)` delays each email. `hold =
    sink.hold("DATA")` holds the next email: `hold.reached.wait(10)`, then `hold.release()`.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.received: list[Received] = []
        # The number of connections so far.
        self.connections = 0
        self._answers: list[_Answer] = []
        self._pauses: dict[str, float] = {}
        self._holds: list[Hold] = []
        self._changed = threading.Condition()
        self._open: set[asyncio.Transport] = set()
        self._thread = threading.Thread()

    @property
    def url(self) -> str:
        """The address for EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Server(self, self._loop), "127.0.0.1", self.port)
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp sink", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all connections and refuse new ones. Idempotent."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for connection in list(self._open):
            connection.abort()
        # Let cancelled tasks finish.
        while waiting := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def answer(self, stage: str, text: str, *, to: str = "", times: float = float("inf"), after: int = 0) -> None:
        """Give this answer at a stage, to emails for `to` or to all, this many times, `after` letting some pass.

        A 421 ends the connection.
        """
        assert stage in STAGES, stage
        self._answers.append(_Answer(stage, text, to, times, after))

    def dawdle(self, stage: str, *, seconds: float) -> None:
        """Wait this long at the stage each time."""
        assert stage in STAGES, stage
        self._pauses[stage] = seconds

    def answer_normally(self) -> None:
        self._answers.clear()
        self._pauses.clear()

    def hold(self, stage: str, *, to: str = "") -> Hold:
        """Hold the first client that reaches the stage (with an email for `to`) until the hold is released."""
        assert stage in STAGES, stage
        hold = Hold(stage, to)
        self._holds.append(hold)
        return hold

    def wait_for(self, number: int, seconds: float = 10) -> bool:
        """Wait until this many emails have been received. Returns whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= number, seconds)

    def is_idle(self) -> bool:
        """Return whether nobody is connected."""
        return not self._open

    def recipients(self) -> list[str]:
        """Return the recipients, once for each email."""
        return [recipient for mail in self.received for recipient in mail.recipients]

    async def _say(self, stage: str, recipients: list[str]) -> str:
        """Return the answer at this stage, or "" for success, once nobody holds it."""
        for hold in self._holds:
            if hold.stage == stage and not hold.reached.is_set() and (not hold.to or hold.to in recipients):
                await hold.pass_by()
        await asyncio.sleep(self._pauses.get(stage, 0))
        for answer in self._answers:
            if answer.stage == stage and answer.times > 0 and (not answer.to or answer.to in recipients):
                if answer.after > 0:
                    answer.after -= 1
                    continue
                answer.times -= 1
                return answer.text
        return ""

    def _keep(self, mail: Received) -> None:
        with self._changed:
            self.received.append(mail)
            self._changed.notify_all()


class _Handler:
    """Hooks of aiosmtpd. Each returns the server's answer."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.sink._say("MAIL", []):
            return refusal
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.sink._say("RCPT", [address]):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- its name
        recipients = list(envelope.rcpt_tos)
        if refusal := await self.sink._say("DATA", recipients):
            return refusal
        message = BytesParser(EmailMessage, policy=modern).parsebytes(envelope.original_content or b"")
        self.sink._keep(Received(envelope.mail_from or "", recipients, message))
        return await self.sink._say("ACCEPTED", recipients) or "250 OK"


class _Server(SMTP):
    """One connection."""

    def __init__(self, sink: SmtpSink, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_Handler(sink), hostname="localhost", ident="sink", loop=loop)
        self.sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.sink.connections += 1
        self.sink._open.add(cast("asyncio.Transport", transport))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.sink._open.discard(cast("asyncio.Transport", self.transport))
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if refusal := await self.sink._say("CONNECT", []):
            await self.push(refusal)
            self._hang_up()
            return
        await super()._handle_client()

    async def push(self, status: Any) -> None:
        if status != HANG_UP:
            await super().push(status)
        if status == HANG_UP or str(status).startswith("421"):
            self._hang_up()

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()
