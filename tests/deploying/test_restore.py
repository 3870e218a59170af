"""The restore drill: a site is backed up while people sign, destroyed, and restored elsewhere with its keys."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from dotenv import dotenv_values

from petition import local
from petition.embedded import Postgres, embedded_postgres, free_port
from tests.people import unheard_of
from tests.stack import OURS, Part, Site, StoppableValkey, Web, links_in, open_folder, prepared_folder, until

pytestmark = pytest.mark.xdist_group("stack")

SLUG = "unpaid-cast"
# All people of this test sign from one computer.
MANY = dict.fromkeys(("LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_LETTER_SOFT", "LIMIT_UNPROVEN"), "100000/hour")
MANY["LIMIT_DOMAIN"] = "100000/day"


@dataclass
class Person:
    """A signer, and what the site has acknowledged so far."""

    name: str = field(default_factory=lambda: f"Ada {unheard_of().title()}")
    did: set[str] = field(default_factory=set)

    @property
    def email(self) -> str:
        return f"{self.name.replace(' ', '.').lower()}@example.org"

    def sign(self, site: Site) -> None:
        assert site.sign(SLUG, self.email, self.name).status == 303
        self.did.add("signed")

    def confirm(self, site: Site) -> None:
        assert site.post(site.mailed_link("confirm", self.email)).status in {200, 302, 303}
        self.did.add("confirmed")

    def withdraw(self, site: Site) -> None:
        answer = site.post(site.mailed_link("manage", self.email), action="withdraw")
        assert answer.status in {200, 302, 303}
        self.did.add("withdrew")


def command(*words: str, **environ: str) -> str:
    """Run a command of the site, and return what it says."""
    asked = [sys.executable, "manage.py", *words]
    ran = subprocess.run(
        asked, cwd=local.BASE_DIR, env=os.environ | environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@dataclass
class Drill:
    """What is left of a site after its end: backup, keys, and the emails in people's mailboxes."""

    backup: Path
    keys: Path
    said: str
    mails: list[dict[str, str]]
    before: list[Person]
    during: list[Person]

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, dict[str, dict[str, int]]] = json.loads((self.backup / "manifest.json").read_text())[
            "manifest"
        ]
        return found


@pytest.fixture(scope="module")
def drill() -> Drill:
    folder = open_folder()
    site = Site(prepared_folder(), **MANY)
    try:
        site.wait_until_ready()
        before = [Person() for _ in range(8)]
        for person in before:
            person.sign(site)
        for person in before[:6]:
            person.confirm(site)
        for person in before[:2]:
            person.withdraw(site)
        acknowledged = [Person(each.name, set(each.did)) for each in before]
        during: list[Person] = []
        over = threading.Event()

        def go_on() -> None:
            while not over.is_set():
                person = Person()
                during.append(person)
                person.sign(site)
                person.confirm(site)

        busy = [threading.Thread(target=go_on) for _ in range(3)]
        for each in busy:
            each.start()
        until(lambda: any("confirmed" in person.did for person in during))
        environ = dict.fromkeys(OURS, "") | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
        try:
            said = command("backup", str(folder / "backup"), "--keys-to", str(folder / "keys"), **environ)
        finally:
            over.set()
            for each in busy:
                each.join(120)
        people = [*before, *during]
        mails = [links_in(mail) | {"to": each.email} for each in people for mail in site.mails_to(each.email)]
        # The end: no process stops in order, and no file is left.
        database = Postgres(site.var / "postgres")
        site.run.kill()
        database.stop()
    finally:
        site.stop()
    shutil.rmtree(site.var)
    return Drill(folder / "backup", folder / "keys", said, mails, acknowledged, during)


