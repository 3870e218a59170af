"""Typed readers of environment variables. A wrong value ends the process with a sentence, never a traceback.

Each reader looks for NAME in the environment and in `.env`. A secret can also be in the file that NAME_FILE names, so
that it does not appear in a process list.
"""

import os
import re
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, quote, unquote, urlsplit

import psycopg
from limits import RateLimitItem, parse_many
from psycopg.conninfo import conninfo_to_dict

from letters.shared.mirror_places import MirrorPlace, WrongPlace, read_places
from letters.shared.notes import Kind, VerifierKey
from letters.shared.sentinel_urls import sentinels_of
from letters.shared.tlog import BadProof

BASE_DIR = Path(__file__).resolve().parent.parent
# Installed as a package, without the source tree.
IS_INSTALLED = not (BASE_DIR / "pyproject.toml").is_file()
# The folder of .env and var/: never among installed packages, where nobody would look for them.
HOME_DIR = Path.cwd() if IS_INSTALLED else BASE_DIR

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def refuse(sentence: str) -> NoReturn:
    """End the process with one sentence on standard error."""
    raise SystemExit(f"Undersigned cannot start: {sentence}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str, default: str = "") -> str:
    """Return the value of NAME, or the contents of the file that NAME_FILE names."""
    file = text(f"{name}_FILE")
    if not file:
        return text(name, default)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        refuse(f"{name}_FILE is {file!r}, which cannot be read ({error.strerror}).")


def forget_signing_key() -> None:
    """Forget the key of the ledger. Security: a web server that someone takes over must not be able to sign."""
    for name in ("LEDGER_KEY", "LEDGER_KEY_FILE"):
        os.environ.pop(name, None)


def secrets(name: str, default: str = "") -> list[str]:
    """Return several secrets separated by commas, the one in use first."""
    return [part.strip() for part in secret(name, default).split(",") if part.strip()]


def words(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def choice(name: str, default: str, *, among: list[str]) -> str:
    value = text(name, default).lower()
    if value not in among:
        refuse(f"{name} must be one of {', '.join(among)}, not {value!r}.")
    return value


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
    """Return integers separated by commas."""
    parts = words(name, default)
    if not all(re.fullmatch("[0-9]{1,12}", part) and least <= int(part) <= most for part in parts):
        refuse(f"{name} must be whole numbers from {least} to {most} with commas between them, not {text(name)!r}.")
    return [int(part) for part in parts]


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """Return networks separated by commas: 10.0.0.0/8, or a single address."""
    try:
        return [ip_network(part) for part in words(name, default)]
    except ValueError:
        refuse(f"{name} must be networks like 10.0.0.0/8,fd00::/8 with commas between them, not {text(name)!r}.")


def rate(name: str, default: str) -> RateLimitItem:
    """Return a rate in the notation of the library `limits`: 60/hour, 600/10 minutes."""
    value = text(name, default)
    try:
        found = parse_many(value)
    except ValueError:
        found = []
    # At most a day: the salt that identifies networks expires after a day.
    if len(found) != 1 or not 1 <= found[0].amount <= 10**9 or not 1 <= found[0].get_expiry() <= 24 * 60 * 60:
        refuse(f"{name} must be a rate like 60/hour or 600/10 minutes, within a day at most, not {value!r}.")
    return found[0]


def folder(name: str, default: Path) -> Path:
    path = Path(text(name) or default).expanduser().absolute()
    if path.exists() and not path.is_dir():
        refuse(f"{name} must be a folder, but {path} is a file.")
    return path


def site_url(name: str, default: str) -> str:
    """Return the public address of the site: scheme and host, without a path or a final slash."""
    value = text(name, default).rstrip("/")
    parts = _parts(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        refuse(f"{name} must look like https://letters.example.org, not {value!r}.")
    return value


def home_page(name: str) -> tuple[str, str]:
    """Return what the home page shows: ("letter", slug) or ("collective", slug); two empty strings for all letters."""
    value = text(name)
    kind, _, slug = value.partition(":")
    if value and (kind not in {"letter", "collective"} or not re.fullmatch("[A-Za-z0-9_-]{1,80}", slug)):
        refuse(f"{name} must be letter:SLUG or collective:SLUG, not {value!r}.")
    return (kind, slug) if value else ("", "")


def database_url(name: str, default: str) -> dict[str, Any]:
    """Return a PostgreSQL address for Django's DATABASES; empty without one."""
    value = text(name, default)
    if not value:
        return {}
    try:
        parts = conninfo_to_dict(value) if value.startswith(("postgresql://", "postgres://")) else {}
    except psycopg.Error:  # Security: the message would repeat the password.
        parts = {}
    if not parts:
        refuse(f"{name} must be an address like postgresql://user:password@host:5432/name.")
    if not parts.get("dbname") and not parts.get("service"):
        refuse(f"{name} names no database. Add its name at the end: postgresql://user:password@host:5432/name.")
    known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    found = {setting: str(parts.pop(part, "") or "") for setting, part in known.items()}
    return {**found, "OPTIONS": {key: value for key, value in parts.items() if value is not None}}


def valkey_url(name: str, default: str) -> str:
    value = text(name, default)
    try:
        is_right = _parts(value).scheme in {"redis", "rediss"} or sentinels_of(value) is not None
    except ValueError:
        is_right = False
    if value and not is_right:
        refuse(
            f"{name} must be an address like redis://host:6379/0, or with Sentinel "
            "redis+sentinel://host:26379,host:26379/service/0."
        )
    return value


def broker(name: str, valkey: str) -> tuple[str, dict[str, Any]]:
    """Return Celery's broker and options of its transport. Without an address of its own, it is Valkey."""
    value = text(name, valkey)
    if not (found := sentinels_of(value)):
        return value, {}
    user = f"{quote(found.username)}:{quote(found.password)}@" if found.password else ""
    hosts = ";".join(f"sentinel://{user}{host}:{port}/{found.database}" for host, port in found.hosts)
    return hosts, {"master_name": found.service}


def email_url(name: str) -> dict[str, Any]:
    """Return arguments for Django's SMTP backend from smtp://, smtp+starttls:// or smtps://; empty without one."""
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
    """Return an https address with a path, which is required."""
    value = text(name).rstrip("/")
    parts = _parts(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        refuse(f"{name} must look like https://login.example.org/realms/ours, not {value!r}.")
    return value


def page_url(name: str) -> str:
    """Return the address of a page with any path and query; empty without one."""
    value = text(name)
    parts = _parts(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        refuse(f"{name} must look like https://code.example.org/our/undersigned, not {value!r}.")
    return value


def mirror_places(name: str) -> list[MirrorPlace]:
    """Return the places to which copies of letters are sent."""
    try:
        return read_places(secret(name))
    except WrongPlace as wrong:
        refuse(
            f"{name}: {wrong}. Separate places with spaces: folder:/srv/letters, "
            "git:https://git.example.org/letters.git, put:https://files.example.org/letters."
        )


def sentry_dsn(name: str) -> str:
    """Return the address to which Sentry wants reports, with the key in it; empty for none."""
    value = secret(name)
    parts = _parts(value)
    if value and not (
        parts.scheme in {"http", "https"} and parts.hostname and parts.username and parts.path.strip("/")
    ):
        refuse(f"{name} must look like https://key@sentry.example.org/7.")  # Security: the value holds a key.
    return value


def provider(name: str) -> dict[str, str]:
    """Return the credentials of a sign-in provider; empty without them."""
    found = {"client_id": text(f"{name}_CLIENT_ID"), "secret": secret(f"{name}_CLIENT_SECRET")}
    if not any(found.values()):
        return {}
    if not all(found.values()):
        refuse(f"{name}_CLIENT_ID and {name}_CLIENT_SECRET go together, and one of them is not set.")
    return found


# Email providers, with anymail's name for the key of each.
PROVIDERS = {"brevo": "API_KEY", "mailgun": "API_KEY", "postmark": "SERVER_TOKEN"}


def email_provider(name: str) -> dict[str, Any]:
    """Return the name, key and API address of an email provider as anymail needs them; empty for none.

    NAME names the provider, NAME_KEY is its key, and NAME_URL replaces the usual address of its API.
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
    """Return a name and a password separated by a colon, as in a URL; empty for none."""
    value = secret(name)
    user, _, password = value.partition(":")
    if value and (not re.fullmatch("[A-Za-z0-9._~-]+", user) or not re.fullmatch("[A-Za-z0-9._~-]{16,}", password)):
        refuse(f"{name} must be a name and a password of 16 or more letters and digits, with a colon between them.")
    return value


def sender(name: str, default: str) -> str:
    """Return one sender of emails: an address, with or without a name."""
    value = text(name, default)
    found = getaddresses([value])
    if len(found) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", found[0][1]) or not value.isprintable():
        refuse(f"{name} must look like Open Letters <letters@example.org>, not {value!r}.")
    return value


def line(name: str, *, most: int) -> str:
    """Return a short text; empty without one."""
    value = text(name)
    if len(value) > most or not value.isprintable():
        refuse(f"{name} must be one line of at most {most} characters.")
    return value


def contact(name: str) -> dict[str, str]:
    """Return a web address or an email address, as a link and as it is shown; empty without one."""
    value = text(name)
    if not value:
        return {}
    is_page = value.startswith(("http://", "https://")) and bool(_parts(value).hostname)
    if len(value) > 200 or not (is_page or re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value, re.ASCII)):
        refuse(f"{name} must be an address like https://example.org/contact or people@example.org, not {value!r}.")
    return {"url": value if is_page else f"mailto:{value}", "shown": value}


def web_address(name: str) -> str:
    """Return the address of a program on the web; empty without one."""
    value = text(name)
    if value and not _is_web_address(value):
        refuse(f"{name} must be an address like https://example.org/path, not {value!r}.")
    return value


def _is_web_address(value: str) -> bool:
    return value.startswith(("http://", "https://")) and bool(_parts(value).hostname) and len(value) <= 200


def witnesses(name: str) -> list[tuple[str, str]]:
    """Return pairs of a witness' verifier key and its address, which are separated by commas."""
    found = [tuple(each.split()) for each in words(name)]
    for pair in found:
        if len(pair) != 2 or not _is_witness(pair[0]) or not _is_web_address(pair[1]):
            refuse(f"{name} must be pairs of a key and an address, separated by commas: {' '.join(pair)!r} is not one.")
    return [(key, address.rstrip("/")) for key, address in found]


def _is_witness(key: str) -> bool:
    try:
        return VerifierKey.parse(key).kind in {Kind.COSIGNATURE_ED25519, Kind.COSIGNATURE_ML_DSA_44}
    except BadProof:
        return False


def certificates(name: str) -> bytes:
    """Return what a file with certificates (PEM) holds; empty without one."""
    file = text(name)
    if not file:
        return b""
    try:
        found = Path(file).read_bytes()
    except OSError as error:
        refuse(f"{name} is {file!r}, which cannot be read ({error.strerror}).")
    if b"-----BEGIN CERTIFICATE-----" not in found:
        refuse(f"{name} is {file!r}, which has no certificate (PEM).")
    return found


def _parts(address: str) -> SplitResult:
    """Split an address; empty if its host or port is invalid."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- read for the error
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
