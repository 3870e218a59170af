"""A whole run of the site is searched for what people entrusted to it: addresses, names that must not be stored, and
emailed links.

The database, Valkey and everything that passed through it, every log, every file and the public pages are searched, for
the secret itself and for encoded forms of it. The mail server is left out, because secrets belong there.
"""

import gzip
import hashlib
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import redis
import requests
from psycopg import sql

from letters.public.public_pages.shared_pages import DIGEST_BYTES
from tests.people import unheard_of
from tests.smtp import SmtpSink
from tests.stack import Answer, Site, running_site, until

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
# Words without a letter that an encoding of addresses (%40) would touch. The first is part of everything that must be
# nowhere, the second of what must be deleted with its signature, the third of what may be there.
SECRET, GONE, SHOWN = map(unheard_of, ("secret", "gone", "shown"))
TOKEN = re.compile(r"/signatures/[a-z-]+/([\w-]{60,72})")
FORM = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CODE = re.compile(r"^\s*(\d{3} \d{3})\s*$", re.MULTILINE)


# The search


def disguises(secret: str) -> set[bytes]:
    """The secret itself, in upper or lower case, in hexadecimal, and within base64; searched in lower case."""
    spellings = [secret.lower().encode(), secret.upper().encode()]
    found = {form for spelling in spellings for form in (spelling, spelling.hex().encode(), *within_base64(spelling))}
    return {disguise.lower() for disguise in found}


def within_base64(secret: bytes) -> Iterator[bytes]:
    """Return what base64 makes of the secret inside a longer text, at any position: without the edges, which differ."""
    for before in range(3):
        # Four characters encode three bytes; those that contain a bit of a neighbour are cut off.
        encoded = b64encode(b"\0" * before + secret)[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]
        yield encoded
        yield encoded.translate(bytes.maketrans(b"+/", b"-_"))


def fingerprints(address: str) -> set[bytes]:
    """Hashes without a key, which anyone can compare with those of addresses they know."""
    spelling = address.lower().encode()
    digests = [hashlib.new(name, spelling, usedforsecurity=False).digest() for name in ("md5", "sha1", "sha256")]
    return {form for digest in digests for form in (digest, digest.hex().encode(), b64encode(digest))}


Places = dict[str, bytes]


def where_is(needles: set[bytes], places: Places) -> list[str]:
    """Return the places that contain one of these secrets, with the text around it."""
    return [
        f"{place}: {text[max(0, at - 80) : at + 120]!r}"
        for place, text in places.items()
        for needle in needles
        if (at := text.find(needle)) >= 0
    ]


def in_lower_case(places: Places) -> Places:
    return {place: text.lower() for place, text in places.items()}


@pytest.mark.parametrize(
    "text",
    [
        "Mail for {} was refused",
        "/?email={}&name=",
        *(b64encode(f"{'x' * before}{SECRET}@example.org, and more".encode()).decode() for before in range(3)),
        *(b64encode(f"{'x' * before}{SECRET.upper()}@example.org".encode()).decode() for before in range(3)),
        f"\\x{(SECRET + '@example.org').encode().hex()}",
    ],
    # Named, because the searched text differs in every process of the run.
    ids=["said", "in an address", *(f"base64 {n}" for n in range(6)), "hexadecimal"],
)
@pytest.mark.parametrize(
    "spelled", [str.lower, str.upper, lambda address: quote(address, safe="")], ids=["low", "high", "quoted"]
)
def test_the_search_sees_through_every_disguise(text: str, spelled: Callable[[str], str]) -> None:
    places = {"a log": text.format(spelled(f"{SECRET}@example.org")).encode()}
    assert where_is(disguises(SECRET), in_lower_case(places))
    assert not where_is(disguises(GONE), in_lower_case(places))


# The run


