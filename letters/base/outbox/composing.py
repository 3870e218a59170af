"""Compose an email from its templates."""

import re
from collections.abc import Mapping
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


# This is more than the longest email to a signer, with the longest title: see tests/signing/test_equal_mails.py.
PADDED_LENGTH = 16 * 1024
PADDING_LINE = 64
# The filling contains nothing that mail software rewrites: no dot at the start of a line, no spaces at its end, no
# equals sign.
PADDING = "This.makes.all.our.emails.equally.long..This.makes.all.our.emails.equally.long."


def pad_email(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Pad an email with a comment in its HTML, so that all emails have the same length on the wire.

    Privacy: a mail server's log contains the size of each email. The size would tell "you had signed already" from
    "confirm your signature".
    """
    on_the_wire = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    missing = -len(on_the_wire) % PADDED_LENGTH
    ((html, kind),) = message.alternatives
    message.alternatives = []
    message.attach_alternative(f"{html!s}{_comment_of(missing)}", kind)
    return message


def _comment_of(length: int) -> str:
    """Return a comment of this many bytes, counting line breaks as two.

    If that is too short, it is longer by PADDED_LENGTH.
    """
    opening, end = "<!--\n", "-->"
    rest = length - len(opening) - 1 - len(end)
    if rest < 0:
        rest += PADDED_LENGTH
    whole, more = divmod(rest, PADDING_LINE)
    if 0 < more < 3:
        # A line needs a character and its line break.
        whole, more = whole - 1, more + PADDING_LINE
    lines = "".join(f"{PADDING[: size - 2]}\n" for size in [PADDING_LINE] * whole + ([more] if more else []))
    return f"{opening}{lines}{end}"


def compose_email_to(parts: Mapping[str, str], *, to: str) -> EmailMultiAlternatives:
    """Build a message without an outgoing email: about an account or its letters, or a test."""
    message = EmailMultiAlternatives(subject=parts["subject.txt"], body=parts["txt"], to=[to], headers={**BY_NOBODY})
    message.attach_alternative(parts["html"], "text/html")
    return message
