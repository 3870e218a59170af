"""Compose an email from its templates."""

import re
from collections.abc import Mapping
from email.charset import QP, Charset
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from letters.base.outbox.senders import Sender, site
from letters.base.site_pages.queries import filled_pages
from letters.models import OutgoingEmail
from letters.shared.addresses import decrypt
from letters.shared.email_styles import mirrored
from letters.shared.languages import current_language, direction, interface_language
from letters.shared.localized_paths import localized_url
from letters.shared.message_ids import message_id
from letters.shared.site_name import site_name
from letters.shared.text import tidy_lines, without_links

# This header prevents out-of-office replies.
BY_NOBODY = {"Auto-Submitted": "auto-generated"}
# Privacy: if organizers read replies, an automatic reply would show them the address. Exchange obeys this header.
NO_ABSENCES = {"X-Auto-Response-Suppress": "All"}

# Privacy: mailboxes show the beginning of an email beside its subject. This invisible filler follows the preheader, so
# that they do not show the title of a letter after it.
FILLER = "\u034f\u200c\u00a0" * 60


def render_email(
    template: str,
    context: Mapping[str, Any],
    *,
    language: str,
    keeps_links: bool = False,
    sender: Sender | None = None,
) -> dict[str, str]:
    """Render an email in the interface language for a reader of `language`: subject, both bodies, and the sender.

    Privacy: subjects appear on lock screens and in mail gateways' logs, so the subject's template gets no text, only
    booleans. Mailboxes show the preheader beside it, whose template gets the code as well. With `keeps_links`, for
    readers who have asked for it, text by organizers may contain links.
    """
    sender = sender or site()
    with translation.override(interface_language(language)):
        shared = _shared_words(sender)
        flags = {name: value for name, value in context.items() if isinstance(value, bool)}
        subject = render_line(f"letters/mail/{template}.subject.txt", {**flags, **shared})
        told = {**flags, **shared, "code": context.get("code", "")}
        preheader = render_line(f"letters/mail/{template}.preheader.txt", told)
        full = {**context, **shared, "subject": subject, "preheader": preheader, "filler": FILLER}
        text = render_to_string(f"letters/mail/{template}.txt", full)
        html = mirrored(render_to_string(f"letters/mail/{template}.html", full), shared["language_direction"])
    parts = {"subject.txt": subject, "from": sender.address, "reply_to": sender.reply_to}
    if keeps_links:
        return {**parts, "txt": tidy_lines(text), "html": html}
    return {**parts, "txt": _unlinked_text(tidy_lines(text)), "html": _unlinked_html(html)}


