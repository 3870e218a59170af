"""`undersigned init`: write the environment file of a new site, with its keys."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex, token_urlsafe

from cryptography.fernet import Fernet

from petition import environment

# Values that need no quotes, for systemd, Docker and shells alike.
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./~!?&;-]*")

# Variables with an option each, an example and a meaning. Without the option, the line is a comment that the operator
# completes.
ASKED = [
    ("SITE_URL", "https://letters.example.org", "The public address of the site, without a path."),
    ("DATABASE_URL", "postgresql://undersigned:password@localhost:5432/undersigned", "PostgreSQL 15 or newer."),
    ("EMAIL_URL", "smtp+starttls://user:password@mail.example.org:587", "Your mail server. Or set EMAIL_PROVIDER."),
    ("EMAIL_FROM", "Open Letters <letters@example.org>", "The sender of emails, with the name that people read."),
    ("OPERATOR", "The Example Association, 1 Example Street, Example", "Who runs this site. Every email says so."),
    ("OPERATOR_CONTACT", "https://example.org/contact", "How to reach them: a web address or an email address."),
    ("SOURCE_URL", "https://code.example.org/undersigned", "Where readers get the source of this version (AGPL)."),
]
READERS: dict[str, Callable[[], object]] = {
    "SITE_URL": lambda: environment.site_url("SITE_URL", ""),
    "DATABASE_URL": lambda: environment.database_url("DATABASE_URL", ""),
    "EMAIL_URL": lambda: environment.email_url("EMAIL_URL"),
    "EMAIL_FROM": lambda: environment.sender("EMAIL_FROM", ""),
    "OPERATOR": lambda: environment.line("OPERATOR", most=200),
    "OPERATOR_CONTACT": lambda: environment.contact("OPERATOR_CONTACT"),
    "SOURCE_URL": lambda: environment.page_url("SOURCE_URL"),
    "VALKEY_URL": lambda: environment.valkey_url("VALKEY_URL", ""),
}


def init(words: list[str]) -> None:
    """Write the environment file, readable by its owner alone. Never changes a file that exists."""
    parser = argparse.ArgumentParser(prog="undersigned init", description=init.__doc__)
    parser.add_argument("--file", type=Path, default=environment.HOME_DIR / ".env", help="Default: %(default)s")
    for name, example, meaning in ASKED:
        parser.add_argument(_option(name), default="", help=f"{meaning} For example {example}".replace("%", "%%"))
    parser.add_argument("--valkey-url", default="redis://localhost:6379/0", help="Default: %(default)s")
    asked = {name.upper(): value for name, value in vars(parser.parse_args(words)).items()}
    file = asked.pop("FILE").absolute()
    _refuse_wrong(asked)
    _write(file, _text(asked, file))
    signing_key = file.with_name("ledger.key")
    if not signing_key.exists():
        write_ledger_key(signing_key)
    missing = [name for name, *_ in ASKED if not asked[name] and _is_needed(name)]
    print(f"{file} is written, and holds new keys. Keep a copy of it, apart from the backups of the database.")
    print(f"{signing_key} signs the logs. Give it to the worker alone, and keep a copy too: docs/running.md says how.")
    if missing:
        print(f"Only you know the rest. Complete there: {', '.join(missing)}.")
    print("Then run: undersigned check")


def _is_needed(name: str) -> bool:
    return not name.startswith("OPERATOR") and (name != "SOURCE_URL" or environment.IS_INSTALLED)


def _option(name: str) -> str:
    return "--" + name.lower().replace("_", "-")


def _refuse_wrong(asked: dict[str, str]) -> None:
    """End with the sentence that the site itself would say at its start."""
    for name, read in READERS.items():
        if asked[name]:
            os.environ[name] = asked[name]
            read()


def _write(file: Path, text: str) -> None:
    try:
        # Security: nobody else can read the file at any moment. It is new, or nothing is written.
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.exit(f"{file} exists already, and is left as it is: it may hold the keys of your data.")
    except OSError as error:
        sys.exit(f"{file} cannot be written ({error.strerror}).")
    with os.fdopen(number, "w", encoding="utf-8") as output:
        output.write(text)


def write_ledger_key(file: Path) -> None:
    """Write a new key that signs the logs. Security: to a file of its own, because the web server must not have it."""
    _write(file, f"{token_urlsafe(48)}\n")


def _text(asked: dict[str, str], file: Path) -> str:
    lines = ["# The settings of this site. docs/configuration.md explains all variables.", ""]
    for name, example, meaning in ASKED:
        value = asked[name]
        if not value and _is_needed(name):
            lines.append("# COMPLETE THIS LINE, and remove the # before it:")
        lines += [f"# {meaning}", f"{name}={quoted(value)}" if value else f"# {name}={quoted(example)}", ""]
    lines += [
        "# Valkey or Redis, without a copy on disk.",
        f"VALKEY_URL={quoted(asked['VALKEY_URL'])}",
        "",
        "# nginx or a CDN stands in front, and ends TLS.",
        "BEHIND_PROXY=yes",
        "",
        "# Where the site writes files.",
        f"VAR_DIR={quoted(str(file.parent / 'var'))}",
        "",
        "# Secrets. Whoever has them and the database reads the addresses of signers. Never change ADDRESS_HASH_KEY.",
        f"SECRET_KEY={token_urlsafe(50)}",
        f"ADDRESS_HASH_KEY={token_urlsafe(50)}",
        f"ADDRESS_KEYS={Fernet.generate_key().decode()}",
        "",
        "# With this name and password, a provider of email reports bounces.",
        f"EMAIL_WEBHOOK_SECRET=provider:{token_hex(24)}",
        "",
    ]
    return "\n".join(lines)


def quoted(value: str) -> str:
    """Return the value as python-dotenv and systemd read it."""
    if PLAIN.fullmatch(value):
        return value
    if not set(value) & {"'", "\\"}:
        return f"'{value}'"
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
