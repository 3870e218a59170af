"""The signatures of a burst: those that came from the network, the type of browser or the domain of one of them.

Privacy (docs/decisions/0009-a-burst-is-found-from-a-signature.md): nobody types a network, a browser or a domain here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from letters.models import SEARCHED_STATES, Display, Doubt, Signature, SigningTrace
from letters.models.lifecycle import is_in
from letters.moderator.moderation.queries.queue import Scope, signature_of
from letters.moderator.signals.reasons import OF_BURST, OF_NETWORK, Reason
from letters.shared.sql import fetch_rows

# Privacy: a burst with fewer readable names is not shown, because its few people could be told apart.
LEAST_OF_BURST = 10
HOUR = timedelta(hours=1)


class Kind(StrEnum):
    NETWORK = "network"
    BROWSER = "browser"
    DOMAIN = "domain"


# The reasons for doubt that let a moderator search for similar signatures.
REASONS: Mapping[Kind, frozenset[Reason]] = {
    Kind.NETWORK: OF_NETWORK,
    Kind.BROWSER: frozenset({Reason.BROWSER_BURST}),
    Kind.DOMAIN: OF_BURST | {Reason.CROWDED_DOMAIN, Reason.THROWAWAY_DOMAIN, Reason.MISTYPED_DOMAIN},
}
OF_KIND: Mapping[Kind, str] = {
    # Not the network alone: honest people share it, with the browsers that people have.
    Kind.NETWORK: "network = %(burst_key)s AND browser = %(burst_browser)s",
    Kind.BROWSER: "browser = %(burst_key)s AND at BETWEEN %(burst_since)s AND %(burst_until)s",
    Kind.DOMAIN: "domain = %(burst_key)s",
}
# Denial of service: a page examines at most this many.
MAX_OF_BURST = 20_000
TRACES = f"""
SELECT signature_id FROM letters_signingtrace
WHERE letter_id = %(burst_letter)s AND signature_id IS NOT NULL AND {{of_kind}} LIMIT {MAX_OF_BURST}
"""  # noqa: S608 -- our own statement
# Privacy: in the statement itself, so that no page, count or bulk decision can forget it.
ENOUGH = f"""
{LEAST_OF_BURST} <= (SELECT count(*) FROM (
    SELECT FROM letters_signature AS near WHERE near.id IN ({TRACES}) AND {is_in(SEARCHED_STATES, "near.state")}
        AND (near.display = '{Display.PUBLIC}'
            OR near.display = '{Display.ORGANIZERS}' AND near.letter_id = ANY(%(own)s::bigint[]))
    LIMIT {LEAST_OF_BURST}
) AS readable)
"""  # noqa: S608 -- our own statement


@dataclass(frozen=True)
class Burst:
    kind: Kind
    trace: SigningTrace

    def condition(self) -> str:
        """Return SQL about the row `signature`. It needs `values`, and `own` of the scope."""
        of_kind = OF_KIND[self.kind]
        return f"signature.id IN ({TRACES.format(of_kind=of_kind)}) AND {ENOUGH.format(of_kind=of_kind)}"

    def values(self) -> dict[str, Any]:
        return {
            "burst_letter": self.trace.letter_id,
            "burst_key": getattr(self.trace, self.kind),
            "burst_browser": self.trace.browser,
            "burst_since": self.trace.at - HOUR,
            "burst_until": self.trace.at + HOUR,
        }


def burst_of(scope: Scope, text: str) -> Burst:
    """Return the burst that a link names: "network:" and the handle of a signature.

    Raises Signature.DoesNotExist for a signature whose name the person may not read, that is not doubted for a burst,
    or whose trace is gone, and for one of another letter than the scope's.
    """
    name, _, handle = text.partition(":")
    signature = signature_of(scope.person, handle)
    is_here = scope.letters is not None and signature.letter_id in scope.letters
    if name not in {*Kind} or not is_here or not is_readable(scope, signature):
        raise Signature.DoesNotExist
    kind = Kind(name)
    doubt = Doubt.objects.filter(pk=signature.pk).first()
    trace = SigningTrace.objects.filter(signature=signature.pk).first()
    if doubt is None or trace is None or REASONS[kind].isdisjoint(doubt.reasons) or getattr(trace, kind) is None:
        raise Signature.DoesNotExist
    return Burst(kind, trace)


def is_large(scope: Scope, burst: Burst) -> bool:
    """Return whether enough signatures of a burst have names that the person may read."""
    statement = f"SELECT {ENOUGH.format(of_kind=OF_KIND[burst.kind])}"
    return bool(fetch_rows(statement, {**burst.values(), "own": sorted(scope.own)})[0][0])


def is_readable(scope: Scope, signature: Signature) -> bool:
    return signature.display != Display.NOBODY and scope.sees_name_of(signature)


def kinds_of(reasons: frozenset[str]) -> list[Kind]:
    """Return the kinds of burst that can be searched for from a signature with these reasons."""
    return [kind for kind, wanted in REASONS.items() if not wanted.isdisjoint(reasons)]