def render_account_email(prefix: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Render an email about an account, in the current language.

    Its template contains only the text of the message. The layout around it depends on what the message contains: a
    code, the time of a change, or a link.
    """
    shared = _shared_words(site())
    kind = "account_code" if context.get("code") else "account_notice" if context.get("timestamp") else "account_link"
    subject = render_line(f"{prefix}_subject.txt", shared)
    preheader = render_line(f"letters/mail/{kind}.preheader.txt", {**shared, "code": context.get("code", "")})
    full = {**context, **shared, "subject": subject, "preheader": preheader, "filler": FILLER}
    bodies = {
        ending: render_to_string(f"{prefix}_message.txt", {**full, "layout": f"letters/mail/{kind}.{ending}"})
        for ending in ("txt", "html")
    }
    html = mirrored(bodies["html"].strip(), shared["language_direction"])
    return {"subject.txt": subject, "txt": tidy_lines(bodies["txt"]), "html": html}


def render_line(template: str, context: Mapping[str, Any]) -> str:
    return " ".join(render_to_string(template, dict(context)).split())


def _shared_words(sender: Sender) -> dict[str, Any]:
    """Return what the layout of every email shows, in the current language."""
    language = current_language()
    links = [
        (page.label, settings.SITE_URL + localized_url(page.value, language, own_language=settings.LANGUAGE_CODE))
        for page in filled_pages()
    ]
    return {
        "language": language,
        "language_direction": direction(language),
        "SITE_URL": settings.SITE_URL,
        "site_name": site_name(),
        "site_host": urlsplit(settings.SITE_URL).netloc,
        "site_links": links,
        "operator": settings.OPERATOR,
        "operator_contact": settings.OPERATOR_CONTACT,
        "replies_to": sender.replies_to,
    }


# Abuse: without this, organizers could lead strangers to any site in our name. Everything that people typed and an
# email repeats (titles, names of collectives and of people who invite) passes here, so that email programs turn none of
# it into a link.
SPACES = re.compile(r"(\s+)")
TAG = re.compile(r"(<[^>]*>)")


def _unlinked_text(text: str) -> str:
    """Leave only our own addresses as links."""
    return "".join(word if _is_ours(word) else without_links(word) for word in SPACES.split(text))


def _is_ours(word: str) -> bool:
    ours = {settings.SITE_URL, settings.OPERATOR_CONTACT.get("shown")}
    return word in ours or word.startswith(f"{settings.SITE_URL}/")


def _unlinked_html(html: str) -> str:
    """Do the same for text outside of links and outside of the head."""
    head, body, rest = html.partition("<body")
    shown, inside = [], False
    for part in TAG.split(body + rest):
        if part.startswith("<"):
            inside = (inside or part.startswith("<a ")) and part != "</a>"
            shown.append(part)
        else:
            shown.append(part if inside else without_links(part))
    return head + "".join(shown)


def compose_email(
    outgoing: OutgoingEmail, parts: Mapping[str, str], *, to: bytes | memoryview
) -> EmailMultiAlternatives:
    """Build the message of an outgoing email to an encrypted address."""
    message = compose_email_to(parts, to=decrypt(to))
    message.extra_headers["Message-ID"] = message_id(outgoing.pk)
    return message


# Privacy: these must exceed the longest email to a signer, whatever title and name the organizers chose. A longer email
# is padded to twice this length, and its size would tell who has signed: see tests/signing/test_equal_mails.py.
PADDED_LENGTH = 40 * 1024
PADDED_LINES = 800
# The padding contains nothing that mail software rewrites: no dot at the start of a line, no spaces at its end, no
# equals sign.
PADDING = "This.makes.all.our.emails.equally.long..This.makes.all.our.emails.equally.long."
LINE_BREAK = 2
MIN_LINE, MAX_LINE = 1 + LINE_BREAK, 74 + LINE_BREAK


def pad_email(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Pad an email with a comment in its HTML, so that all emails have as many bytes, and as many lines, on the wire.

    Privacy: a mail log contains the size of each email. The size would tell "you had signed already" from
    "confirm your signature". Some servers count a line break as one byte, so the lines have to be equal too. Postfix
    counts one more for a line of 128 bytes, so only headers have lines of that length.
    """
    ((html, kind),) = message.alternatives
    start = str(html).rstrip()
    _replace_html(message, f"{start}\n<!--\n-->\n", kind)
    wire = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    _replace_html(message, f"{start}\n<!--\n{_padding(wire)}-->\n", kind)
    return message


def _replace_html(message: EmailMultiAlternatives, html: str, kind: str) -> None:
    message.alternatives = []
    message.attach_alternative(html, kind)


def _padding(wire: bytes) -> str:
    """Return the lines that are missing."""
    for times in count(1):
        lines = times * PADDED_LINES - wire.count(b"\r\n")
        missing = times * PADDED_LENGTH - len(wire)
        if lines * MIN_LINE <= missing <= lines * MAX_LINE and lines > 0:
            break
    each, longer = divmod(missing, lines)
    lengths = [each + 1] * longer + [each] * (lines - longer)
    return "".join(f"{PADDING[: length - LINE_BREAK]}\n" for length in lengths)


# Privacy: bytes beyond ASCII would be encoded again, and an email would get another length, on its way to a server that
# does not take them (RFC 6152). So each email is ASCII from the start.
QUOTED_PRINTABLE = Charset("utf-8")
QUOTED_PRINTABLE.body_encoding = QP


def compose_email_to(parts: Mapping[str, str], *, to: str) -> EmailMultiAlternatives:
    """Build a message without an outgoing email: about an account or its letters, or a test."""
    message = EmailMultiAlternatives(
        subject=parts["subject.txt"],
        body=parts["txt"],
        from_email=parts.get("from"),
        to=[to],
        headers={**BY_NOBODY, **(NO_ABSENCES if parts.get("reply_to") else {})},
        reply_to=[parts["reply_to"]] if parts.get("reply_to") else None,
    )
    message.encoding = QUOTED_PRINTABLE
    message.attach_alternative(parts["html"], "text/html")
    return message
