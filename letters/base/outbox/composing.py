"""Compose an email from its templates."""

import re
from collections.abc import Mapping
from email.charset import QP, Charset
from itertools import count
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from letters.models import OutgoingEmail
from letters.shared.addresses import decrypt
from letters.shared.languages import interface_language
from letters.shared.message_ids import message_id
from letters.shared.text import without_links

# This header prevents out-of-office replies.
BY_NOBODY = {"Auto-Submitted": "auto-generated"}

# Privacy: mailboxes show the beginning of an email beside its subject. After a short opening this invisible filler
# follows, so that they do not show the title of a letter.
FILLER = "\u034f\u200c\u00a0" * 60


def render_email(
    template: str, context: Mapping[str, Any], *, language: str, keeps_links: bool = False
) -> dict[str, str]:
    """Render subject, text and HTML of an email, in the interface language for a reader of `language`.

    Privacy: subjects appear on lock screens and in mail gateways' logs, so the subject's template gets no words, only
    booleans. Both bodies open with the same sentences, because mailboxes show those too. With `keeps_links`, for
    readers who have asked for it, text by organizers may contain links.
    """
    with translation.override(interface_language(language)):
        shared = {"language": translation.get_language(), "SITE_URL": settings.SITE_URL}
        flags = {name: value for name, value in context.items() if isinstance(value, bool)}
        subject = " ".join(render_to_string(f"letters/mail/{template}.subject.txt", {**flags, **shared}).split())
        full = {**context, **shared, "subject": subject, "filler": FILLER}
        opening, text = (render_to_string(f"letters/mail/{name}.txt", full).strip() for name in ("_opening", template))
        html = render_to_string(f"letters/mail/{template}.html", full)
    plain = f"{opening}\n\n{text}\n"
    if keeps_links:
        return {"subject.txt": subject, "txt": plain, "html": html}
    return {"subject.txt": subject, "txt": _unlinked_text(plain), "html": _unlinked_html(html)}


# Abuse: without this, organizers could lead strangers to any site in our name. Everything that people typed and an
# email repeats (titles, names of collectives and of people who invite) passes here, so that email programs turn none of
# it into a link.
SPACES = re.compile(r"(\s+)")
TAG = re.compile(r"(<[^>]*>)")


def _unlinked_text(text: str) -> str:
    """Leave only our own addresses as links."""
    return "".join(word if _is_ours(word) else without_links(word) for word in SPACES.split(text))


def _is_ours(word: str) -> bool:
    return word == settings.SITE_URL or word.startswith(f"{settings.SITE_URL}/")


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


# Privacy: these must be more than the longest email to a signer has, whatever title and name the organizers chose. A
# longer email gets twice as much, and its size would tell who has signed: see tests/signing/test_equal_mails.py.
PADDED_LENGTH = 32 * 1024
PADDED_LINES = 640
# The padding contains nothing that mail software rewrites: no dot at the start of a line, no spaces at its end, no
# equals sign.
PADDING = "This.makes.all.our.emails.equally.long..This.makes.all.our.emails.equally.long."
LINE_BREAK = 2
SHORTEST_LINE, LONGEST_LINE = 1 + LINE_BREAK, 74 + LINE_BREAK


def pad_email(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Pad an email with a comment in its HTML, so that all emails have as many bytes, and as many lines, on the wire.

    Privacy: a mail server's log contains the size of each email. The size would tell "you had signed already" from
    "confirm your signature". Some servers count a line break as one byte, so the lines have to be equal too. Postfix
    counts one more for a line of 128 bytes, so no line is that long but in the headers.
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
        if lines * SHORTEST_LINE <= missing <= lines * LONGEST_LINE and lines > 0:
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
    message = EmailMultiAlternatives(subject=parts["subject.txt"], body=parts["txt"], to=[to], headers={**BY_NOBODY})
    message.encoding = QUOTED_PRINTABLE
    message.attach_alternative(parts["html"], "text/html")
    return message