@dataclass
class Elsewhere(Web):
    """The site on another machine: another database, another Valkey, and the keys that were kept apart."""

    port: int
    url: str
    said: str

    # Signatures of each letter before anything has started.
    restored: dict[str, int] = field(default_factory=dict)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def elsewhere(drill: Drill) -> Iterator[Elsewhere]:
    folder, valkey = open_folder(), StoppableValkey()
    with embedded_postgres(folder / "postgres", fast=True) as url:
        servers = {"DATABASE_URL": url, "VALKEY_URL": valkey.url, "VAR_DIR": str(folder / "var")}
        environ = dict.fromkeys(OURS, "") | servers | {"STATIC_ROOT": str(settings.STATIC_ROOT)}
        said = command("restore", str(drill.backup), "--keys", str(drill.keys), **environ)
        keys = {name: value for name, value in dotenv_values(drill.keys).items() if value}
        environ |= keys | MANY | {"LAPTOP": "1"}
        web = Elsewhere(free_port(), url, said)
        web.restored = dict(web.rows("SELECT letter_id::text, count(*) FROM letters_signature GROUP BY 1"))
        parts = [
            Part(local.web_server("127.0.0.1", web.port), folder / "web.log", environ),
            Part(local.worker(), folder / "worker.log", environ),
        ]
        try:
            until(web.answers, 120)
            yield web
        finally:
            for part in parts:
                part.kill()
                sys.stderr.write(part.output)
            valkey.stop()


def states(site: Elsewhere) -> dict[str, str]:
    return dict(site.rows("SELECT name, state FROM letters_signature WHERE name LIKE 'Ada %'"))


def test_every_signature_acknowledged_before_the_backup_is_there(drill: Drill, elsewhere: Elsewhere) -> None:
    found = states(elsewhere)
    for person in drill.before:
        if "withdrew" in person.did:
            assert found.get(person.name) in {None, "withdrawn"}
        else:
            assert found[person.name] in ({"confirmed", "published"} if "confirmed" in person.did else {"pending"})


def test_what_was_withdrawn_stays_withdrawn(drill: Drill, elsewhere: Elsewhere) -> None:
    gone = [person.name for person in drill.before if "withdrew" in person.did]
    assert len(gone) == 2
    stayed = [person.name for person in drill.before if person.did == {"signed", "confirmed"}]

    def listed(names: list[str]) -> list[str]:
        page = elsewhere.get(f"/letters/{SLUG}/signatures/")
        assert page.status == 200
        return [name for name in names if name in page.text]

    until(lambda: listed(stayed) == stayed)
    assert listed(gone) == []
    assert elsewhere.rows("SELECT count(*) FROM letters_signature WHERE state = 'withdrawn'")[0][0] >= 2


def test_the_numbers_are_those_of_the_manifest(drill: Drill, elsewhere: Elsewhere) -> None:
    counts = drill.manifest["counts"]
    site = counts.pop("site")
    assert {letter: sum(states.values()) for letter, states in counts.items()} == elsewhere.restored
    assert sum(elsewhere.restored.values()) == site["signatures"] > len(drill.before)
    assert f"{site['signatures']} signatures" in elsewhere.said


def test_all_emailed_links_work(drill: Drill, elsewhere: Elsewhere) -> None:
    known = {person.email for person in drill.before}
    opened = 0
    for mail in drill.mails:
        for purpose, path in mail.items():
            if purpose != "to" and mail["to"] in known:
                assert elsewhere.get(path).status in {200, 302, 303}, path
                opened += 1
    assert opened >= 3 * len(known)


def test_people_confirm_with_the_link_that_they_got_before_the_end(drill: Drill, elsewhere: Elsewhere) -> None:
    waiting = [person for person in drill.before if person.did == {"signed"}]
    assert waiting
    for person in waiting:
        (link,) = [mail["confirm"] for mail in drill.mails if mail["to"] == person.email and "confirm" in mail]
        assert elsewhere.post(link).status in {200, 302, 303}
    until(lambda: {states(elsewhere)[person.name] for person in waiting} == {"published"})


def test_a_signature_made_during_the_backup_is_there_whole_or_not_at_all(drill: Drill, elsewhere: Elsewhere) -> None:
    assert drill.during
    found = states(elsewhere)
    for person in drill.during:
        assert found.get(person.name) in {None, "pending", "confirmed", "published"}
    assert elsewhere.sign(SLUG, "new@example.org", f"Ada {unheard_of().title()}").status == 303


def test_keys_and_data_are_apart(drill: Drill) -> None:
    values = [value for value in dotenv_values(drill.keys).values() if value]
    assert len(values) >= 3
    kept = b"".join(path.read_bytes() for path in drill.backup.iterdir())
    assert not [value for value in values if value.encode() in kept]
    assert {path.stat().st_mode & 0o777 for path in [drill.keys, *drill.backup.iterdir()]} == {0o600}
    assert drill.backup.stat().st_mode & 0o777 == 0o700
