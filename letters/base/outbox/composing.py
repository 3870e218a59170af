"""A mail put together from its templates: what the mails of every room have in common."""

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

# So that no mailbox answers that its owner is away.
BY_NOBODY = {"Auto-Submitted": "auto-generated"}

# What a mailbox shows beside the subject, before anybody opens the email, goes on after a short hidden opening: with
# this, which nobody sees, and not with the title of a letter.
FILLER = "\u034f\u200c\u00a0" * 60


def render_mail(
    template: str, context: Mapping[str, Any], *, language: str, keeps_links: bool = False
) -> dict[str, str]:
    """Its three parts, by the endings of their templates, in the language of ours that speaks to who reads that one.

    Privacy: a subject is read on lock screens and kept in the logs of mail gateways, so its template is given no words,
    only what is true or false. And each half opens with the same sentences, since a mailbox shows those as well.
    With `keeps_links`, for readers who have asked for it, what organizers typed may be links.
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


# Everything that people typed and an email repeats (titles, names of collectives and of who invites) passes here, so
# that no mail program makes a link of it: else whoever writes letters could send strangers to any site in our name.
SPACES = re.compile(r"(\s+)")
TAG = re.compile(r"(<[^>]*>)")


def _unlinked_text(text: str) -> str:
    """Only our own addresses stay what mail programs make links of."""
    return "".join(word if _is_ours(word) else without_links(word) for word in SPACES.split(text))


def _is_ours(word: str) -> bool:
    return word == settings.SITE_URL or word.startswith(f"{settings.SITE_URL}/")


def _unlinked_html(html: str) -> str:
    """The same for what stands outside of links, and outside of the head."""
    head, body, rest = html.partition("<body")
    shown, inside = [], False
    for part in TAG.split(body + rest):
        if part.startswith("<"):
            inside = (inside or part.startswith("<a ")) and part != "</a>"
            shown.append(part)
        else:
            shown.append(part if inside else without_links(part))
    return head + "".join(shown)


def compose_mail(
    outgoing: OutgoingEmail, parts: Mapping[str, str], *, to: bytes | memoryview
) -> EmailMultiAlternatives:
    """The message of a delivery to an address, encrypted as it is stored."""
    message = address_mail(parts, to=decrypt(to))
    message.extra_headers["Message-ID"] = message_id(outgoing.pk)
    return message


# More than the longest email of signing needs, with the longest title: see tests/signing/test_equal_mails.py.
FULL_LENGTH = 16 * 1024
FILLED_LINE = 64
# Without what a mail program would write in another way: a dot in front, spaces at the end, equals signs.
FILLED_WITH = "This.makes.all.our.emails.equally.long..This.makes.all.our.emails.equally.long."


def filled_up(message: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """The same, made longer by a comment in its HTML: all emails of a kind of page have one length on the wire.

    Privacy: the log of a mail server holds the size of each email. By that, "you had signed already" could be told from
    "confirm your signature".
    """
    on_the_wire = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
    missing = -len(on_the_wire) % FULL_LENGTH
    ((html, kind),) = message.alternatives
    message.alternatives = []
    message.attach_alternative(f"{html!s}{_comment_of(missing)}", kind)
    return message


def _comment_of(length: int) -> str:
    """So many bytes, with line breaks of two. Too few for a comment make one that is longer by a whole email."""
    opening, end = "<!--\n", "-->"
    rest = length - len(opening) - 1 - len(end)
    if rest < 0:
        rest += FULL_LENGTH
    whole, more = divmod(rest, FILLED_LINE)
    if 0 < more < 3:
        # A line needs a character and its break.
        whole, more = whole - 1, more + FILLED_LINE
    lines = "".join(f"{FILLED_WITH[: size - 2]}\n" for size in [FILLED_LINE] * whole + ([more] if more else []))
    return f"{opening}{lines}{end}"


def address_mail(parts: Mapping[str, str], *, to: str) -> EmailMultiAlternatives:
    """The message of no delivery: about an account or its letters, or one that somebody tries on themselves."""
    message = EmailMultiAlternatives(subject=parts["subject.txt"], body=parts["txt"], to=[to], headers={**BY_NOBODY})
    message.attach_alternative(parts["html"], "text/html")
    return message
