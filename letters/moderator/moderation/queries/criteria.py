"""The criteria of a search, and of a bulk decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from letters.models import COUNTED, SEARCHED_STATES, Display, State
from letters.models.lifecycle import is_in
from letters.moderator.moderation.queries.bursts import Burst
from letters.moderator.moderation.queries.queue import Scope

# The states in the words of moderators, and the condition of each in SQL. Performance: the planner uses a partial index
# only if the condition is written exactly so.
SHOWN: dict[str, dict[State, str]] = {
    "": dict.fromkeys(SEARCHED_STATES, "TRUE"),
    "waiting": {State.HELD: "TRUE", COUNTED: "NOT concern = ''", State.REJECTED: "concern = 'recheck'"},
    "published": {COUNTED: "TRUE"},
    # Other rejected signatures wait for someone to decide again.
    "rejected": {State.REJECTED: "concern <> 'recheck'"},
}
# The scores from which a page says "high risk" and "some risk".
HIGH_RISK, SOME_RISK = 60, 30
# Privacy: only names that the person may read. Otherwise a search would reveal whose name is withheld, or when a
# person without a name confirmed.
READABLE = f"""(display = '{Display.PUBLIC}'
    OR display = '{Display.ORGANIZERS}' AND letter_id = ANY(%(own)s::bigint[]))"""


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """The criteria that are set. Each one narrows down the signatures."""

    # The beginnings of words of a name or affiliation, as they were typed.
    words: str = ""
    # One of SHOWN.
    state: str = ""
    since: datetime | None = None
    before: datetime | None = None
    # The lowest risk.
    risk: int = 0
    concern: str = ""
    # The confirmed domain, or one below it.
    domain: str = ""
    burst: Burst | None = None

    @property
    def may_show_nameless(self) -> bool:
        """Return whether the search may find signatures whose name the person may not read.

        Privacy: the queue shows the state and the concern of such a signature, but neither its time nor its risk.
        """
        return not (self.words or self.since or self.before or self.risk or self.domain or self.burst)

    @property
    def is_selective(self) -> bool:
        """Return whether there is a criterion that no index serves."""
        return any(self._narrow())

    def states(self) -> Mapping[State, str]:
        """Return the states, with the condition of each in SQL."""
        return SHOWN[self.state]

    def of_state(self, state: State) -> str:
        """Return SQL about the row `signature`: it is in this state and confirmed in time. It needs `values`."""
        return " AND ".join([is_in([state]), f"({self.states()[state]})", *self._window()])

    def narrowing(self) -> str:
        """Return SQL for the other criteria."""
        return " AND ".join(self._narrow()) or "TRUE"

    def conditions(self) -> str:
        """Return SQL for all criteria except the words."""
        states = " OR ".join(f"({self.of_state(state)})" for state in self.states())
        return f"confirmed_at IS NOT NULL AND ({states}) AND {self.narrowing()}"

    def _window(self) -> Iterator[str]:
        if self.since:
            yield "confirmed_at >= %(since)s"
        if self.before:
            yield "confirmed_at < %(before)s"

    def _narrow(self) -> Iterator[str]:
        if self.risk:
            yield "risk >= %(risk)s"
        if self.concern:
            yield "concern = %(concern)s"
        if self.domain:
            yield "(domain = %(domain)s OR right(domain, length(%(domain)s) + 1) = '.' || %(domain)s)"
        if self.burst:
            yield self.burst.condition()
        if not self.may_show_nameless:
            yield READABLE

    def values(self, scope: Scope) -> dict[str, Any]:
        return {
            "since": self.since,
            "before": self.before,
            "risk": self.risk,
            "concern": self.concern,
            "domain": self.domain,
            "own": sorted(scope.own),
            **(self.burst.values() if self.burst else {}),
        }
