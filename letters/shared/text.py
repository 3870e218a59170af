"""Clean lines that people type, fingerprint letters, and normalise text safely."""

import hashlib
import re
import unicodedata
from typing import Literal

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from letters.shared.links import addresses_in

# Spoofing: these invisible characters change the direction of the text around them, so a name could reorder the words
# beside it (Unicode TR 36). They are refused. The marks U+200E and U+200F affect only themselves and occur in real
# names.
TURNS_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Signs of a broken encoding: control characters except white space, the replacement character, and code points that are
# not characters.
DAMAGE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff\ud800-\udfff]")
# These are invisible and mean nothing in a name. Zero-width (non-)joiners stay: Persian, Hindi and emoji need them.
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# At the ends of a line, these mean nothing. The joiner U+200D stays, because Malayalam names end in it.
IDLE_AT_ENDS = "\u200c\u200e\u200f "
WIDE_SPACE = "\u3000"
AT_ENDS = IDLE_AT_ENDS + WIDE_SPACE
# The white space of str.split().
SPACES = re.compile(r"[\s\x1c-\x1f\x85]+")
EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
# Spoofing: Unicode calls these letters or symbols, but they are invisible.
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"

# No language needs more marks on one letter (UAX 15, stream-safe text format).
MAX_MARKS = 30


def _marks() -> str:
    """Return a character class of all combining characters.

    It includes characters that become combining ones when they are normalised, such as the half-width voiced mark of
    Japanese (U+FF9E).
    """
    # Other Unicode planes have no combining characters.
    return f"[{''.join(re.escape(each) for each in map(chr, range(0x20000)) if _is_mark(each))}]"


def _is_mark(character: str) -> bool:
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))


MARKS = _marks()
# Performance: this is tested first, because matching all marks takes a microsecond per character. No mark comes before
# U+0300.
MAY_HAVE_TOO_MANY_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")
# Performance: this is fast without a run of marks. At worst, each character takes time proportional to MAX_MARKS.
HAS_TOO_MANY_MARKS = re.compile(f"{MARKS}{{{MAX_MARKS + 1}}}")
# Denial of service: without the look-behind, the search would restart at each mark of a run.
TOO_MANY_MARKS = re.compile(f"((?<!{MARKS}){MARKS}{{{MAX_MARKS}}}){MARKS}+")


def stream_safe(text: str) -> str:
    """Limit the marks on one character to MAX_MARKS, in time proportional to the length of the text.

    Denial of service: Python sorts the marks of a character by comparing each with each, and blocks all threads until
    it has finished. 100,000 marks in a row stop a process for most of a minute.
    """
    if text.isascii() or not MAY_HAVE_TOO_MANY_MARKS.search(text) or not HAS_TOO_MANY_MARKS.search(text):
        return text
    return TOO_MANY_MARKS.sub(r"\1", text)


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Normalise a text safely. No other code may call unicodedata.normalize."""
    return unicodedata.normalize(form, stream_safe(text))


def compose(text: str) -> str:
    return normalized("NFC", text)


class UnusableText(ValueError):
    """The text cannot be shown as typed. `code` is "turns_direction" or "damaged"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean_line(text: str) -> str:
    """Return one line: NFC, trimmed, white space collapsed; "" if nothing in it is visible.

    Raises UnusableText where dropping a character would change what the person wrote.
    """
    if DAMAGE.search(text):
        raise UnusableText("damaged")
    if TURNS_DIRECTION.search(text):
        raise UnusableText("turns_direction")
    # Compose last: removing invisible characters can bring a letter and its mark together.
    line = compose(SPACES.sub(_one_space, INVISIBLE.sub("", text)).strip(AT_ENDS))
    return line if any(_is_visible(character) for character in line) else ""


def _one_space(spaces: re.Match[str]) -> str:
    """Collapse spaces. The wide space between the halves of Japanese and Chinese names stays."""
    return WIDE_SPACE if WIDE_SPACE in spaces[0] else " "


def tidy_lines(text: str) -> str:
    """Leave at most one empty line between paragraphs: templates have some more."""
    return EMPTY_LINES.sub("\n\n", text).strip() + "\n"


def linked(text: str) -> SafeString:
    """Escape plain text, and turn web addresses that begin with a scheme into links."""
    parts, end = [], 0
    for found in addresses_in(text):
        url = text[found.start : found.end]
        if url != found.target or not url.lower().startswith(("https://", "http://")):
            continue
        link = format_html('<a href="{}" rel="nofollow noopener noreferrer">{}</a>', url, url)
        parts += [escape(text[end : found.start]), link]
        end = found.end
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 -- each part is escaped above


# Email programs make links of these: a scheme, "www.", an email address, and words with a dot between them as in a
# domain. Dots of other scripts count too, because browsers treat them alike. Denial of service: matching the last
# character of a scheme is enough. A pattern for all of it would restart at each letter of a word, and a word of 30,000
# letters takes ten seconds.
DOT = "[.\u3002\uff0e\uff61\u2024\ufe52]"
LINKED = re.compile(
    rf"(?<=[a-z0-9+.-]):[/\uff0f]{{2}}|mailto:|www{DOT}|[@\uff20]|[^\W_]{DOT}(?:xn--[a-z0-9-]+|[^\W\d_]{{2,}})",
    re.IGNORECASE,
)


def looks_like_link(text: str) -> bool:
    """Return whether an email program would make a link of something in the text: of "Dr.Who", but not of "e.V."."""
    return LINKED.search(text) is not None


# This character is invisible, and stops email programs from reading the words around it as one address.
BREAK = "\u200b"
WITHIN_LINK = re.compile(rf"{DOT}|[@\uff20:/\uff0f]")


def without_links(text: str) -> str:
    """Return text that looks the same but contains nothing that email programs turn into a link."""
    if not looks_like_link(text):
        return text
    return WITHIN_LINK.sub(lambda found: f"{BREAK}{found[0]}{BREAK}", text)


def digest(title: str, addressee: str, body: str, *cover: str) -> bytes:
    """Return SHA-256 (32 bytes) of a letter's text."""
    return hashlib.sha256(hashed_text(title, addressee, body, *cover)).digest()


def hashed_text(title: str, addressee: str, body: str, *cover: str) -> bytes:
    """Return what `digest` hashes: the NFC parts of a letter's text in UTF-8, line ends as LF, separated by NUL.

    A cover picture adds two parts: its own fingerprint, and its description.
    """
    parts = (compose(part).replace("\r\n", "\n") for part in (title, addressee, body, *cover))
    return "\0".join(parts).encode()


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return (category[0] in "LNSP" or category == "Co") and character not in BLANKS