class Run:
    """People sign on a running site, and things go wrong."""

    def __init__(self, site: Site, sink: SmtpSink) -> None:
        self.site = site
        self.sink = sink
        # Include links that were not mailed but were in a page or a redirect.
        self.tokens: set[str] = set()
        self.addresses: list[str] = []
        self.logs: Places = {}

    def live(self) -> None:
        self.people_sign()
        self.an_organizer_has_an_account()
        self.addresses_are_wrong()
        self.mail_is_refused()
        self.links_are_wrong()
        self.the_database_goes_away_during_a_signing()

    def people_sign(self) -> None:
        public = self.address("public")
        self.sign(public, name=f"{SHOWN} Public", comment="Because I agree.", updates="on")
        self.press(public, "confirm")
        # Sign again, like a person who has forgotten.
        self.sign(public.upper(), name=f"{SHOWN} Public")

        organizers = self.address("Organizers")
        check = self.sign(organizers, name=f"{SHOWN} Organizers", display="organizers").location
        code = CODE.search(until(lambda: self.mails_to(organizers))[0])
        assert code
        assert self.post(check, code="000 000").status == 422
        answer = self.post(check, code=code[1])
        assert answer.status == 303
        assert self.post(answer.location).status == 303

        nobody = self.address("nobody")
        self.sign(nobody, name=f"{SECRET} Nobody", display="nobody", affiliation=f"{SECRET} & Sons", updates="on")
        self.press(nobody, "confirm")
        # Again: the address is kept for the email that answers.
        before = len(self.mails_to(nobody))
        self.sign(nobody, name=f"{SECRET} Nobody", display="nobody")
        until(lambda: len(self.mails_to(nobody)) > before)

        becomes_nobody = self.address("becomes.nobody")
        self.sign(becomes_nobody, name=f"{SHOWN} For Now")
        self.press(becomes_nobody, "confirm")
        self.press(becomes_nobody, "manage", action="save", name=f"{SECRET} No More", display="nobody", sure="nobody")

        withdrawn = self.address("withdrawn")
        self.sign(withdrawn, name=f"{GONE} Withdrawn")
        self.press(withdrawn, "confirm")
        assert self.get(f"{self.link(withdrawn, 'manage')}data.json").status == 200
        self.press(withdrawn, "manage", action="withdraw")

        disowned = self.address("disowned")
        self.sign(disowned, name=f"{GONE} Disowned")
        self.press(disowned, "not-me")

    def an_organizer_has_an_account(self) -> None:
        email = self.address("organizer")
        with requests.Session() as browser:
            browser.headers["User-Agent"] = f"Mozilla/5.0 ({SECRET}) Firefox/140.0"
            self.send_form(browser, "/accounts/login/", login=email, password=f"{SECRET} of nobody")
            self.send_form(browser, "/accounts/signup/", email=email, password1=f"{SECRET} password")
            code = CODE.search(until(lambda: self.mails_to(email))[0])
            assert code
            page = self.send_form(browser, "/accounts/confirm-email/", code=code[1])
            assert "/accounts/" in page.url
            assert email in browser.get(f"{self.site.url}/accounts/").text
            self.tokens.add(browser.cookies["sessionid"] or "")

    def send_form(self, browser: requests.Session, path: str, **fields: str) -> requests.Response:
        token = FORM.search(browser.get(f"{self.site.url}{path}").text)
        assert token
        data = {"csrfmiddlewaretoken": token[1], **fields}
        return browser.post(f"{self.site.url}{path}", data=data, headers={"Origin": self.site.url})

    def addresses_are_wrong(self) -> None:
        assert self.sign(f"{SECRET}@@example", name="Ada").status == 422
        assert self.sign(f"{SECRET}@example.org {SECRET}@example.org", name="Ada").status == 422
        mistyped = self.address("mistyped", "gmial.com")
        assert self.sign(mistyped, name=f"{SHOWN} Mistyped").status == 422
        assert self.sign(mistyped, name=f"{SHOWN} Mistyped", sure=mistyped).status == 303
        until(lambda: self.mails_to(mistyped))

    def mail_is_refused(self) -> None:
        refused, later = self.address("refused"), self.address("later")
        self.sink.answer("RCPT", f"550 5.1.1 <{refused}> is nobody here", to=refused)
        self.sink.answer("DATA", f"451 4.2.2 {later} is over quota", to=later, times=1)
        for email in (refused, later):
            self.sign(email, name=f"{SHOWN} Refused")
        until(lambda: self.mails_to(later))
        with self.connect() as connection:
            failed = "SELECT FROM letters_outgoingemail WHERE failed_at IS NOT NULL"
            until(lambda: connection.execute(failed).fetchone() is not None)

    def links_are_wrong(self) -> None:
        confirm = self.link(self.addresses[0], "confirm")
        address = self.addresses[0]
        for path in (
            confirm.replace("confirm", "manage"),
            f"{confirm[:-2]}/",
            f"{confirm}more/",
            f"/letters/unpaid-cast/{address}/",
            f"/{quote(address, safe='')}",
            f"/letters/no-such-letter/?email={address}",
        ):
            assert self.get(path).status == 404
        assert self.get(f"{LETTER}sign/?name={SECRET}&email={address}").status == 303
        assert self.post(f"{LETTER}sign/", email=address, comment=SECRET * 20_000).status == 413

    def the_database_goes_away_during_a_signing(self) -> None:
        email = self.address("unlucky")
        answers: list[Answer] = []
        signer = threading.Thread(target=lambda: answers.append(self.sign(email, name=f"{SHOWN} Unlucky")))
        with self.connect() as connection:
            connection.execute("LOCK TABLE letters_signature IN SHARE ROW EXCLUSIVE MODE")
            signer.start()
            waiting = "SELECT pid FROM pg_locks WHERE relation = 'letters_signature'::regclass AND NOT granted"
            pid = until(lambda: connection.execute(waiting).fetchone())
            # A shutdown does this too, but before the lock is gone.
            connection.execute("SELECT pg_terminate_backend(%s)", pid)
            signer.join()
        database = self.site.database()
        database.stop()
        answers.append(self.sign(email, name=f"{SHOWN} Unlucky"))
        assert [answer.status for answer in answers] == [503, 503]
        # The next start begins a new one.
        self.logs["PostgreSQL's log before the restart"] = (database.folder / "log").read_bytes()
        database.start(fast=True)
        until(lambda: self.sign(email, name=f"{SHOWN} Unlucky").status == 303)
        self.press(email, "confirm")

    # Helpers of the run

    def address(self, who: str, domain: str = "example.org") -> str:
        self.addresses.append(f"{SECRET}.{who}@{domain}")
        return self.addresses[-1]

    def sign(self, email: str, *, display: str = "public", **fields: str) -> Answer:
        return self.post(f"{LETTER}sign/", email=email, display=display, **fields)

    def get(self, path: str) -> Answer:
        return self.noting(self.site.get(path))

    def post(self, path: str, **fields: str) -> Answer:
        return self.noting(self.site.post(path, **fields))

    def noting(self, answer: Answer) -> Answer:
        self.tokens.update(TOKEN.findall(answer.text + answer.location))
        return answer

    def mails_to(self, email: str) -> list[str]:
        return [mail.text for mail in self.sink.received if mail.recipients == [email]]

    def link(self, email: str, purpose: str) -> str:
        """Wait for the path of a mailed link."""

        def mailed() -> list[str]:
            return re.findall(rf"(/signatures/{purpose}/[\w-]+/)", "".join(self.mails_to(email)))

        return until(mailed)[-1]

    def press(self, email: str, purpose: str, **fields: str) -> None:
        """Open a mailed link and press its button."""
        link = self.link(email, purpose)
        # After a restart of the database the first answers may still be 503.
        until(lambda: self.get(link).status == 200)
        until(lambda: self.post(link, **fields).status in {200, 303})
        self.get(link)

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.site.addresses()["DATABASE_URL"])


