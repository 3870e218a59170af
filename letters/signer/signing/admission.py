"""Decide whether someone may sign: hard limits refuse, and above soft limits the form needs a proof of work.

Only signings that are accepted count. Privacy: the decision is the same whether or not the address has signed before.
"""

from datetime import datetime

from django.conf import settings

from letters.base.emailed_links.admission import WITHOUT_PROOF, ProofWanted, Sender, hardness_for, refuse
from letters.base.site_limits.queries import rate
from letters.base.switches.queries import is_on
from letters.models import Letter, Signature, SiteLimit, Switch
from letters.shared import limits
from letters.shared.addresses import Address, hash_address
from letters.shared.domains import domain_of, is_private, match_domain, registrable
from letters.shared.limits import Limit, TooMany
from letters.shared.proof import is_proof, make_challenge
from letters.shared.refused import Refusal


def admit(letter: Letter, address: Address, sender: Sender, *, now: datetime) -> str:
    """Count a signing and return the concern (Signature.Concern) to store with it, empty for none.

    Raises TooMany or ProofWanted.
    """
    address_hash = hash_address(address.canonical)
    hard, soft = _hard_limits(sender, address_hash), _soft_limits(letter, sender)
    of_domain = _domain_limits(letter, address)
    counted = [*hard.values(), *soft, *of_domain]
    times = limits.count_times(counted)
    exceeded = {limit for limit, number in times.items() if number > limit.rate.amount}
    if refused := [code for code, limit in hard.items() if limit in exceeded]:
        refuse(refused[0], hard[refused[0]], counted)
    crowded = not exceeded.isdisjoint(soft)
    concern = Signature.Concern.NONE if exceeded.isdisjoint(of_domain) else Signature.Concern.DOMAIN
    hardness, is_flooded = hardness_for(of_domain, times)
    always = letter.asks_proof or letter.is_shielded or is_on(Switch.Name.ASK_PROOF)
    if not (crowded or is_flooded or sender.looks_automatic or always):
        return concern
    if sender.proof == WITHOUT_PROOF:
        return Signature.Concern.UNPROVEN
    if is_proof(sender.proof, letter.pk, address_hash, hardness=hardness):
        return concern
    limits.give_back(counted)
    challenge = make_challenge(letter.pk, address_hash, now=now, hardness=hardness)
    raise ProofWanted(challenge, crowded=crowded or is_flooded, again=bool(sender.proof))


def admit_request(sender_network: str) -> None:
    """Count a request to send an email again to an address that was typed before. Raises TooMany("many_requests")."""
    _admit(Limit("requests", sender_network, rate(SiteLimit.Name.REQUESTS)))


def admit_code(sender_network: str) -> None:
    """Count a try of a confirmation code. Raises TooMany("many_requests").

    Denial of service: a code allows few tries, but each try costs a write, and anyone can open any number of pages.
    """
    _admit(Limit("codes", sender_network, settings.LIMIT_CODES))


def _admit(limit: Limit) -> None:
    if limits.count([limit]):
        raise TooMany(Refusal.MANY_REQUESTS, seconds=limits.seconds_left(limit))


def _hard_limits(sender: Sender, address_hash: bytes) -> dict[Refusal, Limit]:
    """Return the limits above which a signing is refused, by the code of the refusal."""
    found = {
        Refusal.MANY_FROM_NETWORK: Limit("network", sender.network, rate(SiteLimit.Name.NETWORK_HARD)),
        # Privacy: each network is counted by itself. Otherwise a person who types someone's address could prevent its
        # owner from signing, and a refusal would show that the owner has signed.
        Refusal.MANY_FOR_ADDRESS: Limit("address", f"{address_hash.hex()}:{sender.network}", settings.LIMIT_ADDRESS),
    }
    if sender.proof == WITHOUT_PROOF:
        found[Refusal.MANY_WITHOUT_PROOF] = Limit("unproven", sender.network, rate(SiteLimit.Name.UNPROVEN))
    return found


def _soft_limits(letter: Letter, sender: Sender) -> list[Limit]:
    return [
        Limit("network-soft", sender.network, rate(SiteLimit.Name.NETWORK_SOFT)),
        Limit("letter-soft", str(letter.pk), rate(SiteLimit.Name.LETTER_SOFT)),
    ]


def _domain_limits(letter: Letter, address: Address) -> list[Limit]:
    """Return the limits above which a moderator reviews.

    Abuse: the owner of a domain can confirm any number of addresses.
    """
    domain = domain_of(address.canonical)
    if is_private(domain) or match_domain(domain, letter.domains):
        return []
    return [Limit("domain", f"{letter.pk}:{registrable(domain)}", rate(SiteLimit.Name.DOMAIN))]
