"""Read what the site knows about a batch of signatures. Each statement reads a bounded number of rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography.fernet import InvalidToken

from letters.models import CONFIRMED, CONFIRMED_OR_SEALED, SAME_NAME, Display, State
from letters.models.entrusted import ENTRUSTED_WORDS, open_changes
from letters.models.lifecycle import COUNTED, is_in
from letters.shared.sealing import unseal
from letters.shared.sql import execute, fetch_rows
from letters.shared.traces import TRACE_LIFETIME

# Denial of service: a flood from one network, in one letter or at one domain makes no statement slower than this.
MAX_OF_NETWORK, MAX_OF_LETTER, MAX_OF_DOMAIN, MAX_OF_NAME, MAX_OF_ADDRESS = 200, 3000, 500, 50, 20
HOUR = timedelta(hours=1)
# An address that signs several letters within this time belongs to a program, or to a very fast reader.
TOGETHER = timedelta(seconds=10)
# The shares of browsers are counted among the newest MAX_OF_SITE signatures of the site. Fewer than MIN_OF_SITE say
# nothing.
MAX_OF_SITE, MIN_OF_SITE = 20_000, 200

# Privacy: where a person was who shows the name to nobody is neither kept nor compared. Otherwise someone could flood
# the letter from an office, and see whose score rises.
# Race: this locks the rows, so a withdrawal waits until they are scored. Lock order: the caller holds the letter.
CLAIM = f"""
SELECT signature.id, state, is_first, name, affiliation, role, comment, display, concern, pending_changes,
    address_hash, signed_at, confirmed_at, contact.address, trace.at, trace.network, trace.browser,
    EXISTS (
        SELECT FROM letters_reviewdecision
        WHERE signature_id = signature.id AND verb = 'accept' AND undone_at IS NULL
    ) AS accepted, sealed, entrusted
FROM letters_signature AS signature
    LEFT JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
    LEFT JOIN letters_signingtrace AS trace ON trace.signature_id = signature.id AND display <> '{Display.NOBODY}'
