"""Each reader of the environment accepts valid values, and ends the process with one sentence about invalid ones."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from letters.shared.notes import Kind, VerifierKey
from petition import environment

DEFAULT_FOLDER = Path("/srv/undersigned")
Reader = Callable[[], Any]

SENTINELS = "redis+sentinel://ada:p%40ss@one,two:26380/letters/2"
# A witness signs with time: a key of kind 4. The other is of kind 1, as a log has it.
WITNESS = str(VerifierKey("witness.example", Kind.COSIGNATURE_ED25519, bytes(32)))
LOG = str(VerifierKey("witness.example", Kind.ED25519, bytes(32)))
RABBITS = "amqp://ada:pass@one:5672//;amqp://ada:pass@two:5672//"
RIGHT: list[tuple[Reader, str, Any]] = [
    (lambda: environment.text("NAME", "none"), " a value ", "a value"),
    (lambda: environment.text("NAME", "none"), "", "none"),
    (lambda: environment.secret("NAME", "none"), "s3cret", "s3cret"),
    (lambda: environment.secret("NAME", "none"), "", "none"),
    (lambda: environment.secrets("NAME"), "new, old,", ["new", "old"]),
    (lambda: environment.witnesses("NAME"), "", []),
    (lambda: environment.witnesses("NAME"), f"{WITNESS} https://w.example/", [(WITNESS, "https://w.example")]),
    (
        lambda: environment.witnesses("NAME"),
        f"{WITNESS} https://a.example,{WITNESS}  https://b.example/w",
        [
            (WITNESS, "https://a.example"),
            (WITNESS, "https://b.example/w"),
        ],
    ),
    (lambda: environment.web_address("NAME"), "https://tsa.example/tsr", "https://tsa.example/tsr"),
    (lambda: environment.web_address("NAME"), "", ""),
    (lambda: environment.certificates("NAME"), "", b""),
    (lambda: environment.words("NAME", "a,b"), "", ["a", "b"]),
    (lambda: environment.words("NAME"), "one.example, two.example", ["one.example", "two.example"]),
    (lambda: environment.flag("NAME", default=True), "", True),
    (lambda: environment.flag("NAME"), "Yes", True),
    (lambda: environment.flag("NAME", default=True), "off", False),
    (lambda: environment.whole("NAME", 8000, least=1, most=65535), "", 8000),
    (lambda: environment.whole("NAME", 8000, least=1, most=65535), "65535", 65535),
    (lambda: environment.rate("NAME", "60/hour"), "", RateLimitItemPerHour(60)),
    (lambda: environment.rate("NAME", "60/hour"), "5 per 10 minutes", RateLimitItemPerMinute(5, 10)),
    (lambda: environment.rate("NAME", "60/hour"), "1/day", RateLimitItemPerDay(1)),
    (lambda: environment.folder("NAME", DEFAULT_FOLDER), "", DEFAULT_FOLDER),
    (lambda: environment.folder("NAME", DEFAULT_FOLDER), "~/letters", Path.home() / "letters"),
    (lambda: environment.site_url("NAME", ""), "https://letters.example.org/", "https://letters.example.org"),
    (lambda: environment.site_url("NAME", "http://localhost:8000"), "", "http://localhost:8000"),
    (lambda: environment.home_page("NAME"), "", ("", "")),
    (lambda: environment.home_page("NAME"), "letter:night-trains", ("letter", "night-trains")),
    (lambda: environment.database_url("NAME", ""), "", {}),
    (lambda: environment.valkey_url("NAME", ""), "", ""),
    (lambda: environment.valkey_url("NAME", ""), "rediss://host:6380/2", "rediss://host:6380/2"),
    (lambda: environment.valkey_url("NAME", ""), SENTINELS, SENTINELS),
    (lambda: environment.broker("NAME", "redis://host:6379/0"), "", ("redis://host:6379/0", {})),
    (lambda: environment.broker("NAME", ""), RABBITS, (RABBITS, {})),
    (
        lambda: environment.broker("NAME", ""),
        SENTINELS,
        ("sentinel://ada:p%40ss@one:26379/2;sentinel://ada:p%40ss@two:26380/2", {"master_name": "letters"}),
    ),
    (lambda: environment.email_url("NAME"), "", {}),
    (
        lambda: environment.address("NAME"),
        "https://login.example.org/realms/ours/",
        "https://login.example.org/realms/ours",
    ),
    (lambda: environment.provider("NAME"), "", {}),
]

WRONG: list[tuple[Reader, str]] = [
    (lambda: environment.witnesses("NAME"), "https://w.example/"),
    (lambda: environment.witnesses("NAME"), WITNESS),
    (lambda: environment.witnesses("NAME"), f"{WITNESS} w.example"),
    (lambda: environment.witnesses("NAME"), f"{LOG} https://w.example/"),
    (lambda: environment.witnesses("NAME"), f"{WITNESS[:-4]} https://w.example/"),
    (lambda: environment.web_address("NAME"), "tsa.example"),
    (lambda: environment.certificates("NAME"), "/nowhere/ca.pem"),
    (lambda: environment.certificates("NAME"), "/etc/hostname"),
    *[(lambda: environment.flag("NAME"), value) for value in ("maybe", "2", "да")],
    *[(lambda: environment.home_page("NAME"), value) for value in ("trains", "letter:", "page:a", "letter:A b")],
    *[
        (lambda: environment.whole("NAME", 8000, least=1, most=65535), value)
        for value in ("eight", "0", "65536", "-1", "8000.5", "٣", "8 000", "9" * 5000)
    ],
    *[
        (lambda: environment.rate("NAME", "60/hour"), value)
        for value in (
            *("often", "60", "60/fortnight", "0/hour", "-1/hour", "60/hour;5/minute", "1/2 days", "1/month", "٣/hour"),
            *("9" * 20 + "/hour", "9" * 5000 + "/hour", "5/" + "9" * 30 + "hour"),
        )
    ],
    (lambda: environment.folder("NAME", DEFAULT_FOLDER), __file__),
    *[
        (lambda: environment.site_url("NAME", ""), value)
        for value in (
            "letters.example.org",
            "ftp://example.org",
            "https://",
            "https://example.org/path",
            "https://[::1",
            "https://h:x",
        )
    ],
    *[
        (lambda: environment.database_url("NAME", ""), value)
        for value in ("sqlite:///db", "mysql://host/db", "postgresql://host:port/db?nonsense=1", "postgresql://[::1/db")
    ],
    *[
        (lambda: environment.valkey_url("NAME", ""), value)
        for value in (
            *("localhost:6379", "http://localhost", "redis://[::1", "redis://host:port/0"),
            *("redis+sentinel://one:26379", "redis+sentinel://one,/letters", "redis+sentinel://one/letters/zero"),
            *("redis+sentinel:///letters", "redis+sentinel://one:port/letters", "redis+sentinel://[::1/letters"),
        )
    ],
    *[
        (lambda: environment.email_url("NAME"), value)
        for value in (
            "mail.example.org",
            "smtp://",
            "smtp://host:port",
            "smtp://host:99999",
            "imap://host",
            "smtp://[::1",
        )
    ],
]


@pytest.mark.parametrize(("read", "value", "expected"), RIGHT)
def test_a_right_value_is_read(read: Reader, value: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    assert read() == expected


@pytest.mark.parametrize(("read", "value"), WRONG)
def test_a_wrong_value_is_one_sentence(read: Reader, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(SystemExit) as refusal:
        read()
    sentence = str(refusal.value)
    assert sentence.startswith("Undersigned cannot start: NAME ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("NAME_FILE", str(file))
    monkeypatch.setenv("NAME", "from the environment")
    assert environment.secret("NAME") == "from a file"


def test_a_secret_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SystemExit, match=r"NAME_FILE is .*nothing', which cannot be read"):
        environment.secret("NAME")


def test_a_database_address_becomes_djangos_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "postgresql://ada:p%40ss@db.example.org:5433/letters?sslmode=require")
    assert environment.database_url("NAME", "") == {
        "NAME": "letters",
        "USER": "ada",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_can_be_on_a_socket_in_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "postgresql://postgres@/postgres?host=%2Fvar%2Frun&port=5432")
    found = environment.database_url("NAME", "")
    assert (found["HOST"], found["PORT"], found["USER"]) == ("/var/run", "5432", "postgres")


@pytest.mark.parametrize(
    ("address", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp+starttls://ada%40example.org:p%3Ass@mail.example.org", 587, True, False),
        ("smtps://mail.example.org:2465", 2465, False, True),
    ],
)
def test_an_email_address_becomes_djangos_settings(
    address: str, port: int, tls: bool, ssl: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAME", address)
    found = environment.email_url("NAME")
    assert (found["host"], found["port"], found["use_tls"], found["use_ssl"]) == ("mail.example.org", port, tls, ssl)
    if tls:
        assert (found["username"], found["password"]) == ("ada@example.org", "p:ss")


def test_a_provider_becomes_anymails_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert environment.email_provider("NAME") == {}
    monkeypatch.setenv("NAME", "Mailgun")
    monkeypatch.setenv("NAME_KEY", "a key")
    assert environment.email_provider("NAME") == {"name": "mailgun", "MAILGUN_API_KEY": "a key"}
    monkeypatch.setenv("NAME_URL", "https://api.eu.mailgun.net/v3")
    assert environment.email_provider("NAME")["MAILGUN_API_URL"] == "https://api.eu.mailgun.net/v3"
    (tmp_path / "key").write_text("a key from a file\n", encoding="utf-8")
    monkeypatch.setenv("NAME_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("NAME", "postmark")
    assert environment.email_provider("NAME")["POSTMARK_SERVER_TOKEN"] == "a key from a file"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"NAME": "pigeon", "NAME_KEY": "hunter2"}, "NAME must be one of brevo, mailgun, postmark, not 'pigeon'."),
        ({"NAME": "brevo"}, "NAME_KEY is not set: brevo takes no mail without its key."),
        ({"NAME_KEY": "hunter2"}, "NAME is not set, but NAME_KEY is: say whose key it is."),
        (
            {"NAME": "brevo", "NAME_KEY": "hunter2", "NAME_URL": "api.brevo.com"},
            "NAME_URL must look like https://api.example.org/v3, not 'api.brevo.com'.",
        ),
    ],
)
def test_half_a_provider_is_one_sentence(
    values: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as refusal:
        environment.email_provider("NAME")
    assert str(refusal.value) == f"Undersigned cannot start: {sentence}"


@pytest.mark.parametrize(
    "value", ["hunter2hunter2hunter2", "name:hunter2", ":hunter2hunter2hunter2", "a:hunter2 with @/"]
)
def test_a_webhook_secret_that_fits_into_no_url_is_refused_and_not_shown(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(SystemExit) as refusal:
        environment.webhook_secret("NAME")
    assert str(refusal.value).startswith("Undersigned cannot start: NAME must be a name and a password")
    assert "hunter2" not in str(refusal.value)


def test_a_webhook_secret_is_a_name_and_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.webhook_secret("NAME") == ""
    monkeypatch.setenv("NAME", "postmark:correct-horse-battery")
    assert environment.webhook_secret("NAME") == "postmark:correct-horse-battery"


@pytest.mark.parametrize(
    "value", ["Letters", "a@b, c@d", "Letters <letters>", "A\u2028B <a@example.org>", "a b@example.org"]
)
def test_a_sender_is_one_address(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(SystemExit, match=r"NAME must look like Open Letters <letters@example\.org>, not "):
        environment.sender("NAME", "")


@pytest.mark.parametrize(
    "value", ["letters@example.org", "Letters <letters@localhost>", '"Letters, open" <l@example.org>']
)
def test_a_sender_may_have_a_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    assert environment.sender("NAME", "") == value


@pytest.mark.parametrize(
    "value", ["example.org", "javascript:alert(1)", "https://", "@example.org", "a@b", f"a@{'b' * 200}.eu"]
)
def test_a_contact_is_a_page_or_a_mailbox(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(SystemExit, match="NAME must be an address like "):
        environment.contact("NAME")


def test_a_contact_becomes_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.contact("NAME") == {}
    monkeypatch.setenv("NAME", "people@example.org")
    assert environment.contact("NAME") == {"url": "mailto:people@example.org", "shown": "people@example.org"}
    monkeypatch.setenv("NAME", "https://example.org/contact")
    assert environment.contact("NAME")["url"] == "https://example.org/contact"


@pytest.mark.parametrize("value", ["x" * 201, "two\nlines"])
def test_an_operator_is_one_short_line(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(SystemExit, match="NAME must be one line of at most 200 characters"):
        environment.line("NAME", most=200)


def test_emails_leave_either_by_smtp_or_by_a_provider(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "EMAIL_URL": "smtp://mail.example.org",
        "EMAIL_PROVIDER": "brevo",
        "EMAIL_PROVIDER_KEY": "hunter2",
        "VAR_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-c", "import petition.settings"], env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    said = "Undersigned cannot start: EMAIL_URL and EMAIL_PROVIDER are both set: mail leaves by one of them.\n"
    assert ended.stderr == said


@pytest.mark.parametrize("address", ["postgresql://ada:hunter2@[::1/db", "mysql://ada:hunter2@host/db"])
def test_a_refused_database_address_does_not_show_its_password(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", address)
    with pytest.raises(SystemExit) as refusal:
        environment.database_url("NAME", "")
    assert "hunter2" not in str(refusal.value)
