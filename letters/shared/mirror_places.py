"""Read MIRRORS: the places to which the site sends copies of its letters."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("folder", "git", "put")
SCHEMES = {"folder": {""}, "git": {"https", "http", "ssh", ""}, "put": {"https", "http"}}
# What stands for the id of a letter in the address of its copy.
LETTER = "{letter}"
SHAPE = re.compile(r"(?P<kind>[a-z]+):(?P<target>[^|\s]+)(?:\|(?P<public>https?://[^|\s]+))?")
MAX_NAME = 300


class WrongPlace(ValueError):
    """One of the places cannot be read. Security: the message does not repeat it, because it may hold a password."""


@dataclass(frozen=True)
class MirrorPlace:
    """A place: a folder, a repository of git, or an address for PUT."""

    kind: str
    # A path, or an address with user and password.
    target: str
    # Where readers find the copy of a letter, with LETTER for its id; empty if nobody else sees this place.
    public: str = ""

    @property
    def name(self) -> str:
        """Return how the place is called in logs and in the database. Security: without user, password and query."""
        parts = urlsplit(self.target)
        shown = self.target if not parts.scheme else f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return f"{self.kind}:{shown}"[:MAX_NAME]

    def public_address(self, letter_id: int) -> str:
        """Return where readers find the copy of a letter; "" for nowhere."""
        return self.public.replace(LETTER, str(letter_id))


def read_places(text: str) -> list[MirrorPlace]:
    """Read places that are separated by white space. Raises WrongPlace."""
    return [_read(number, each) for number, each in enumerate(text.split(), start=1)]


def _read(number: int, text: str) -> MirrorPlace:
    found = SHAPE.fullmatch(text)
    if not found or found["kind"] not in KINDS:
        raise WrongPlace(f"place {number} does not begin with folder:, git: or put:")
    kind, target, public = found["kind"], found["target"], found["public"] or ""
    try:
        parts = urlsplit(target)
        is_right = parts.scheme in SCHEMES[kind] and (bool(parts.scheme) == bool(parts.hostname))
    except ValueError:
        is_right = False
    if not is_right or (not urlsplit(target).scheme and not target.startswith("/")):
        raise WrongPlace(f"place {number} is neither a whole path nor an address that {kind}: can use")
    if public and LETTER not in public:
        public = f"{public.rstrip('/')}/{LETTER}/"
    return MirrorPlace(kind, target, public)
