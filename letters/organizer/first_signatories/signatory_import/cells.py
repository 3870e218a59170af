"""Find the addresses in a cell."""

import re

from letters.shared.addresses import INVISIBLE, Address, read_address

# Characters that begin a formula in a spreadsheet, full-width forms included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 -- these wide forms are meant

# Separators between several addresses in one cell. Google puts three colons between them.
BETWEEN_ADDRESSES = re.compile(r"[,;|\r\n]|:::|\s/\s")

# Denial of service: to parse an address takes a tenth of a millisecond, in another script five, and a list can hold a
# quarter of a million addresses. So only this many parts of a cell are tried, and only this many addresses in other
# scripts are parsed in a list. The other lines count as lines without an address, and the page lists them.
MAX_PARTS = 4

MAX_IN_OTHER_SCRIPTS = 200

# Letters outside ASCII, without punctuation of any script and without full-width forms of ASCII.
OTHER_SCRIPTS = re.compile("[^\x00-\x7f\u00a0\u00ab\u00b7\u00bb\u2000-\u206f\u3000-\u303f\uff01-\uff5e]")

# The at sign as Latin keyboards type it, as East Asian keyboards do, and percent-encoded.
AT_SIGNS = ("@", "\uff20", "\ufe6b", "%40")

# A remark behind an address, such as "(work)".
REMARK = re.compile(r"[ \t]{0,9}[(\[][^()\[\]@]{0,99}[)\]][ \t]{0,9}\Z")


def addresses_in(cell: str) -> list[Address]:
    """Return the first address in a cell, and the second if there is one; nothing if the cell is a formula.

    Privacy: the whole part must be an address. The end of "ada lovelace@example.org" is an address too, but someone
    else's.
    """
    if cell.startswith(FORMULA) or not any(sign in cell for sign in AT_SIGNS):
        return []
    if (whole := read_address(cell)) is not None:
        return [whole]
    parts = [part.strip() for part in BETWEEN_ADDRESSES.split(cell) if part.strip()]
    if not parts or not _in_part(parts[0]):
        return []
    addresses: dict[str, Address] = {}
    for part in parts[:MAX_PARTS]:
        for address in _in_part(part):
            addresses.setdefault(address.canonical, address)
        if len(addresses) > 1:
            break
    return list(addresses.values())


def _in_part(text: str) -> list[Address]:
    """Return an address with a remark behind it, or the first of several addresses separated by spaces."""
    alone = read_address(REMARK.sub("", text))
    if alone is not None:
        return [alone]
    words = text.split()
    if len(words) < 2 or not all("@" in word for word in words):
        return []
    addresses = list(map(read_address, words[:MAX_PARTS]))
    return [address for address in addresses if address] if all(addresses) else []


def count_in_other_scripts(cell: str) -> int:
    """Count the addresses that a cell seems to hold, at most as many as are parsed; 0 if it is ASCII."""
    return sum(map(cell.count, AT_SIGNS)) if is_in_other_script(cell) else 0


def is_in_other_script(cell: str) -> bool:
    """Return whether an address in the cell has letters outside ASCII. Text around the address is cheap to parse."""
    if cell.isascii():
        return False
    words = INVISIBLE.sub("", cell).replace("<", " ").split()
    return any(OTHER_SCRIPTS.search(word) for word in words if any(sign in word for sign in AT_SIGNS))
