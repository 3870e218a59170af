"""The domains of the senders: what DNS says to the servers that decide whether to accept the site's emails."""

from collections.abc import Callable, Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from publicsuffixlist import PublicSuffixList

from letters.base.outbox.mail import Verdict, hand_over
from petition.checkup.findings import Finding, fine, look, unknown, wrong

PATIENCE_SECONDS = 4


class NoSuchName(Exception):
    """DNS knows neither this name nor any below it."""


# Asks DNS for the records of one name and type. Raises NoSuchName, or dns.exception.DNSException if nobody answers.
Ask = Callable[[str, str], list[str]]


def ask_dns(name: str, kind: str, resolver: dns.resolver.Resolver | None = None) -> list[str]:
    try:
        answer = (resolver or dns.resolver.Resolver()).resolve(name, kind, lifetime=PATIENCE_SECONDS, search=False)
    except dns.resolver.NXDOMAIN:
        raise NoSuchName from None
    except dns.resolver.NoAnswer:
        return []
    if kind == "TXT":
        return ["".join(part.decode("utf-8", "replace") for part in record.strings) for record in answer]
    return [record.to_text() for record in answer]


def records(ask: Ask, name: str, kind: str) -> list[str]:
    try:
        return ask(name, kind)
    except NoSuchName:
        return []


def sending_domain(ask: Ask = ask_dns, *, selector: str = "") -> Iterator[Finding]:
    if settings.LAPTOP:
        return
    for domain in dict.fromkeys(parseaddr(sender)[1].rpartition("@")[2].lower() for sender in senders()):
        if "." not in domain:
            yield wrong(f"The sender {domain} is no address of the internet.", "Set EMAIL_FROM.")
            continue
        try:
            if not knows_the_internet(ask, domain):
                yield unknown(f"The DNS server of this machine does not know the internet: nothing about {domain}.")
                continue
            yield from _about(ask, domain, selector)
        except dns.exception.DNSException as error:
            yield unknown(
                f"DNS could not be asked about {domain} ({type(error).__name__}), so SPF, DKIM and DMARC are unknown.",
                "Try again, or from another machine.",
            )


def knows_the_internet(ask: Ask, domain: str) -> bool:
    """Return whether the server knows the top-level domain. Without it, "no such name" says nothing."""
    return bool(records(ask, domain.rpartition(".")[2] + ".", "NS"))


def senders() -> list[str]:
    return [settings.DEFAULT_FROM_EMAIL, settings.BULK_FROM_EMAIL]


def _about(ask: Ask, domain: str, selector: str) -> Iterator[Finding]:
    # Ask for everything first: an answer to half of the questions would be misread as a whole one.
    spf = [text for text in records(ask, domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    takes_mail = records(ask, domain, "MX") or records(ask, domain, "A") or records(ask, domain, "AAAA")
    policy = dmarc(ask, domain)
    key = dkim(ask, domain, selector)
    yield _spf(domain, spf)
    yield key
    yield policy
    if not takes_mail or takes_mail == ["0 ."]:
        yield wrong(
            f"No mail server takes email for {domain}, so nobody learns of bounces, and some servers refuse its email.",
            "Add an MX record.",
        )


def _spf(domain: str, found: list[str]) -> Finding:
    if len(found) > 1:
        return wrong(f"{domain} has {len(found)} SPF records, which counts as none.", "Join them into one.")
    if found and found[0].lower().split()[-1] in {"+all", "all"}:
        return wrong(f"The SPF record of {domain} lets everyone send in its name.", "Let it end with ~all or -all.")
    if found:
        return fine(f"{domain} has an SPF record.")
    if settings.EMAIL_PROVIDER:
        return look(
            f"{domain} has no SPF record.", "Many providers need none, because their own domain is the return address."
        )
    return wrong(
        f"{domain} has no SPF record, so many servers take the site's emails for spam.",
        f'Add a TXT record to {domain} that names your mail server, for example "v=spf1 a:mail.{domain} -all".',
    )


def dkim(ask: Ask, domain: str, selector: str) -> Finding:
    """Look for the key with which emails are signed. Without its name, DNS tells only if there is none at all."""
    if selector:
        name = f"{selector}._domainkey.{domain}"
        parts = [part.strip() for text in records(ask, name, "TXT") for part in text.split(";")]
        if any(part.startswith("p=") and part != "p=" for part in parts):
            return fine(f"{domain} has a DKIM key called {selector}.")
        return wrong(f"There is no DKIM key at {name}.", "Add the TXT record that your mail server or provider shows.")
    try:
        ask(f"_domainkey.{domain}", "TXT")
    except NoSuchName:
        return wrong(
            f"{domain} has no DKIM key, so one-click unsubscribing does not work and many servers refuse bulk email.",
            "Set up DKIM at your mail server or provider. If you have, name the key with --dkim-selector.",
        )
    return look(
        f"{domain} seems to have a DKIM key, whose name is unknown.",
        "Name it with --dkim-selector, or send an email with --email and look for dkim=pass.",
    )


def dmarc(ask: Ask, domain: str) -> Finding:
    organizational = PublicSuffixList().privatesuffix(domain) or domain
    for name in dict.fromkeys([domain, organizational]):
        found = [text for text in records(ask, f"_dmarc.{name}", "TXT") if text.upper().startswith("V=DMARC1")]
        if len(found) == 1 and any(part.strip().startswith("p=") for part in found[0].split(";")):
            return fine(f"{name} has a DMARC policy.")
        if found:
            return wrong(f"The DMARC record of {name} cannot be read.", "Keep one, with a policy: v=DMARC1; p=none")
    return wrong(
        f"{domain} has no DMARC policy, which large providers ask of senders.",
        f'Add a TXT record to _dmarc.{organizational}, to begin with "v=DMARC1; p=none".',
    )


def test_email(address: str) -> Iterator[Finding]:
    """Send one email as each sender."""
    for sender in dict.fromkeys(senders()):
        message = EmailMessage(
            subject=f"A test from {settings.SITE_URL}",
            body="The site can send email. Look into the headers of this one: Authentication-Results should say "
            "spf=pass, dkim=pass and dmarc=pass.",
            from_email=sender,
            to=[address],
        )
        answer = hand_over(message, get_connection())
        if answer.verdict is Verdict.SENT:
            yield look(
                f"An email from {parseaddr(sender)[1]} to {address} is on its way.",
                "If it does not arrive, look among spam, then in the log of the mail server.",
            )
        else:
            yield wrong(
                f"The email from {parseaddr(sender)[1]} was refused ({answer.error}).",
                "Look in the log of the mail server or at your provider.",
            )
