"""The site as the internet sees it: names, HTTPS, static files, and what the proxies say about a reader.

Spoofing: if the site believed an address that a reader has invented, nobody could be limited. So the check sends an
invented one, and asks the site which address it has seen. Only those who have SECRET_KEY get an answer.
"""

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import dns.exception
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from petition.checkup.findings import Finding, fine, first_line, look, unknown, wrong
from petition.checkup.seen import HEADER, PATH, token
from petition.checkup.sending import Ask, ask_dns, knows_the_internet, records

PATIENCE_SECONDS = 10
# The address of no computer (RFC 5737).
INVENTED = "198.51.100.77"
STATIC_FILE = "letters/icon.svg"


def host_names(ask: Ask = ask_dns) -> Iterator[Finding]:
    if settings.LAPTOP:
        return
    host = urlsplit(settings.SITE_URL).hostname or ""
    if "*" in settings.ALLOWED_HOSTS:
        yield wrong("The site answers to every host name.", "Name them in ALLOWED_HOSTS.")
    elif host not in settings.ALLOWED_HOSTS:
        yield wrong(f"The site does not answer to its own name, {host}.", "Add it to ALLOWED_HOSTS.")
    try:
        if not knows_the_internet(ask, host):
            yield unknown(f"The DNS server of this machine does not know the internet: nothing about {host}.")
        elif records(ask, host, "A") or records(ask, host, "AAAA"):
            yield fine(f"{host} has an address in DNS.")
        else:
            yield wrong(f"{host} has no address in DNS.", "Add an A or AAAA record that leads to your proxy.")
    except dns.exception.DNSException as error:
        yield unknown(f"DNS could not be asked for {host} ({type(error).__name__}).", "Try again.")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def fetch(url: str, headers: dict[str, str] | None = None) -> Answer:
    """Ask for an address without following redirects. Raises OSError and http.client.HTTPException."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        asked: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=PATIENCE_SECONDS, context=context
        )
    else:
        asked = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    try:
        asked.request("GET", parts.path or "/", headers=headers or {})
        answer = asked.getresponse()
        return Answer(answer.status, answer.headers, answer.read(100_000))
    finally:
        asked.close()


def public_site(url: str) -> Iterator[Finding]:
    url = url.rstrip("/")
    try:
        home = fetch(f"{url}/")
    except ssl.SSLCertVerificationError as error:
        yield wrong(f"The certificate of {url} is not valid ({error.verify_message}).", "Renew it at your proxy.")
        return
    except (OSError, http.client.HTTPException) as error:
        yield wrong(f"{url} does not answer ({first_line(error)}).", "Check the proxy, the firewall and DNS.")
        return
    if home.status != 200:
        yield wrong(f"{url} answers with status {home.status}.", "Check the proxy, and run: undersigned status")
        return
    yield fine(f"{url} answers.")
    yield from _https(url, home)
    yield _static(url)
    yield from _seen(url)


def _https(url: str, home: Answer) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield wrong(f"{url} has no HTTPS.", "Put a proxy with a certificate in front.")
        return
    if "max-age" in home.headers.get("Strict-Transport-Security", ""):
        yield fine("Browsers are told to use HTTPS alone (Strict-Transport-Security).")
    else:
        yield wrong(
            "The site does not know that readers come by HTTPS, so it sends no Strict-Transport-Security.",
            "Set BEHIND_PROXY=yes, and let the proxy send X-Forwarded-Proto.",
        )
    try:
        plain = fetch(f"http://{parts.hostname}/")
    except (OSError, http.client.HTTPException):
        yield look(f"http://{parts.hostname} does not answer.", "Let the proxy redirect it to https.")
        return
    if plain.status in {301, 302, 307, 308} and plain.headers.get("Location", "").startswith("https://"):
        yield fine("Plain HTTP leads to HTTPS.")
    else:
        yield wrong(f"http://{parts.hostname} does not lead to https.", "Let the proxy redirect it.")


def _static(url: str) -> Finding:
    try:
        path = staticfiles_storage.url(STATIC_FILE)
        answer = fetch(url + path)
    except ValueError:
        return unknown("No static file could be asked for, because none is collected on this machine.")
    except (OSError, http.client.HTTPException) as error:
        return wrong(f"The static files are not served ({first_line(error)}).", "Check the proxy.")
    if answer.status != 200:
        return wrong(
            f"{path} answers with status {answer.status}, so pages have no styles.",
            "Run undersigned collectstatic, and let /static/ of the proxy lead to STATIC_ROOT.",
        )
    return fine("The static files of this version are served.")


def _seen(url: str) -> Iterator[Finding]:
    headers = {HEADER: token(), "X-Forwarded-For": INVENTED}
    try:
        answer = fetch(url + PATH, headers)
        seen = json.loads(answer.body)
        address = ip_address(seen["address"])
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        yield unknown(
            f"The site at {url} did not say which address it has seen.",
            "Either it runs with another SECRET_KEY or version, or the proxy drops the header of this check.",
        )
        return
    if str(address) == INVENTED:
        yield wrong(
            "Readers can invent the address by which the site counts them.",
            "Lower TRUSTED_PROXIES to the number of your own proxies, and let each add to X-Forwarded-For.",
        )
    elif not address.is_global and url.startswith("https://"):
        yield look(
            f"The site has seen the private address {address}.",
            "If you asked from another network, it takes all readers for one: raise TRUSTED_PROXIES, and let each "
            "proxy add the address that connected to it to X-Forwarded-For.",
        )
    else:
        yield fine(f"The site counts this machine as {address}, whatever it says of itself.")
