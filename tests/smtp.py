"""A real SMTP server in a thread, which keeps what it is given, and refuses or dawdles where it is told to."""

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

# Where a mail can be refused or held. CONNECT is the greeting, DATA comes when the server has the whole mail and has
# not taken it yet, ACCEPTED when it has, and has still to say so.
STAGES = ("CONNECT", "MAIL", "RCPT", "DATA", "ACCEPTED")
# In place of an answer: the connection ends without one.
HANG_UP = "(hangs up)"


@dataclass(frozen=True)
class Received:
    """One mail that the server has said yes to."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body else ""


@dataclass
class Hold:
    """A stage at which whoever comes next waits."""

    stage: str
    to: str
    # Set when somebody has come to the stage.
    reached: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self._released.set()

    async def pass_by(self) -> None:
        self.reached.set()
        # Told from another thread, which knows nothing of this loop; and stopping the server must be able to cancel it.
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
    """`with SmtpSink() as sink:`, or start and stop it by hand, also again on the same port.

    `sink.answer("RCPT", "450 later", times=1)` refuses the next recipient, `to="ada@example.org"` only that one.
    `sink.answer("DATA", HANG_UP)` ends the connection, `sink.dawdle("DATA", seconds=2)` takes its time over each mail.
    `hold = sink.hold("DATA")` lets the next mail wait: `hold.reached.wait(10)`, then `hold.release()`.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.received: list[Received] = []
        # How often somebody has connected.
        self.connections = 0
        self._answers: list[_Answer] = []
        self._pauses: dict[str, float] = {}
        self._holds: list[Hold] = []
        self._changed = threading.Condition()
        self._open: set[asyncio.Transport] = set()
        self._thread = threading.Thread()

    @property
    def url(self) -> str:
        """As EMAIL_URL wants it."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Server(self, self._loop), "127.0.0.1", self.port)
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp sink", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The server is gone: connections end, and its port refuses new ones. Stopping it twice is harmless."""
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
        # What a lost connection cancels gets its turn to end.
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
        """Answer so at that stage, to mail for `to` or to all, so many times, `after` so many who may pass.

        A 421 ends the connection.
        """
        assert stage in STAGES, stage
        self._answers.append(_Answer(stage, text, to, times, after))

    def dawdle(self, stage: str, *, seconds: float) -> None:
        """Take so long at that stage each time."""
        assert stage in STAGES, stage
        self._pauses[stage] = seconds

    def answer_normally(self) -> None:
        self._answers.clear()
        self._pauses.clear()

    def hold(self, stage: str, *, to: str = "") -> Hold:
        """Let the first who comes to that stage (with mail for `to`) wait until the hold is released."""
        assert stage in STAGES, stage
        hold = Hold(stage, to)
        self._holds.append(hold)
        return hold

    def wait_for(self, number: int, seconds: float = 10) -> bool:
        """Whether so many mails have been received before the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= number, seconds)

    def is_idle(self) -> bool:
        """Whether nobody is connected."""
        return not self._open

    def recipients(self) -> list[str]:
        """Everybody who has been sent a mail, once for each mail."""
        return [recipient for mail in self.received for recipient in mail.recipients]

    async def _say(self, stage: str, recipients: list[str]) -> str:
        """What to answer at this stage, empty for yes; comes back when nobody holds it any more."""
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
    """Hooks of aiosmtpd; each gives the server's answer."""

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
