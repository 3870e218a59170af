"""Decode a file, whatever its encoding."""

from letters.organizer.first_signatories.signatory_import.limits import MAX_BYTES, UnreadableList

ZIP, OLE, PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"

# The encodings that the form offers, by the names of Python's codecs.
ENCODINGS = {
    "utf-8": "UTF-8",
    "windows-1252": "Windows-1252",
    "mac-roman": "Mac Roman",
    "windows-1250": "Windows-1250",
    "windows-1251": "Windows-1251",
    "windows-1253": "Windows-1253",
    "windows-1254": "Windows-1254",
    "windows-1256": "Windows-1256",
    "iso-8859-2": "ISO 8859-2",
    "latin-1": "ISO 8859-1",
    "utf-16": "UTF-16",
    "shift-jis": "Shift JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc-kr": "EUC-KR",
}


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file, and its encoding if that is worth mentioning ("windows-1252", "utf-16"), else "".

    Raises UnreadableList for anything that is not text, or is larger than MAX_BYTES.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableList("too_large")
    if content.startswith((ZIP, OLE)):
        raise UnreadableList("workbook")
    if content.startswith(PDF):
        raise UnreadableList("no_text")
    text, encoding = _decoded(content)
    text = text.lstrip("\ufeff")
    if "\0" in text:
        raise UnreadableList("no_text")
    if not text.strip():
        raise UnreadableList("empty")
    return text, encoding


def _decoded(content: bytes) -> tuple[str, str]:
    if encoding := _wide_encoding(content):
        try:
            return content.decode(encoding), "utf-16"
        except UnicodeDecodeError as damage:
            raise UnreadableList("no_text") from damage
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), "windows-1252"
    except UnicodeDecodeError:
        # Five bytes are undefined in Windows-1252.
        return content.decode("latin-1"), "latin-1"


def _wide_encoding(content: bytes) -> str:
    """Detect UTF-16 (Excel's "Unicode text") by its byte order mark, or by the zeros between Latin letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = content[:400]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 4 and not odd else ""


def read_again(text: str, was: str, now: str) -> str:
    """Decode the text again with another encoding than the one that was detected. Raises UnreadableList("encoding").

    The encodings that `decode` detects map every byte to a character, so encoding the text restores the bytes.
    """
    if now == was or now not in ENCODINGS:
        return text
    try:
        again = text.encode(was or "utf-8").decode(now).lstrip("\ufeff")
    except (UnicodeError, LookupError) as damage:
        raise UnreadableList("encoding") from damage
    if "\0" in again or not again.strip():
        raise UnreadableList("encoding")
    return again
