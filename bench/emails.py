"""Compare the worker with a plain `smtplib`, which sends the same email to the same server over one connection."""

import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from bench.load import HOST, Volley
from bench.site import SAMPLE, Site
from letters.shared import wakeups
from letters.shared.addresses import encrypt
from petition import child_processes, local

ADDRESS = "reader@example.org"
# The number of emails for the first volley. Later volleys get as many as the previous one has sent.
FIRST = 50
PATIENCE_SECONDS = 60


@contextmanager
def running_worker(site: Site) -> Iterator[None]:
    """Run one process that sends email; `make run` starts two. Deletes unsent emails first."""
    forget_owed(site)
    # If a variable is set twice, the last value wins.
    site.processes.start("worker", [*local.worker("confirmations"), "--concurrency", "1"])
    try:
        owe(site, 1)
        send_owed(site, CONFIRMATIONS)
        yield
    finally:
        child_processes.end([site.processes.running.pop("worker").pid])


OWED = "SELECT count(*) FROM letters_outgoingemail WHERE sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL"
FORGET = """
UPDATE letters_outgoingemail SET dropped_at = now() WHERE sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
"""


def forget_owed(site: Site) -> None:
    site.database.execute(FORGET)


# Many signers. Only the hashes of their addresses differ, so each email is as long as that of the limit.
OWE = """
WITH signed AS (
    INSERT INTO letters_signature
        (letter_id, revision_id, language, name, affiliation, role, country, comment, display, state, verified,
         salt, address_hash, signed_at)
    SELECT id, current_revision_id, language, 'Reader', '', '', '', '', 'public', 'pending', '',
        substr(sha256(int4send(n)), 1, 8), sha256(convert_to(clock_timestamp() || ' ' || n, 'UTF8')), now()
    FROM letters_letter, generate_series(1, %s) AS n WHERE slug = %s
    RETURNING id, revision_id, language, address_hash
), contact AS (
    INSERT INTO letters_signercontact (signature_id, address, consent) SELECT id, %s, '' FROM signed
), typed AS (
    INSERT INTO letters_submission
        (signature_id, revision_id, language, name, affiliation, role, country, comment, domain, display, consent,
         concern, via, submitted_at, content_hash, address, spelling_hash)
    SELECT id, revision_id, language, 'Reader', '', '', '', '', '', 'public', '', '', '', now(), '', %s,
        substr(address_hash, 1, 8)
    FROM signed
    RETURNING id, signature_id, spelling_hash
)
INSERT INTO letters_outgoingemail
    (kind, signature_id, submission_id, spelling_hash, key, created_at, next_attempt_at, attempts, error)
SELECT 'confirm', signature_id, id, spelling_hash, 'confirm:' || signature_id, now(), now(), 0, '' FROM typed
"""


def owe(site: Site, many: int, slug: str = SAMPLE) -> None:
    """Create this many signatures that wait, with their confirmation emails, due now."""
    site.database.execute(OWE, [many, slug, encrypt(ADDRESS), encrypt(ADDRESS)])


@dataclass(frozen=True)
class Kind:
    """A kind of email (OutgoingEmail.Kind): the worker that sends it, and how emails of it are created."""

    name: str
    task: str
    queue: str
    worker: str
    owe: Callable[[Site, int], None]


CONFIRMATIONS = Kind("confirm", "letters.deliver", "confirmations", "worker", owe)


class MailWorker:
    """Sends emails with the worker: in each volley, as many as the previous volley sent."""

    def __init__(self, site: Site, kind: Kind = CONFIRMATIONS, *, delay: float) -> None:
        self.site = site
        self.kind = kind
        self.delay = delay
        self.rate = 0.0

    def __call__(self, seconds: float) -> Volley:
        many = max(FIRST, int(self.rate * seconds))
        self.kind.owe(self.site, many)
        before, used = ask_sink(self.site, delay=self.delay), self.site.cpu_seconds(self.kind.worker)
        begun = timezone.now()
        send_owed(self.site, self.kind)
        volley = Volley(cpu=self.site.cpu_seconds(self.kind.worker) - used)
        last = self.site.value("SELECT max(sent_at) FROM letters_outgoingemail")
        volley.seconds = (last - begun).total_seconds()
        volley.answered = volley.taken = self.site.value(
            "SELECT count(*) FROM letters_outgoingemail WHERE sent_at > %s", begun
        )
        came = ask_sink(self.site) - before
        if not many == volley.taken == came:
            volley.failures[f"{many} emails owed, {volley.taken} noted as sent, {came} came"] += 1
        self.rate = volley.rate
        return volley


def send_owed(site: Site, kind: Kind) -> None:
    """Wake the worker, and wait until every email is sent."""
    wakeups.wake(kind.task, queue=kind.queue)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := site.value(OWED):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{left} emails were still owed after {PATIENCE_SECONDS} seconds.")
        time.sleep(0.05)


class Smtplib:
    """Sends the email of one signer again and again."""

    def __init__(self, site: Site, kind: Kind = CONFIRMATIONS, *, delay: float) -> None:
        self.site = site
        self.delay = delay
        self.mail = mail_of(site, kind)

    def __call__(self, seconds: float) -> Volley:
        before = ask_sink(self.site, delay=self.delay)
        volley = Volley(size=len(self.mail))
        with smtplib.SMTP(HOST, self.site.mail_port) as server:
            begun, used = time.perf_counter(), time.process_time()
            while (passed := time.perf_counter() - begun) < seconds:
                server.sendmail(settings.DEFAULT_FROM_EMAIL, [ADDRESS], self.mail)
                volley.taken += 1
            volley.cpu = time.process_time() - used
        volley.answered, volley.seconds = volley.taken, passed
        came = ask_sink(self.site) - before
        if came != volley.taken:
            volley.failures[f"{volley.taken} emails sent, {came} came"] += 1
        return volley


def mail_of(site: Site, kind: Kind) -> bytes:
    """Return the email as the worker sends it."""
    # Models can be imported only after the site has started.
    from letters.base.outbox.built import Send  # noqa: PLC0415
    from letters.models import OutgoingEmail  # noqa: PLC0415
    from letters.tasks import EMAIL_BUILDERS  # noqa: PLC0415

    kind.owe(site, 1)
    built = EMAIL_BUILDERS[kind.name](OutgoingEmail.objects.owed().get())
    forget_owed(site)
    if not isinstance(built, Send):
        raise RuntimeError("There is no email to measure with.")  # noqa: TRY004 -- it says more
    return built.message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def ask_sink(site: Site, *, delay: float | None = None) -> int:
    """Return how many emails the server has accepted. From now on it waits `delay` seconds for each."""
    with smtplib.SMTP(HOST, site.mail_port) as server:
        if delay is not None:
            server.docmd("XDELAY", str(delay))
        return int(server.docmd("XTAKEN")[1])