@contextmanager
def overheard(url: str) -> Iterator[bytearray]:
    """Every command that anyone gives to Valkey from now on."""
    heard = bytearray()
    server = redis.Redis.from_url(url).connection_pool.connection_kwargs
    with socket.create_connection((server["host"], server["port"])) as listener:
        listener.sendall(b"MONITOR\r\n")

        def listen() -> None:
            while chunk := listener.recv(65536):
                heard.extend(chunk)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def rows_of_every_table(connection: "psycopg.Connection[tuple[object, ...]]") -> Places:
    """Yield each row as text and each of its values; and what PostgreSQL itself remembers of values and queries."""
    connection.execute("ANALYZE")
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'public'::regnamespace"
    )
    tables = [str(name) for (name,) in names]
    return {
        f"table {table}": b"\n".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in connection.execute(sql.SQL("SELECT t::text, t.* FROM {} t").format(sql.Identifier(table)))
            for value in row
        )
        for table in [*tables, "pg_stats", "pg_stat_activity"]
    }


def unpacked(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Add the text of a public page that the web servers share."""
    if b"page" not in fields:
        return fields
    _, _, compressed = fields[b"page"][DIGEST_BYTES:].partition(b"\n")
    return fields | {b"text": gzip.decompress(compressed)}


def keys_and_values(client: Any) -> Places:
    read: dict[bytes, Callable[[bytes], object]] = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": lambda key: unpacked(client.hgetall(key)),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    return {f"Valkey's {key!r}": repr(read[client.type(key)](key)).encode() for key in client.scan_iter()}


def files_in(folder: Path) -> Places:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Evidence:
    """Return everything that one run has left behind, in lower case."""

    tables: Places
    logs: Places
    valkey: Places
    pages: Places
    files: Places
    addresses: list[str]
    # Of all links that were mailed, or were in a page that only the signer has seen.
    tokens: set[str]

    @property
    def but_files(self) -> Places:
        return self.tables | self.logs | self.valkey | self.pages


@pytest.fixture(scope="module")
def evidence() -> Iterator[Evidence]:
    with SmtpSink() as sink, running_site(EMAIL_URL=sink.url, MAIL_RETRY_SECONDS="1") as site:
        run = Run(site, sink)
        url = site.addresses()["VALKEY_URL"]
        with overheard(url) as heard, redis.Redis.from_url(url) as valkey:
            run.live()
            memory = {"what Valkey was told": bytes(heard), **keys_and_values(valkey)}
        with run.connect() as connection:
            tables = rows_of_every_table(connection)
        pages = {
            path: site.get(path).text.encode() for path in ("/", LETTER, f"{LETTER}signatures/", f"{LETTER}count/")
        }
        # Write what PostgreSQL still had in memory.
        site.stop()
        logs = {**run.logs, "what the site has said": site.run.output.encode()}
        mailed = {token for mail in sink.received for token in TOKEN.findall(mail.text)}
        assert {address.lower() for address in run.addresses} >= {to.lower() for to in sink.recipients()} != set()
        yield Evidence(
            tables=in_lower_case(tables),
            logs=in_lower_case(logs),
            valkey=in_lower_case(memory),
            pages=in_lower_case(pages),
            files=in_lower_case(files_in(site.var)),
            addresses=run.addresses,
            tokens=run.tokens | mailed,
        )


def test_the_search_finds_allowed_data_so_it_would_find_the_rest(evidence: Evidence) -> None:
    shown = disguises(SHOWN)
    assert len(where_is(shown, {"signatures": evidence.tables["table letters_signature"]})) == 1
    assert where_is(shown, evidence.pages)
    assert where_is(shown, evidence.files)
    assert where_is({b"wakeup:letters.deliver"}, evidence.valkey)
    for line in (
        b"(token)",
        b"(address)",
        b"service unavailable: /letters/unpaid-cast/sign/",
        b"terminating connection",
    ):
        assert where_is({line}, evidence.logs), line
    assert len(evidence.tokens) > len(evidence.addresses)


def test_no_address_and_no_name_of_a_nameless_signer_is_anywhere(evidence: Evidence) -> None:
    assert where_is(disguises(SECRET), evidence.but_files | evidence.files) == []


def test_no_hash_that_could_reveal_an_address_is_anywhere(evidence: Evidence) -> None:
    hashes = {form.lower() for address in evidence.addresses for form in fingerprints(address)}
    assert where_is(hashes, evidence.but_files) == []


def test_no_emailed_link_is_anywhere(evidence: Evidence) -> None:
    tokens = {token.lower().encode() for token in evidence.tokens}
    assert where_is(tokens, evidence.but_files | evidence.files) == []


def test_no_name_is_left_of_people_who_withdrew_or_disowned(evidence: Evidence) -> None:
    assert where_is(disguises(GONE), evidence.but_files) == []
