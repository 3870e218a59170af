"""The site under test: real servers with their own data, letters with many signatures, and browser requests."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg
from django.conf import settings
from django.db import connection
from django.test.client import Client
from django.test.utils import override_settings
from django.utils import timezone

from bench.load import HOST, Volley, fire
from letters.shared.tokens import make_token
from petition import child_processes, environment, local
from petition.embedded import free_port

SAMPLE = "unpaid-cast"
CACHE = "letters.public.public_pages.caching.PublicPageCache"
# The developer's own variables must not apply. An empty variable counts as unset, and wins over .env.
NOT_FOR_BENCH = [
    *["DATABASE_URL", "DATABASE_POOL_SIZE", "DATABASE_BEHIND_POOLER", "VALKEY_URL", "BROKER_URL", "EMAIL_URL"],
    *["SITE_URL", "ALLOWED_HOSTS", "BEHIND_PROXY", "TRUSTED_PROXIES", "STATIC_ROOT", "DEBUG", "LOG_LEVEL"],
]


@dataclass
class Site:
    """The site and the limits, each on its own port, and a direct connection to the database."""

    port: int
    limit_port: int
    # The port of bench/sink.py.
    mail_port: int
    folder: Path
    processes: child_processes.Processes
    database: psycopg.Connection[tuple[Any, ...]]

    def value(self, query: str, *parameters: object) -> Any:
        row = self.database.execute(query, parameters).fetchone()
        return row[0] if row else None

    def signatures(self, slug: str, state: str) -> int:
        """Return how many of a letter's signatures are in this state."""
        query = """
            SELECT count(*) FROM letters_signature
            WHERE letter_id = (SELECT id FROM letters_letter WHERE slug = %s) AND state = %s
        """
        return int(self.value(query, slug, state))

    def fire(self, request: Iterator[bytes], *, expect: int, seconds: float) -> Volley:
        """Send requests to the site."""
        return self._fire(self.port, request, expect, seconds)

    def fire_at_limit(self, request: bytes, *, seconds: float) -> Volley:
        return self._fire(self.limit_port, repeat(request), 200, seconds)

    def _fire(self, port: int, requests: Iterator[bytes], expect: int, seconds: float) -> Volley:
        before = self.cpu_seconds("web server", "limits")
        volley = fire(port, requests, expect=expect, seconds=seconds)
        volley.cpu = self.cpu_seconds("web server", "limits") - before
        return volley

    def cpu_seconds(self, *names: str) -> float:
        """Return the processor time of these processes and the database. Idle ones add nothing."""
        postmaster = (self.folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        pids = [self.processes.running[name].pid for name in names]
        parents = map(psutil.Process, [*pids, int(postmaster)])
        return sum(_cpu_seconds(process) for parent in parents for process in [parent, *parent.children()])


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):  # A helper process of PostgreSQL has just ended.
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0


@contextmanager
def running_site() -> Iterator[Site]:
    """Start the site like `make run`, but without worker and clock, and with a sample letter
    that asks for everything.
    """
    beside = environment.folder("VAR_DIR", local.BASE_DIR / "var")
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        # Do not use /tmp, which may be in memory, where fsync costs nothing.
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=beside)))
        port, limit_port, mail_port = free_port(), free_port(), free_port()
        os.environ.update(
            dict.fromkeys(NOT_FOR_BENCH, ""),
            LAPTOP="1",
            VAR_DIR=str(var),
            PORT=str(port),
            EMAIL_URL=f"smtp://{HOST}:{mail_port}",
            DJANGO_SETTINGS_MODULE="petition.settings",
            # Limits are counted as usual, but never reached: the generator is one network with thousands of signers.
            **dict.fromkeys(
                ["LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_LETTER_SOFT", "LIMIT_DOMAIN"], "1000000000/hour"
            ),
        )
        ledger = stack.enter_context(child_processes.locked_ledger(var))
        laptop = local.Laptop(var / "laptop.json")
        addresses = local.servers(var, ledger, stack)
        laptop.write(**addresses)
        local.prepare(laptop)
        database = stack.enter_context(psycopg.connect(addresses["DATABASE_URL"], autocommit=True))
        database.execute(LIMIT_TABLE)
        database.execute(ASK_FOR_EVERYTHING)
        stack.callback(_close_pool)
        processes = child_processes.Processes(ledger)
        stack.callback(processes.end)
        processes.start("mail server", [sys.executable, "-m", "bench.sink", str(mail_port)])
        for name, at, application in [
            ("web server", port, "petition.wsgi:application"),
            ("limits", limit_port, "bench.limits:application"),
        ]:
            processes.start(name, [*local.web_server(HOST, at)[:-1], application])
            local.wait_until_ready(processes, HOST, at)
        yield Site(port, limit_port, mail_port, var, processes, database)


