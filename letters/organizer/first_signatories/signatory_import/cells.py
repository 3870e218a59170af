"""Find the addresses in a cell."""

import re

from letters.shared.addresses import INVISIBLE, Address, read_address

# What a spreadsheet takes for the beginning of a formula, wide forms included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 -- these wide forms are meant

# Between several addresses in one cell; Google writes " ::: ".
BETWEEN_ADDRESSES = re.compile(r"[,;|\r\n]|:::|\s/\s")

# Denial of service: an address takes a tenth of a millisecond to read, one in another script five, and a list may hold
# a quarter of a million. Of a cell the first address is taken, so this many parts are looked at; and of addresses in
# other scripts this many are read. The rest are lines without an address, which the page names.
MAX_PARTS = 4

MAX_IN_OTHER_SCRIPTS = 200

# No punctuation of any script, and no wide form of ASCII.
OTHER_SCRIPTS = re.compile("[^\x00-\x7f\u00a0\u00ab\u00b7\u00bb\u2000-\u206f\u3000-\u303f\uff01-\uff5e]")

# As it is typed, as East Asian keyboards type it, and as it stands in a link.
AT_SIGNS = ("@", "\uff20", "\ufe6b", "%40")

# As in: ada@example.org (work)
REMARK = re.compile(r"[ \t]{0,9}[(\[][^()\[\]@]{0,99}[)\]][ \t]{0,9}\Z")


def addresses_in(cell: str) -> list[Address]:
    """The first address in a cell, and the second if there is one; none if it is a formula.

    Privacy: each stands there as it is. Of "ada lovelace@example.org" the end is an address too, of somebody else.
    """
    if cell.startswith(FORMULA) or not any(sign in cell for sign in AT_SIGNS):
        return []
    if (whole := read_address(cell)) is not None:
        return [whole]
    parts = [part.strip() for part in BETWEEN_ADDRESSES.split(cell) if part.strip()]
    if not parts or not _in_part(parts[0]):
        return []
    found: dict[str, Address] = {}
    for part in parts[:MAX_PARTS]:
        for address in _in_part(part):
            found.setdefault(address.canonical, address)
        if len(found) > 1:
            break
    return list(found.values())


def _in_part(text: str) -> list[Address]:
    """An address with a remark behind it, or the first of several with nothing but space between them."""
    alone = read_address(REMARK.sub("", text))
    if alone is not None:
        return [alone]
    words = text.split()
    if len(words) < 2 or not all("@" in word for word in words):
        return []
    found = list(map(read_address, words[:MAX_PARTS]))
    return [address for address in found if address] if all(found) else []


def count_in_other_scripts(cell: str) -> int:
    """How many a cell seems to hold, at most as many as are read of it; 0 if it is written in ASCII."""
    return sum(map(cell.count, AT_SIGNS)) if is_in_other_script(cell) else 0


def is_in_other_script(cell: str) -> bool:
    """Whether an address in it has letters that are not ASCII. (What stands around an address costs little.)"""
    if cell.isascii():
        return False
    words = INVISIBLE.sub("", cell).replace("<", " ").split()
    return any(OTHER_SCRIPTS.search(word) for word in words if any(sign in word for sign in AT_SIGNS))