WHERE signature.letter_id = %(letter)s AND to_score AND {is_in(CONFIRMED_OR_SEALED)}
ORDER BY confirmed_at, signature.id LIMIT %(most)s FOR NO KEY UPDATE OF signature
"""  # noqa: S608 -- our own statement


class Candidate(NamedTuple):
    """A confirmed signature that has not been scored since it was confirmed or changed."""

    id: int
    state: str
    is_first: bool
    name: str
    affiliation: str
    role: str
    comment: str
    display: str
    concern: str
    pending_changes: Mapping[str, str] | None
    address_hash: bytes | None
    signed_at: datetime
    confirmed_at: datetime
    address: bytes | None
    # When and from where the form was sent; unknown after a week, for first signatories, and for display "nobody".
    at: datetime | None
    network: bytes | None
    browser: bytes | None
    # A moderator accepted it.
    accepted: bool
    # The encrypted words of a letter that names nobody yet. They are read in memory, and only reasons are kept.
    sealed: bytes | None = None
    # The encrypted words of someone whose name only the organizers see.
    entrusted: bytes | None = None

    def word(self, name: str) -> str:
        """Return a field as the signer wants it, with pending changes: a moderator decides about those."""
        return str((self.pending_changes or {}).get(name, getattr(self, name)))

    @property
    def is_public(self) -> bool:
        return self.display == Display.PUBLIC


def claim_to_score(letter_id: int, most: int) -> list[Candidate]:
    return [_candidate(row) for row in fetch_rows(CLAIM, {"letter": letter_id, "most": most})]


def _candidate(row: Sequence[Any]) -> Candidate:
    candidate = Candidate(*row)
    try:
        if encrypted := candidate.sealed or candidate.entrusted:
            words = unseal(encrypted)
            name, affiliation, role, comment = (words.get(each, "") for each in ENTRUSTED_WORDS)
            candidate = candidate._replace(name=name, affiliation=affiliation, role=role, comment=comment)
        return candidate._replace(pending_changes=open_changes(candidate.pending_changes))
    except InvalidToken:
        # The key is lost. Other signatures of the batch must not wait for this one.
        return candidate._replace(pending_changes=None)


@dataclass(frozen=True)
class Seen:
    """The times at which forms of a letter were sent, from one network or from all: in order, by type of browser."""

    times: Sequence[float]
    by_browser: Mapping[bytes, Sequence[float]]
    # The number of owners of mailboxes who answered "It wasn't me".
    disowned: int = 0


NOTHING = Seen((), {})
OF_NETWORKS = """
SELECT asked.network, seen.at, seen.browser, seen.signature_id IS NULL
FROM unnest(%(networks)s::bytea[]) AS asked (network) CROSS JOIN LATERAL (
    SELECT at, browser, signature_id FROM letters_signingtrace
    WHERE letter_id = %(letter)s AND network = asked.network AND at > %(since)s ORDER BY at DESC LIMIT %(most)s
) AS seen
"""
OF_LETTER = """
SELECT at, browser FROM letters_signingtrace
WHERE letter_id = %(letter)s AND browser IS NOT NULL AND at BETWEEN %(since)s AND %(until)s
ORDER BY at DESC LIMIT %(most)s
"""


def seen_in_networks(letter_id: int, networks: Iterable[bytes], *, now: datetime) -> dict[bytes, Seen]:
    if not (asked := sorted(set(networks))):
        return {}
    # Privacy: traces that should have been deleted by now are not used.
    values = {"letter": letter_id, "networks": asked, "since": now - TRACE_LIFETIME, "most": MAX_OF_NETWORK}
    rows = defaultdict(list)
    strangers: dict[bytes, int] = defaultdict(int)
    for network, at, browser, is_stranger in fetch_rows(OF_NETWORKS, values):
        if is_stranger:
            strangers[network] += 1
        else:
            rows[network].append((at, browser))
    return {network: _seen(rows[network], strangers[network]) for network in {*rows, *strangers}}


def seen_in_letter(letter_id: int, moments: Sequence[datetime]) -> Seen:
    if not moments:
        return NOTHING
    since, until = min(moments) - HOUR, max(moments) + HOUR
    values = {"letter": letter_id, "since": since, "until": until, "most": MAX_OF_LETTER}
    return _seen(fetch_rows(OF_LETTER, values))


def _seen(rows: Iterable[Sequence[Any]], disowned: int = 0) -> Seen:
    by_browser: dict[bytes, list[float]] = defaultdict(list)
    times = []
    for at, browser in sorted(rows, key=lambda row: row[0]):
        times.append(at.timestamp())
        by_browser[browser].append(at.timestamp())
    return Seen(times, by_browser, disowned)


OF_SITE = """
SELECT browser, count(*) FROM (
    SELECT browser FROM letters_signingtrace WHERE browser IS NOT NULL ORDER BY id DESC LIMIT %(most)s
) AS newest GROUP BY browser
"""


def shares_of_browsers() -> dict[bytes, float]:
    """Return the share of each type of browser on the site; {} while there are few signatures."""
    counted: dict[bytes, int] = dict(fetch_rows(OF_SITE, {"most": MAX_OF_SITE}))
    total = sum(counted.values())
    return {browser: number / total for browser, number in counted.items()} if total >= MIN_OF_SITE else {}


# Privacy: only names that the public sees, or will see, are compared. Otherwise someone could sign as "Ada Lovelace",
# and learn from the outcome whether an Ada Lovelace has signed without showing her name.
EQUAL = f"""
SELECT mine.id, count(*), count(*) FILTER (
    WHERE mine.affiliation <> '' AND letters_fold(other.affiliation) = letters_fold(mine.affiliation)
)
FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(affiliations)s::text[], %(moments)s::timestamptz[])
    AS mine (id, name, affiliation, confirmed_at)