def _close_pool() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet


# bench/limits.py writes into it.
LIMIT_TABLE = """
CREATE TABLE bench_limit (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name varchar(200) NOT NULL,
    signed_at timestamptz NOT NULL
)
"""
ASK_FOR_EVERYTHING = """
UPDATE letters_letter
SET ask_affiliation = 'optional', ask_role = 'optional', ask_country = 'optional', ask_comment = 'optional'
"""


# Letters with many signatures

COPY_LETTER = """
INSERT INTO letters_letter
SELECT copy.* FROM letters_letter AS sample, LATERAL jsonb_populate_record(sample, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('letters_letter', 'id')), 'slug', %(slug)s::text,
    'signature_count', %(many)s::int, 'last_number', %(many)s::int
)) AS copy
WHERE sample.slug = %(sample)s
RETURNING id
"""
SIGNATURES = """
INSERT INTO letters_signature
    (letter_id, revision_id, language, name, affiliation, role, country, comment, display, state, verified,
     salt, address_hash, signed_at, confirmed_at, published_at, number, counted)
SELECT id, current_revision_id, language, 'Reader ' || n, 'University of Nowhere', 'teacher', 'IT', '', 'public',
    'published', 'link', substr(sha256(int4send(n)), 1, 8), sha256(int8send(id) || int4send(n)), now(), now(), now(),
    n, true
FROM letters_letter, generate_series(1, %(many)s) AS n WHERE id = %(letter)s
"""
CONTACTS = """
INSERT INTO letters_signercontact (signature_id, address, consent)
SELECT id, sha512(address_hash) || sha512(salt), '' FROM letters_signature WHERE letter_id = %(letter)s
"""
DELIVERIES = """
INSERT INTO letters_outgoingemail (kind, signature_id, key, created_at, next_attempt_at, attempts, error, sent_at)
SELECT kind, id, kind || ':' || id, now(), now(), 1, '', now()
FROM letters_signature, unnest(ARRAY['confirm', 'thanks']) AS kind WHERE letter_id = %(letter)s
"""


def copied_letter(slug: str, many: int) -> int:
    """Create a copy of the sample letter that counts so many signatures, and return its id."""
    with connection.cursor() as cursor:
        cursor.execute(COPY_LETTER, {"slug": slug, "many": many, "sample": SAMPLE})
        return int(cursor.fetchone()[0])


def letter_with(site: Site, many: int, slug: str = "") -> str:
    """Return the slug of a letter with this many confirmed signatures. Created once for each slug."""
    slug = slug or f"signed-by-{many}"
    if site.value("SELECT count(*) FROM letters_letter WHERE slug = %s", slug):
        return slug
    values: dict[str, object] = {"many": many, "letter": copied_letter(slug, many)}
    for statement in (SIGNATURES, CONTACTS, DELIVERIES):
        site.database.execute(statement, values)
    # The emails and records that a site of this size would have.
    site.database.execute(
        "VACUUM ANALYZE letters_signature, letters_signercontact, letters_outgoingemail, letters_letter"
    )
    site.database.execute("CHECKPOINT")
    return slug


# Browser requests

