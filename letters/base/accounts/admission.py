"""Limits on guessing passwords and on requesting emails. Everything is counted before it is compared, written or sent.

Abuse: an address is counted per network, so that a stranger who types it does not lock its owner out. A browser that
signed in before has its own count. Without Valkey nobody may guess: the page answers 503.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from limits import parse

from letters.base.accounts.devices import known_device
from letters.shared import limits
from letters.shared.addresses import hash_address
from letters.shared.client_address import client_address, prefix_of
from letters.shared.limits import Limit, TooMany
from letters.shared.proof import LIFETIME, MAX_LENGTH, is_proof, make_challenge
from letters.shared.refused import Refusal, Refused

# The number of tries for each code in an email.
MAX_TRIES = 3
# This is longer than a code is valid, and longer than the sign-in with it may take.
TRIES_COUNT_FOR_SECONDS = 24 * 60 * 60
# Two emails with a code so close together come from a double click.
NOT_TWICE = parse("1/10 seconds")
# Account forms use the same challenge as signing, which needs a letter id. No letter has this id.
NO_LETTER = 0
# The request notes here which emails it may send, by the keyed hashes of their addresses.
ADMITTED = "letters.admitted_mail"


class ProofWanted(Refused):
    """The form must be sent again with the solution of a challenge."""

    def __init__(self) -> None:
        super().__init__(Refusal.PROOF_WANTED)


@dataclass(frozen=True)
class Asker:
    """The network and the browser that sent a form about an address."""

    network: str
    # A keyed hash of the address, never the address itself.
    address: str
    # The name of the browser, if this address has signed in with it before.
    device: str


def asker_of(request: HttpRequest, email: str) -> Asker:
    return Asker(network_of(request), _mark(email), known_device(request, email))


def _mark(email: str) -> str:
    return hash_address(email.lower()).hex()


def network_of(request: HttpRequest) -> str:
    """Return the network of a request, as signing counts it."""
    peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
    return prefix_of(client_address(peer, forwarded_for, trusted_proxies=settings.TRUSTED_PROXIES))


def admit_guess(asker: Asker) -> list[Limit]:
    """Count one attempt at a password. Raises TooMany. The caller gives the result back if the password was right."""
    if asker.device:
        counted = [Limit("guess-device", f"{asker.device}:{asker.address}", settings.LIMIT_GUESSES)]
    else:
        counted = [
            Limit("guess", f"{asker.address}:{asker.network}", settings.LIMIT_GUESSES),
            Limit("guess-network", asker.network, settings.LIMIT_GUESSES_NETWORK),
            Limit("guess-anywhere", asker.address, settings.LIMIT_GUESSES_ANYWHERE),
        ]
    _count(counted)
    return counted


def admit_second_factor(asker: Asker) -> list[Limit]:
    """Count one attempt at an app code, a recovery code or a passkey, which follows the password.

    Someone who has the password cannot lock the owner out of a browser that signed in before. An app code has only six
    digits, so few attempts are allowed from all networks together.
    """
    if asker.device:
        counted = [Limit("factor-device", f"{asker.device}:{asker.address}", settings.LIMIT_GUESSES)]
    else:
        counted = [
            Limit("factor", f"{asker.address}:{asker.network}", settings.LIMIT_GUESSES),
            Limit("factor-anywhere", asker.address, settings.LIMIT_SECOND_FACTORS_ANYWHERE),
        ]
    _count(counted)
    return counted


def admit_mail(
    request: HttpRequest,
    email: str,
    *,
    proof: str = "",
    asks_proof: bool = False,
    with_pause: bool = False,
    is_notice: bool = False,
) -> None:
    """Count one email to an address. Raises TooMany, or ProofWanted where the form can ask for one.

    `with_pause` refuses a second email within ten seconds: the page for the first one is already open. `is_notice` is
    for emails to an account's own address about a change. Beyond that limit the account cannot be changed, so every
    change causes a notice.
    """
    asker = asker_of(request, email)
    counted = _notice_limits(asker) if is_notice else _mail_limits(asker)
    if with_pause:
        counted.append(Limit("mail-pause", f"{asker.address}:{asker.device or asker.network}", NOT_TWICE))
    soft = [] if asker.device else _soft_limits(asker.network)
    exceeded = _count(counted, soft)
    needs_proof = not exceeded.isdisjoint(_above_which_proof(asker.network))
    if asks_proof and needs_proof and not _is_fresh_proof(proof, asker.network):
        limits.give_back([*counted, *soft])
        raise ProofWanted
    request.META.setdefault(ADMITTED, []).append(_mark(email))


def is_admitted(request: HttpRequest, email: str) -> bool:
    return _mark(email) in request.META.get(ADMITTED, [])


def use_admission(request: HttpRequest, email: str) -> None:
    """Use up the permission that a form obtained for one email. If no form did, count the email now.

    So the limit also holds for emails that none of our forms causes. Raises TooMany.
    """
    if not is_admitted(request, email):
        admit_mail(request, email)
    request.META[ADMITTED].remove(_mark(email))


def _mail_limits(asker: Asker) -> list[Limit]:
    if asker.device:
        return [Limit("mail-device", f"{asker.device}:{asker.address}", settings.LIMIT_ACCOUNT_MAIL)]
    return [
        Limit("mail", f"{asker.address}:{asker.network}", settings.LIMIT_ACCOUNT_MAIL),
        Limit("mail-anywhere", asker.address, settings.LIMIT_ACCOUNT_MAIL_ANYWHERE),
        *_shared_limits(asker),
    ]


def _notice_limits(asker: Asker) -> list[Limit]:
    if asker.device:
        return [Limit("notice-device", f"{asker.device}:{asker.address}", settings.LIMIT_ACCOUNT_NOTICES)]
    own = Limit("notice", f"{asker.address}:{asker.network}", settings.LIMIT_ACCOUNT_NOTICES)
    return [own, *_shared_limits(asker)]


def _shared_limits(asker: Asker) -> list[Limit]:
    return [
        Limit("mail-network", asker.network, settings.LIMIT_ACCOUNT_NETWORK_HARD),
        Limit("mail-site", "all", settings.LIMIT_ACCOUNT_SITE),
    ]


def challenge_for(network: str, *, now: datetime) -> str:
    """Return the challenge (JSON) that a form must send back solved; empty while the soft limits are not reached."""
    if not any(map(limits.is_used_up, _above_which_proof(network))):
        return ""
    return make_challenge(NO_LETTER, _binding(network), now=now)


def count_try(process: str) -> bool:
    """Count one attempt at an emailed code. Returns whether the code may be compared.

    Race: the counter goes up atomically before the comparison, so parallel attempts are counted one by one.
    """
    key = f"tries:{process}"
    cache.add(key, 0, timeout=TRIES_COUNT_FOR_SECONDS)
    try:
        return int(cache.incr(key)) <= MAX_TRIES
    except ValueError:  # Valkey evicted the key between the two calls.
        return False


def _count(counted: list[Limit], soft: list[Limit] | None = None) -> set[Limit]:
    """Count all limits or none. Returns the soft limits that are exceeded.

    While the whole site sends many emails, a network that has had its share is refused too. Abuse: otherwise a few
    networks could use up the limit of the site, and no new browser anywhere would get an email.

    Raises TooMany, or redis.RedisError without Valkey.
    """
    exceeded = limits.count([*counted, *(soft or [])], or_fail=True)
    refused = [limit for limit in counted if limit in exceeded]
    if _site_soft() in exceeded:
        refused += [limit for limit in exceeded if limit.what == SHARE]
    if refused:
        limits.give_back([*counted, *(soft or [])])
        raise TooMany(Refusal.MANY_REQUESTS, seconds=max(limit.rate.get_expiry() for limit in refused))
    return exceeded


# The limit of one network while the whole site sends many emails.
SHARE = "mail-share"


def _soft_limits(network: str) -> list[Limit]:
    return [*_above_which_proof(network), Limit(SHARE, network, settings.LIMIT_ACCOUNT_NETWORK_SHARE)]


def _above_which_proof(network: str) -> list[Limit]:
    return [Limit("mail-network-soft", network, settings.LIMIT_ACCOUNT_NETWORK_SOFT), _site_soft()]


def _site_soft() -> Limit:
    return Limit("mail-site-soft", "all", settings.LIMIT_ACCOUNT_SITE_SOFT)


def _is_fresh_proof(proof: str, network: str) -> bool:
    """Check the proof, which is valid for one email.

    It is not bound to an address, because the page did not know it.
    """
    if not is_proof(proof, NO_LETTER, _binding(network)):
        return False
    used = f"proof:{hashlib.sha256(_puzzle_of(proof)).hexdigest()}"
    return bool(cache.add(used, 1, timeout=int(LIFETIME.total_seconds()) + 60))


def _puzzle_of(proof: str) -> bytes:
    """Return the signature of the challenge, which is the same for every spelling of a solution."""
    puzzle = json.loads(b64decode(proof[:MAX_LENGTH]))
    return str(puzzle["challenge"]["signature"]).encode()


def _binding(network: str) -> bytes:
    return b"accounts:" + network.encode()
