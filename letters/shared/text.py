"""What people type: lines cleaned without being changed, texts fingerprinted, and nothing slow to normalize."""

import hashlib
import re
import unicodedata
from typing import Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from letters.shared.links import addresses_in

# Invisible characters that turn the direction of what stands around them: with one, a name can rewrite its neighbours.
# Unicode TR 36; the marks U+200E and U+200F move nothing but themselves and stand in honest names.
TURNS_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Control characters but white space, the replacement character of broken encodings, and what is no character at all.
DAMAGE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff\ud800-\udfff]")
# Invisible and without meaning in a name. Zero-width (non-)joiners stay: Persian, Hindi and emoji need them.
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# At the ends of a line these join and turn nothing. The joiner U+200D stays: Malayalam names end in it.
IDLE_AT_ENDS = "\u200c\u200e\u200f "
WIDE_SPACE = "\u3000"
AT_ENDS = IDLE_AT_ENDS + WIDE_SPACE
# What str.split() takes for white space.
SPACES = re.compile(r"[\s\x1c-\x1f\x85]+")
# Letters and signs by their category that are drawn as nothing.
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"

# No language piles up more marks on one letter (UAX 15, stream-safe text format).
MAX_MARKS = 30


def _marks() -> str:
    """A class of characters: all that combine with the one before them, and all that some form of normalization makes
    of nothing else, such as the half-width voiced mark of Japanese (U+FF9E).
    """
    # Beyond these planes nothing has a combining class.
    return f"[{''.join(re.escape(each) for each in map(chr, range(0x20000)) if _is_mark(each))}]"


def _is_mark(character: str) -> bool:
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))


MARKS = _marks()
# All marks are beyond Latin letters. Asked first, since to compare a character with all marks takes a microsecond.
MAY_HAVE_TOO_MANY_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")
# Quick to say no, and at worst as slow as a run is long that it allows.
HAS_TOO_MANY_MARKS = re.compile(f"{MARKS}{{{MAX_MARKS + 1}}}")
# Without the look behind, a search would begin anew at each mark of a run.
TOO_MANY_MARKS = re.compile(f"((?<!{MARKS}){MARKS}{{{MAX_MARKS}}}){MARKS}+")


def stream_safe(text: str) -> str:
    """The same text, with at most MAX_MARKS marks on one character. Linear in its length.

    Denial of service: Python puts the marks of a character in order by comparing each with each, and lets no other
    thread run meanwhile. 100,000 marks in a row stop a process for most of a minute.
    """
    if text.isascii() or not MAY_HAVE_TOO_MANY_MARKS.search(text) or not HAS_TOO_MANY_MARKS.search(text):
        return text
    return TOO_MANY_MARKS.sub(r"\1", text)


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in a form of Unicode, whoever sent it. Nothing else of ours calls Python's own function."""
    return unicodedata.normalize(form, stream_safe(text))


def compose(text: str) -> str:
    return normalized("NFC", text)


class UnusableText(ValueError):
    """Text that cannot be shown as typed; `code` is "turns_direction" or "damaged"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean_line(text: str) -> str:
    """One line as typed: NFC, trimmed, inner white space folded; empty if nothing in it can be seen.

    Raises UnusableText where dropping a character would change what the person wrote.
    """
    if DAMAGE.search(text):
        raise UnusableText("damaged")
    if TURNS_DIRECTION.search(text):
        raise UnusableText("turns_direction")
    # Composed last: what stands side by side once nothing invisible is between it may be one letter.
    line = compose(SPACES.sub(_one_space, INVISIBLE.sub("", text)).strip(AT_ENDS))
    return line if any(_is_visible(character) for character in line) else ""


def _one_space(spaces: re.Match[str]) -> str:
    """Japanese and Chinese names have a wide space between their halves: it stays as their bearers write it."""
    return WIDE_SPACE if WIDE_SPACE in spaces[0] else " "


def linked(text: str) -> SafeString:
    """Plain text with its web addresses as links, everything else escaped. Only those that begin with their scheme."""
    parts, end = [], 0
    for found in addresses_in(text):
        url = text[found.start : found.end]
        if url != found.target or not url.lower().startswith(("https://", "http://")):
            continue
        link = format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', url, url)
        parts += [escape(text[end : found.start]), link]
        end = found.end
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 -- each part is escaped above


# What mail programs make a link of: a scheme, "www.", an address, and words with a dot between them as in a domain. The
# dots of other scripts count as dots: browsers take them for the same.
# Denial of service: of a scheme the last character is enough. A pattern for all of it begins anew at each letter of a
# word, and a word of 30,000 letters takes ten seconds.
DOT = "[.\u3002\uff0e\uff61\u2024\ufe52]"
LINKED = re.compile(
    rf"(?<=[a-z0-9+.-]):[/\uff0f]{{2}}|mailto:|www{DOT}|[@\uff20]|[^\W_]{DOT}(?:xn--[a-z0-9-]+|[^\W\d_]{{2,}})",
    re.IGNORECASE,
)


def looks_like_link(text: str) -> bool:
    """Whether a mail program would make a link of something in it. "St. Mary" and "e.V." are none; "Dr.Who" is one."""
    return LINKED.search(text) is not None


# Drawn as nothing; no mail program takes words around it for one address.
BREAK = "\u200b"
WITHIN_LINK = re.compile(rf"{DOT}|[@\uff20:/\uff0f]")


def without_links(text: str) -> str:
    """The same to the eye, and no mail program makes a link of anything in it."""
    if not looks_like_link(text):
        return text
    return WITHIN_LINK.sub(lambda found: f"{BREAK}{found[0]}{BREAK}", text)


def digest(title: str, addressee: str, body: str, *cover: str) -> bytes:
    """SHA-256 (32 bytes) of a letter's text: its NFC parts in UTF-8, line ends as LF, a NUL between parts.

    If a picture stands above it, two more parts: its own fingerprint, and what it shows.
    """
    parts = (compose(part).replace("\r\n", "\n") for part in (title, addressee, body, *cover))
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return (category[0] in "LNSP" or category == "Co") and character not in BLANKS