HEADERS = """\
Host: 127.0.0.1\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
Accept-Language: en-GB,en;q=0.7,it;q=0.3\r
Accept-Encoding: gzip, deflate, br, zstd\r
Connection: keep-alive\r
Upgrade-Insecure-Requests: 1\r
Sec-Fetch-Dest: document\r
Sec-Fetch-Mode: navigate\r
Sec-Fetch-Site: same-origin\r
Sec-Fetch-User: ?1\r
"""
FORM = {
    "name": "Zoë Okafor-Lindqvist",
    "email": "reader-000000000@nowhere.example",
    "affiliation": "University of Nowhere",
    "role": "Teacher of drawing",
    "country": "IT",
    "comment": "Because nobody should work for nothing, and no name should be used to say that they like it.",
    "display": "public",
    "updates": "on",
}
_readers = count(1)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()


def post(path: str, form: dict[str, str]) -> bytes:
    body = urlencode(form)
    kind = "Content-Type: application/x-www-form-urlencoded"
    return f"POST {path} HTTP/1.1\r\n{HEADERS}{kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def signings(slug: str) -> Iterator[bytes]:
    """Yield a different signer each time, without end."""
    form = post(f"/letters/{slug}/sign/", FORM)
    for number in _readers:
        yield form.replace(b"000000000", b"%09d" % number)


def waiting(site: Site, slug: str) -> list[tuple[int, bytes]]:
    """Return id and salt of a letter's signatures that wait for confirmation."""
    query = """
        SELECT signature.id, salt FROM letters_signature AS signature
        JOIN letters_letter AS letter ON letter.id = letter_id
        WHERE slug = %s AND state = 'pending' ORDER BY signature.id
    """
    return site.database.execute(query, [slug]).fetchall()


def confirm_path(signature_id: int, salt: bytes) -> str:
    return f"/signatures/confirm/{make_token('confirm', signature_id=signature_id, salt=salt, now=timezone.now())}/"


def confirmations(signatures: list[tuple[int, bytes]]) -> list[bytes]:
    """Return requests that press the button in each email."""
    return [post(confirm_path(*signature), {}) for signature in signatures]


# The cost of one request, measured in this process


def without_cache() -> override_settings:
    """Make each public page anew within this context."""
    return override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != CACHE])


def milliseconds_to_make(path: str, times: int = 15) -> float:
    """Return the time to make a public page without a cache: the fastest, least disturbed, of several tries."""
    taken = []
    with without_cache():
        client = Client()
        for _ in range(times):
            begun = time.perf_counter()
            must_answer(client.get(path).status_code, 200, path)
            taken.append(time.perf_counter() - begun)
    return min(taken) * 1000


def statements_sent(site: Site) -> dict[str, int]:
    """Count the statements that each step sends to the database, BEGIN and COMMIT included, from the server's log."""
    page, client = f"/letters/{SAMPLE}/", Client()
    with connection.cursor() as cursor:
        cursor.execute("SET log_statement = 'all'")
    # The first request of a process fills caches.
    must_answer(Client().get(f"/it{page}").status_code, 200, page)
    counts = {
        "the letter, made": _logged(site, lambda: must_answer(client.get(page).status_code, 200, page)),
        "from memory": _logged(site, lambda: must_answer(client.get(page).status_code, 200, page)),
    }
    time.sleep(1)
    counts["asked whether it is still good"] = _logged(
        site, lambda: must_answer(client.get(page).status_code, 200, page)
    )
    form = {**FORM, "email": "someone@example.org"}
    sign = f"{page}sign/"
    counts["signing"] = _logged(site, lambda: must_answer(client.post(sign, form).status_code, 303, sign))
    confirm = confirm_path(*waiting(site, SAMPLE)[-1])
    counts["the link opened"] = _logged(site, lambda: must_answer(client.get(confirm).status_code, 200, confirm))
    counts["confirming"] = _logged(site, lambda: must_answer(client.post(confirm).status_code, 303, confirm))
    return counts


LOGGED = re.compile(r"LOG: +(?:statement|execute [^:]*): ")


def _logged(site: Site, action: Callable[[], None]) -> int:
    log = site.folder / "postgres" / "log"
    before = len(LOGGED.findall(log.read_text(encoding="utf-8")))
    action()
    return len(LOGGED.findall(log.read_text(encoding="utf-8"))) - before


def must_answer(status: int, expected: int, path: str) -> None:
    if status != expected:
        raise RuntimeError(f"{path} answered {status}, not {expected}: nothing can be measured.")
