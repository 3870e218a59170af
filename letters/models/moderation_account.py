"""The public account of moderation: what a letter's pages say about its moderators. Stored with it, renewed once a day.

Privacy: nothing here may tell about one signature. letters/moderator/public_account/operations.py has the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings

# Up to this many hours, pages give the median in hours; above that, in days.
HOURS_OF_A_DAY = 24


@dataclass(frozen=True)
class RemovedFor:
    """The number of signatures that were removed for one reason of the site's list."""

    code: str
    # The words of the reason, by language.
    labels: Mapping[str, str]
    # A multiple of ten.
    at_least: int

    def label_in(self, language: str) -> str:
        return self.labels.get(language) or self.labels[settings.LANGUAGE_CODE]


@dataclass(frozen=True)
class ModerationAccount:
    """The public part of the account."""

    # Reasons with at least ten removed signatures, the largest first.
    reasons: tuple[RemovedFor, ...] = ()
    # The number of removed signatures among which these reasons were counted. It follows from public numbers.
    removed: int = 0
    # None if fewer than ten signatures wait.
    longest_wait_days: int | None = None
    # None if too few decisions were made lately.
    half_within_hours: int | None = None
    # The number of decisions about this letter that were checked, and of those that were wrong. Both are 0 below 50.
    checked: int = 0
    wrong: int = 0

    @property
    def half_within_days(self) -> int:
        """Return the same in days; 0 up to a day."""
        hours = self.half_within_hours or 0
        return hours // HOURS_OF_A_DAY if hours > HOURS_OF_A_DAY else 0

    @property
    def is_empty(self) -> bool:
        return self == ModerationAccount(removed=self.removed)

    def as_data(self, language: str) -> dict[str, object]:
        """Return it for the letter's counts as data."""
        return {
            "removed_for": [
                {"reason": each.code, "label": each.label_in(language), "at_least": each.at_least}
                for each in self.reasons
            ],
            "reasons_counted_among": self.removed,
            "longest_wait_days": self.longest_wait_days,
            "half_of_decisions_within_hours": self.half_within_hours,
            "decisions_checked": self.checked,
            "decisions_wrong": self.wrong,
        }


@dataclass(frozen=True)
class StoredAccount:
    """The account with what is needed to renew it."""

    public: ModerationAccount = ModerationAccount()
    # Private: the exact numbers, by reason, that `public.reasons` was made from.
    counted: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> StoredAccount:
        if not stored:
            return cls()
        public = dict(stored["public"])
        public["reasons"] = tuple(RemovedFor(**each) for each in public.get("reasons", ()))
        return cls(ModerationAccount(**public), stored["counted"])
