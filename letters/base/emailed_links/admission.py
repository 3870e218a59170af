"""Limit the emails that a stranger can cause by typing an address into a form.

Hard limits refuse, and above soft limits the form needs a proof of work. Privacy: the decision is the same whether or
not the address has signed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from django.conf import settings

from letters.base.site_limits.queries import rate
from letters.models import Letter, SiteLimit
from letters.shared import limits
from letters.shared.addresses import Address, hash_address
from letters.shared.domains import domain_of, is_private, registrable
from letters.shared.limits import Limit, TooMany
from letters.shared.proof import is_proof, make_challenge
from letters.shared.refused import Refusal, Refused

# The form sends this value if the browser cannot calculate a proof. A moderator then reviews the signature.
WITHOUT_PROOF = "none"
# A person needs at least this long to read, fill in and send the form.
MIN_SECONDS = 2
# (multiple of a domain's limit, how much harder a proof is up to that multiple). A phone takes at most 15 seconds.
HARDNESS = [(1, 1), (4, 2), (8, 4), (float("inf"), 8)]
FLOODED = 2
SECONDS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """The data of a form about its sender, besides what the signer typed."""

    network: str
    proof: str
    # The honeypot, and how long the page was open according to its script.
    website: str
    seconds: str

    @property
    def looks_automatic(self) -> bool:
        """Return whether to ask for a proof.

        Never refuse instead: browsers fill in every field, and people can be quick.
        """
        return bool(self.website) or (SECONDS.fullmatch(self.seconds) is not None and int(self.seconds) < MIN_SECONDS)


class ProofWanted(Refused):
    """The form must be sent again with the solution of `challenge` (JSON)."""

    def __init__(self, challenge: str, *, crowded: bool, again: bool) -> None:
        super().__init__(Refusal.PROOF_WANTED)
        self.challenge = challenge
        # True if many people are signing at this moment; False if every signer is asked.
        self.crowded = crowded
        # True if the form held a solution that was wrong, too old, or for another address.
        self.again = again


def admit_link(letter: Letter, address: Address, sender: Sender, *, now: datetime) -> None:
    """Count a request for the link of any address. Raises TooMany("many_requests") or ProofWanted.

    An email follows whether the address has signed or not. So the limits are those of signing: this form must not send
    strangers more emails than signing with their addresses would.
    """
    address_hash, domain = hash_address(address.canonical), domain_of(address.canonical)
    hard = [
        Limit("requests", sender.network, rate(SiteLimit.Name.REQUESTS)),
        Limit("address", f"{address_hash.hex()}:{sender.network}", settings.LIMIT_ADDRESS),
    ]
    if sender.proof == WITHOUT_PROOF:
        hard.append(Limit("unproven", sender.network, rate(SiteLimit.Name.UNPROVEN)))
    of_network = Limit("network-soft", sender.network, rate(SiteLimit.Name.NETWORK_SOFT))
    of_domain = [] if is_private(domain) else [Limit("domain asked", registrable(domain), rate(SiteLimit.Name.DOMAIN))]
    counted = [*hard, of_network, *of_domain]
    times = limits.count_times(counted)
    exceeded = [limit for limit, number in times.items() if number > limit.rate.amount]
    if refused := [limit for limit in hard if limit in exceeded]:
        refuse(Refusal.MANY_REQUESTS, refused[0], counted)
    if not exceeded or sender.proof == WITHOUT_PROOF:
        return
    hardness, _ = hardness_for(of_domain, times)
    if not is_proof(sender.proof, letter.pk, address_hash, hardness=hardness):
        limits.give_back(counted)
        challenge = make_challenge(letter.pk, address_hash, now=now, hardness=hardness)
        raise ProofWanted(challenge, crowded=True, again=bool(sender.proof))


def hardness_for(of_domain: list[Limit], times: Mapping[Limit, int]) -> tuple[int, bool]:
    """Return how much harder than usual a proof is, and whether a domain is so far over its limit that one is required.

    Abuse: otherwise someone who types one address after another at a company's domain could make us flood its
    mailboxes.
    """
    much = max((times[limit] / limit.rate.amount for limit in of_domain), default=0.0)
    return next(hardness for most, hardness in HARDNESS if much <= most), much > FLOODED


def refuse(code: Refusal, limit: Limit, counted: Iterable[Limit]) -> NoReturn:
    """Give back what was counted, and raise TooMany."""
    limits.give_back(counted)
    # Privacy: for an address, give the length of the whole window, not the rest of it. Its owner may have signed from
    # the same network, and the rest would tell when.
    whole = limit.what == "address"
    raise TooMany(code, seconds=limit.rate.get_expiry() if whole else limits.seconds_left(limit))
