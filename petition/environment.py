"""Typed readers of the environment. A wrong value ends the process with one sentence, never a traceback.

Every reader looks for NAME in the environment (and in `.env`, see settings.py). Secrets may also come from
the file that NAME_FILE points to, so that they need not stand in a process list.
"""

import os
import re
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg
from limits import RateLimitItem, parse_many
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent
# As a package, without the rest of the source beside it.
IS_INSTALLED = not (BASE_DIR / "pyproject.toml").is_file()
# Where .env and var/ are. Nobody looks for them among installed packages.
HOME_DIR = Path.cwd() if IS_INSTALLED else BASE_DIR

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def refuse(sentence: str) -> NoReturn:
    """End the process with one sentence on standard error."""
    raise SystemExit(f"Undersigned cannot start: {sentence}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, default: str = "") -> str:
    """The value of NAME, or the contents of the file that NAME_FILE names."""
    file = text(f"{name}_FILE")
    if not file:
        return text(name, default)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        refuse(f"{name}_FILE is {file!r}, which cannot be read ({error.strerror}).")


def secrets(name: str, default: str = "") -> list[str]:
    """Several secrets with commas between them, the one in use first."""
    return [part.strip() for part in secret(name, default).split(",") if part.strip()]


def words(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        refuse(f"{name} must be yes or no, not {value!r}.")
    return value in TRUE


def whole(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    value = text(name)
    if not value:
        return default
    if not re.fullmatch("[0-9]{1,12}", value) or not least <= int(value) <= most:
        refuse(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def wholes(name: str, default: str, *, least: int, most: int) -> list[int]:
    """Whole numbers with commas between them."""
    parts = words(name, default)
    if not all(re.fullmatch("[0-9]{1,12}", part) and least <= int(part) <= most for part in parts):
        refuse(f"{name} must be whole numbers from {least} to {most} with commas between them, not {text(name)!r}.")
    return [int(part) for part in parts]


def rate(name: str, default: str) -> RateLimitItem:
    """How often something may be done, as the library `limits` writes it: 60/hour, 600/10 minutes."""
    value = text(name, default)
    try:
        found = parse_many(value)
    except ValueError:
        found = []
    # Not longer: what tells one network from another is forgotten after a day.
    if len(found) != 1 or not 1 <= found[0].amount <= 10**9 or not 1 <= found[0].get_expiry() <= 24 * 60 * 60:
        refuse(f"{name} must be a rate like 60/hour or 600/10 minutes, within a day at most, not {value!r}.")
    return found[0]


def folder(name: str, default: Path) -> Path:
    path = Path(text(name) or default).expanduser().absolute()
    if path.exists() and not path.is_dir():
        refuse(f"{name} must be a folder, but {path} is a file.")
    return path


def site_url(name: str, default: str) -> str:
    """The public address of the site: scheme and host, no path, no slash at its end."""
    value = text(name, default).rstrip("/")
    parts = _parts(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        refuse(f"{name} must look like https://letters.example.org, not {value!r}.")
    return value


def database_url(name: str, default: str) -> dict[str, Any]:
    """A PostgreSQL address as Django's DATABASES wants it; empty where there is none."""
    value = text(name, default)
    if not value:
        return {}
    try:
        parts = conninfo_to_dict(value) if value.startswith(("postgresql://", "postgres://")) else {}
    except psycopg.Error:  # whose message would repeat the password
        parts = {}
    if not parts:
        refuse(f"{name} must be an address like postgresql://user:password@host:5432/name.")
    known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    found = {setting: str(parts.pop(part, "") or "") for setting, part in known.items()}
    return {**found, "OPTIONS": {key: value for key, value in parts.items() if value is not None}}


def valkey_url(name: str, default: str) -> str:
    value = text(name, default)
    if value and _parts(value).scheme not in {"redis", "rediss"}:
        refuse(f"{name} must be an address like redis://host:6379/0.")
    return value


def email_url(name: str) -> dict[str, Any]:
    """smtp://, smtp+starttls:// or smtps://, as the arguments of Django's SMTP backend; empty where there is none."""
    value = text(name)
    if not value:
        return {}
    parts = _parts(value)
    if parts.scheme not in {"smtp", "smtp+starttls", "smtps"} or not parts.hostname:
        refuse(f"{name} must look like smtp://host:25, smtp+starttls://user:password@host:587 or smtps://host:465.")
    return {
        "host": parts.hostname,
        "port": parts.port or {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+starttls",
        "use_ssl": parts.scheme == "smtps",
    }


def address(name: str) -> str:
    """An https address with a path, which must be there."""
    value = text(name).rstrip("/")
    parts = _parts(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        refuse(f"{name} must look like https://login.example.org/realms/ours, not {value!r}.")
    return value


def page_url(name: str) -> str:
    """The address of a page, with any path and query; empty where there is none."""
    value = text(name)
    parts = _parts(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        refuse(f"{name} must look like https://code.example.org/our/undersigned, not {value!r}.")
    return value


def provider(name: str) -> dict[str, str]:
    """What a site where people have accounts has given us, so that they can sign in with these; empty without."""
    found = {"client_id": text(f"{name}_CLIENT_ID"), "secret": secret(f"{name}_CLIENT_SECRET")}
    if not any(found.values()):
        return {}
    if not all(found.values()):
        refuse(f"{name}_CLIENT_ID and {name}_CLIENT_SECRET go together, and one of them is not set.")
    return found


# Providers that can send our mail, with anymail's name for the key that each of them gives.
PROVIDERS = {"brevo": "API_KEY", "mailgun": "API_KEY", "postmark": "SERVER_TOKEN"}


def email_provider(name: str) -> dict[str, Any]:
    """A provider instead of a mail server: its name, and its key and address as anymail wants them; empty for none.

    NAME says which, NAME_KEY is its key, and NAME_URL another address than the usual one of its API.
    """
    provider, key, url = text(name).lower(), secret(f"{name}_KEY"), text(f"{name}_URL")
    if provider and provider not in PROVIDERS:
        refuse(f"{name} must be one of {', '.join(PROVIDERS)}, not {provider!r}.")
    if provider and not key:
        refuse(f"{name}_KEY is not set: {provider} takes no mail without its key.")
    if key and not provider:
        refuse(f"{name} is not set, but {name}_KEY is: say whose key it is.")
    if url and _parts(url).scheme not in {"http", "https"}:
        refuse(f"{name}_URL must look like https://api.example.org/v3, not {url!r}.")
    if not provider:
        return {}
    prefix = provider.upper()
    return {"name": provider, f"{prefix}_{PROVIDERS[provider]}": key, **({f"{prefix}_API_URL": url} if url else {})}


def webhook_secret(name: str) -> str:
    """A name and a password with a colon between them, as they stand in an address before the host; empty for none."""
    value = secret(name)
    user, _, password = value.partition(":")
    if value and (not re.fullmatch("[A-Za-z0-9._~-]+", user) or not re.fullmatch("[A-Za-z0-9._~-]{16,}", password)):
        refuse(f"{name} must be a name and a password of 16 or more letters and digits, with a colon between them.")
    return value


def _parts(address: str) -> SplitResult:
    """The pieces of an address; none, where its host or its port cannot be one."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- read for the error
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
