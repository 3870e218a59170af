"""Write the PDF of a letter with its signatories. Typst typesets it in parts, and pikepdf joins them.

Typst lays out a whole document at once: a hundred thousand names took minutes and gigabytes. In parts, time grows
linearly and memory stays constant. A document of one part keeps the structure that screen readers use; joining loses
it. Security: Typst runs in a child process, because strangers typed what it typesets.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from letters.organizer.exports.pdf.typesetting import quoted, typst_image, typst_of
from letters.shared.languages import direction
from letters.shared.sandbox import Child, Limits, child

if TYPE_CHECKING:
    import pikepdf

NAMES_A_PART = 1000
# Far more than the longest letter, or a thousand names, needs.
LIMITS = Limits(memory=1024**3, seconds=60)
# The page layout.
PAGE = Path(__file__).with_name("page.typ")


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """The content of the first pages. The words around the letter are in the letter's language."""

    language: str
    title: str
    addressee: str
    collective: str
    # In Markdown.
    body: str
    # The letter's own pictures (WebP) by address. Nothing is fetched.
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    # The address of the picture above the letter, which is one of these, and its description.
    cover: tuple[str, str] | None = None
    # The date of publication in words.
    dated: str
    # The line above the names: "Signed by 1,234 people".
    signed_by: str
    # Small print below the letter: its address, the fingerprint of its text, and the time of the count.
    small_print: tuple[str, ...]
    # Printed instead of a name that its signer does not show.
    withheld: str
    made_at: datetime
    # "31 organisations", and name and domain of each; empty if none has signed.
    organisations: tuple[str, tuple[tuple[str, str], ...]] = ("", ())


@dataclass(frozen=True)
class Signatory:
    number: int
    # Empty if the signer withholds it.
    name: str
    # Role and affiliation.
    detail: str = ""


def write_pdf(
    path: Path,
    head: Letterhead,
    signatories: Iterable[Signatory],
    *,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write the letter and its signatories, in the order given. Returns the number of pages.

    `progress` is called after each part with the number of names so far. Raises sandbox.Failed, and TooComplicated.
    """
    import pikepdf  # noqa: PLC0415 -- memory: most workers never join a PDF

    pages = done = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        child("letters.organizer.exports.pdf.child", LIMITS) as typst,
        ExitStack() as opened,
    ):
        root = Path(folder)
        parts: list[pikepdf.Pdf] = []
        (root / PAGE.name).write_text(PAGE.read_text())
        for part in _parts(signatories):
            made = _set_part(typst, root, head, part, number=len(parts), page=pages + 1)
            parts.append(opened.enter_context(pikepdf.open(made)))
            pages += len(parts[-1].pages)
            done += len(part.names)
            if progress:
                progress(done)
        _join(parts, path)
    return pages


@dataclass(frozen=True)
class Part:
    names: list[Signatory]
    is_last: bool


def _parts(signatories: Iterable[Signatory]) -> Iterator[Part]:
    """Yield at least one part, without names if nobody has signed."""
    rest = iter(signatories)
    names = list(islice(rest, NAMES_A_PART))
    while True:
        following = list(islice(rest, NAMES_A_PART))
        yield Part(names, is_last=not following)
        if not following:
            return
        names = following


def _set_part(typst: Child, root: Path, head: Letterhead, part: Part, *, number: int, page: int) -> Path:
    """Typeset one part with pages numbered from `page`, and return its file. The first part contains the letter."""
    is_first = number == 0
    names = [[each.number, each.name or head.withheld, each.detail, bool(each.name)] for each in part.names]
    (root / "names.json").write_text(json.dumps(names))
    source = ['#import "page.typ": *', "#show: whole"]
    if is_first:
        source.append(_first_pages(root, head))
        heading, organisations = head.organisations
        pairs = "".join(f"({quoted(name)}, {quoted(domain)}), " for name, domain in organisations)
        source += [f"#organisations({quoted(heading)}, ({pairs}))"] if organisations else []
    if names:
        source.append(f"#signatories({quoted(head.signed_by if is_first else '')})")
    (root / "part.typ").write_text("\n".join(source))
    made = root / f"{number}.pdf"
    typst.ask(
        {
            "source": str(root / "part.typ"),
            "output": str(made),
            "root": str(root),
            "inputs": _inputs(head, page),
            "timestamp": int(head.made_at.timestamp()),
            # After joining, tags would point nowhere.
            "pdf_tags": is_first and part.is_last,
        }
    )
    return made


def _inputs(head: Letterhead, page: int) -> dict[str, str]:
    language, *more = head.language.split("-")
    return {
        "page": str(page),
        "language": language,
        "region": next((each for each in more if len(each) == 2), ""),
        "direction": direction(head.language),
        "title": head.title,
    }


def _first_pages(root: Path, head: Letterhead) -> str:
    files = {address: f"picture-{number}.webp" for number, address in enumerate(head.pictures)}
    for address, name in files.items():
        (root / name).write_bytes(head.pictures[address])
    words = ", ".join(map(quoted, [head.addressee, head.title, head.collective, head.dated]))
    small_print = "".join(f"{quoted(line)}, " for line in head.small_print)
    body = typst_of(head.body, files, has_initial=direction(head.language) == "ltr")
    return f"#letter({words}, ({small_print}), {_cover(head, files)}, {{\n{body}\n}})"


def _cover(head: Letterhead, files: Mapping[str, str]) -> str:
    address, alt = head.cover or ("", "")
    return f"figure({typst_image(address, files[address], alt)})" if address in files else "none"


def _join(parts: list["pikepdf.Pdf"], path: Path) -> None:
    from pikepdf import ObjectStreamMode  # noqa: PLC0415 -- memory: see above

    whole = parts[0]
    for part in parts[1:]:
        whole.pages.extend(part.pages)
    # Otherwise the file's id depends on its name and on the clock.
    whole.save(path, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
