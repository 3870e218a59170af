"""The command `undersigned`: `init` writes the settings, and `check` says in sentences what is wrong."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
import redis
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from dotenv import dotenv_values
from pytest_django import Settings

from petition.__main__ import COMMANDS
from petition.checkup import sending, servers
from petition.checkup.findings import Finding, Verdict, all_findings
from petition.embedded import free_port
from petition.management.commands import check
from tests.smtp import SmtpSink
from tests.stack import StoppableValkey

LONG = "".join(map(chr, range(48, 123)))


def undersigned(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "-m", "petition", *words],
        cwd=django_settings.BASE_DIR,
        env=inherited | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class TestHelp:
    def test_help_begins_with_what_people_who_run_a_site_need(self) -> None:
        said = undersigned("help").stdout
        names = re.findall(r"^  ([\w-]+)  +\S", said, re.MULTILINE)
        assert names[: len(COMMANDS)] == [*COMMANDS]
        assert "switch" in said.split("Other commands:")[1]

    @pytest.mark.parametrize("name", ["init", "worker", "beat", "check", "migrate", "status", "sample"])
    def test_each_command_explains_its_options(self, name: str) -> None:
        told = undersigned(name, "--help", LAPTOP="1", SECRET_KEY=LONG)
        assert (told.returncode, told.stderr) == (0, "")
        assert "--help" in told.stdout


class TestInit:
    def test_it_writes_new_keys_that_only_their_owner_reads(self, tmp_path: Path) -> None:
        first, second = tmp_path / "first.env", tmp_path / "second.env"
        for file in (first, second):
            assert undersigned("init", "--file", str(file)).returncode == 0
            assert file.stat().st_mode & 0o777 == 0o600
        keys, others = dotenv_values(first), dotenv_values(second)
        for name in ("SECRET_KEY", "ADDRESS_HASH_KEY", "ADDRESS_KEYS", "EMAIL_WEBHOOK_SECRET"):
            assert keys[name]
            assert keys[name] != others[name]
        assert len(keys["SECRET_KEY"] or "") >= 50
        Fernet(keys["ADDRESS_KEYS"] or "")

    def test_it_says_what_only_the_operator_knows(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        said = undersigned("init", "--file", str(file)).stdout
        assert "Complete there: SITE_URL, DATABASE_URL, EMAIL_URL, EMAIL_FROM." in said
        assert file.read_text().count("# COMPLETE THIS LINE") == 4
        assert not {"SITE_URL", "DATABASE_URL", "EMAIL_URL", "EMAIL_FROM"} & dotenv_values(file).keys()

    def test_what_it_is_told_is_read_back_as_it_was(self, tmp_path: Path) -> None:
        told = {
            "SITE_URL": "https://letters.example.org",
            "DATABASE_URL": "postgresql://us:p%40ss'w#rd@db.example.org:5432/us",
            "EMAIL_URL": "smtp+starttls://us:se%20cret@mail.example.org:587",
            "EMAIL_FROM": 'The "Open" Letters <letters@example.org>',
            "OPERATOR": "L'associazione, via Esempio 1",
        }
        words = [word for name, value in told.items() for word in ("--" + name.lower().replace("_", "-"), value)]
        file = tmp_path / ".env"
        assert undersigned("init", "--file", str(file), *words).returncode == 0
        assert dotenv_values(file).items() >= told.items()
        assert "COMPLETE" not in file.read_text()

    def test_it_never_changes_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text("SECRET_KEY=precious\n")
        ended = undersigned("init", "--file", str(file))
        assert ended.returncode == 1
        assert f"{file} exists already" in ended.stderr
        assert file.read_text() == "SECRET_KEY=precious\n"

    def test_a_wrong_value_is_refused_in_the_words_of_the_site_and_nothing_is_written(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        ended = undersigned("init", "--file", str(file), "--site-url", "letters.example.org")
        assert "SITE_URL must look like https://letters.example.org" in ended.stderr
        assert not file.exists()


def verdicts(findings: Iterator[Finding]) -> list[tuple[Verdict, str]]:
    return [(finding.verdict, str(finding)) for finding in findings]


@pytest.mark.django_db
class TestServers:
    def test_servers_that_answer_are_fine(self) -> None:
        assert {finding.verdict for finding in servers.database()} == {Verdict.FINE}
        assert {finding.verdict for finding in servers.valkey()} == {Verdict.FINE}

    def test_a_database_that_does_not_answer_is_named_without_its_password(self, settings: Settings) -> None:
        ended = undersigned(
            "check", LAPTOP="1", SECRET_KEY=LONG, DATABASE_URL="postgresql://us:hunter2@127.0.0.1:1/x", VALKEY_URL=""
        )
        assert ended.returncode == 1
        assert "PROBLEM  The database does not answer" in ended.stdout
        assert "Check DATABASE_URL" in ended.stdout
        assert "hunter2" not in ended.stdout + ended.stderr

    @pytest.mark.parametrize("seconds", [-60, 60])
    def test_a_clock_that_differs_is_a_problem(self, seconds: int) -> None:
        import time

        for look in (servers.database, servers.valkey):
            found = [each for each in look(lambda: time.time() + seconds) if each.verdict is Verdict.WRONG]
            direction = "behind" if seconds > 0 else "ahead of"
            assert len(found) == 1
            assert re.search(rf"is (59|60|61) seconds {direction} that of this machine", found[0].what)

    def test_a_valkey_that_keeps_a_copy_on_disk_is_a_problem(self, settings: Settings) -> None:
        valkey = StoppableValkey()
        settings.VALKEY_URL = valkey.url
        try:
            with redis.Redis.from_url(valkey.url) as client:
                client.config_set("save", "3600 1")
            (found,) = [each for each in servers.valkey() if each.verdict is Verdict.WRONG]
        finally:
            valkey.stop()
        assert "keeps a copy on disk" in found.what
        (found,) = servers.valkey()
        assert "Valkey does not answer" in found.what

    def test_a_mail_server_is_reached_without_an_email(self, settings: Settings) -> None:
        with SmtpSink() as sink:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_SERVER, settings.EMAIL_HOST, settings.EMAIL_PORT = {"host": "x"}, "127.0.0.1", sink.port
            (found,) = servers.mail_server()
            assert found.verdict is Verdict.FINE
            assert (sink.connections, sink.received) == (1, [])
            found, *_ = sending.test_email("me@example.org")
            assert found.verdict is Verdict.LOOK
            assert sink.recipients() == ["me@example.org"]
        (found,) = servers.mail_server()
        assert "does not let the site in (ConnectionRefusedError)" in found.what


GOOD = {
    ("org.", "NS"): ["a0.org.example."],
    ("letters.example.org", "TXT"): ["v=spf1 a -all"],
    ("letters.example.org", "MX"): ["10 mail.example.org."],
    ("_domainkey.letters.example.org", "TXT"): [],
    ("one._domainkey.letters.example.org", "TXT"): ["v=DKIM1; k=rsa; p=MIGf"],
    ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=none"],
}


class TestSendingDomain:
    @pytest.fixture(autouse=True)
    def _production(self, settings: Settings) -> None:
        settings.LAPTOP, settings.EMAIL_PROVIDER = False, {}
        settings.DEFAULT_FROM_EMAIL = settings.BULK_FROM_EMAIL = "Letters <us@letters.example.org>"

    def found(self, zone: dict[tuple[str, str], list[str]], selector: str = "one") -> list[Finding]:
        def ask(name: str, kind: str) -> list[str]:
            if not any(known.endswith(name) for known, _ in zone):
                raise sending.NoSuchName
            return zone.get((name, kind), [])

        return [each for each in sending.sending_domain(ask, selector=selector) if each.verdict is not Verdict.FINE]

    def test_a_domain_with_all_records_is_fine_also_with_the_policy_of_its_parent(self) -> None:
        assert self.found(GOOD) == []

    @pytest.mark.parametrize(
        ("name", "kind", "value", "said"),
        [
            ("letters.example.org", "TXT", [], "has no SPF record"),
            ("letters.example.org", "TXT", ["v=spf1 a -all", "v=spf1 mx -all"], "has 2 SPF records"),
            ("letters.example.org", "TXT", ["v=spf1 +all"], "lets everyone send in its name"),
            ("letters.example.org", "MX", [], "No mail server takes email"),
            ("letters.example.org", "MX", ["0 ."], "No mail server takes email"),
            ("one._domainkey.letters.example.org", "TXT", ["v=DKIM1; p="], "There is no DKIM key at one._domainkey"),
            ("_dmarc.example.org", "TXT", [], "has no DMARC policy"),
            ("_dmarc.example.org", "TXT", ["v=DMARC1"], "cannot be read"),
        ],
    )
    def test_each_missing_record_is_a_problem_with_something_to_do(
        self, name: str, kind: str, value: list[str], said: str
    ) -> None:
        (found,) = self.found({**GOOD, (name, kind): value})
        assert found.verdict is Verdict.WRONG
        assert said in found.what
        assert found.do

    def test_without_the_name_of_the_key_a_person_has_to_look(self) -> None:
        (found,) = self.found(GOOD, selector="")
        assert found.verdict is Verdict.LOOK
        without = {key: value for key, value in GOOD.items() if "_domainkey" not in key[0]}
        (found,) = self.found(without, selector="")
        assert "has no DKIM key" in found.what

    def test_a_server_that_knows_no_domain_at_all_says_nothing_about_ours(self) -> None:
        (found,) = self.found({("local", "A"): ["127.0.0.1"]})
        assert found.verdict is Verdict.UNKNOWN

    def test_dns_that_does_not_answer_is_unknown_and_not_wrong(self) -> None:
        def ask(name: str, kind: str) -> list[str]:
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = ["127.0.0.1"], free_port()
            return sending.ask_dns(name, kind, resolver)

        (found,) = sending.sending_domain(ask)
        assert found.verdict is Verdict.UNKNOWN
        assert "could not be asked about letters.example.org" in found.what


@pytest.mark.django_db
class TestCheck:
    def test_every_sentence_is_shown_and_a_problem_ends_with_exit_code_1(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "_looks", lambda _options: [_one_of_each])
        said = StringIO()
        with pytest.raises(CommandError, match="1 problem"):
            call_command("check", stdout=said)
        assert said.getvalue().splitlines() == ["ok       All is well.", "PROBLEM  It is broken. Mend it."]

    def test_a_check_that_fails_hides_no_other(self) -> None:
        def broken() -> Iterator[Finding]:
            raise RuntimeError("no idea")

        found = [str(finding) for finding in all_findings([broken, _one_of_each])]
        assert found[0] == "unknown  The check of the broken failed (RuntimeError: no idea)."
        assert len(found) == 3

    def test_with_an_option_of_djangos_it_checks_the_settings_alone(self) -> None:
        said: Any = StringIO()
        call_command("check", "--tag", "security", stdout=said, stderr=said)
        assert "System check identified" in said.getvalue()


def _one_of_each() -> Iterator[Finding]:
    yield Finding(Verdict.FINE, "All is well.")
    yield Finding(Verdict.WRONG, "It is broken.", "Mend it.")