CROSS JOIN LATERAL (
    SELECT affiliation FROM letters_signature
    WHERE letter_id = %(letter)s AND {is_in([State.HELD, COUNTED])} AND display = '{Display.PUBLIC}'
        AND {SAME_NAME} = {SAME_NAME.replace("name", "mine.name")}
        AND (confirmed_at, letters_signature.id) < (mine.confirmed_at, mine.id)
    LIMIT %(most)s
) AS other GROUP BY mine.id
"""  # noqa: S608 -- our own statement


def equal_names(letter_id: int, named: Sequence[Candidate]) -> dict[int, tuple[int, int]]:
    """Count the earlier signatures that show the same name, and those with the same affiliation too."""
    if not named:
        return {}
    values = {
        "letter": letter_id,
        "ids": [each.id for each in named],
        "names": [each.word("name") for each in named],
        "affiliations": [each.word("affiliation") for each in named],
        "moments": [each.confirmed_at for each in named],
        "most": MAX_OF_NAME,
    }
    return {pk: (names, people) for pk, names, people in fetch_rows(EQUAL, values)}


# Abuse: only confirmed signatures count. Otherwise, someone could have you held by typing your address elsewhere.
ELSEWHERE = f"""
SELECT mine.id, count(*)
FROM unnest(%(ids)s::bigint[], %(hashes)s::bytea[], %(moments)s::timestamptz[]) AS mine (id, hash, moment)
CROSS JOIN LATERAL (
    SELECT FROM letters_signature
    WHERE address_hash = mine.hash AND letter_id <> %(letter)s AND {is_in(CONFIRMED)}
        AND signed_at BETWEEN mine.moment - %(near)s AND mine.moment + %(near)s
    LIMIT %(most)s
) AS other GROUP BY mine.id
"""  # noqa: S608 -- our own statement


def signed_elsewhere(letter_id: int, candidates: Sequence[Candidate]) -> dict[int, int]:
    """Count the other letters that the same address signed within seconds."""
    known = [each for each in candidates if each.address_hash]
    values = {
        "letter": letter_id,
        "ids": [each.id for each in known],
        "hashes": [each.address_hash for each in known],
        "moments": [each.signed_at for each in known],
        "near": TOGETHER,
        "most": MAX_OF_ADDRESS,
    }
    return dict(fetch_rows(ELSEWHERE, values)) if known else {}


NOTE_DOMAINS = """
UPDATE letters_signingtrace AS trace SET domain = noted.domain, is_member = noted.is_member
FROM unnest(%(ids)s::bigint[], %(domains)s::bytea[], %(members)s::boolean[]) AS noted (id, domain, is_member)
WHERE trace.signature_id = noted.id
"""
OF_DOMAINS = """
SELECT asked.domain, count(*) FILTER (WHERE NOT is_member), count(*) FILTER (WHERE is_member)
FROM unnest(%(domains)s::bytea[]) AS asked (domain) CROSS JOIN LATERAL (
    SELECT is_member FROM letters_signingtrace WHERE letter_id = %(letter)s AND domain = asked.domain LIMIT %(most)s
) AS seen GROUP BY asked.domain
"""


def note_domains(ids: Collection[int], noted: Sequence[tuple[bytes | None, bool]]) -> None:
    """Store the hashes of domains in the traces of signatures, and whether each fits the affiliation."""
    if ids:
        domains, members = [domain for domain, _ in noted], [is_member for _, is_member in noted]
        execute(NOTE_DOMAINS, {"ids": list(ids), "domains": domains, "members": members})


def count_domains(letter_id: int, domains: Iterable[bytes]) -> dict[bytes, tuple[int, int]]:
    """Count the signers of each domain whose affiliation does not fit it, and those whose affiliation does."""
    if not (asked := sorted(set(domains))):
        return {}
    values = {"letter": letter_id, "domains": asked, "most": MAX_OF_DOMAIN}
    return {domain: (strangers, members) for domain, strangers, members in fetch_rows(OF_DOMAINS, values)}
