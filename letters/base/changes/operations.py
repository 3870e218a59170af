"""The one way to change a letter or a collective: lock its row, check the role, write, record, and wake workers.

Lock order: the collective, the letter, the account, then everything else (docs/architecture.md). So an operation calls
`change_collective` or `change_letter` before it locks anything of its own.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import models, transaction
from django.db.models import F

from letters.base.audit_log.operations import Actor, record, record_each
from letters.models import Collective, Letter, User


@dataclass(frozen=True)
class Change:
    """A change that `by` makes. It must run inside a transaction."""

    by: Actor
    now: datetime

    def record(
        self, verb: str, thing: models.Model, *, reason: str = "", details: dict[str, Any] | None = None
    ) -> None:
        record(verb, thing, by=self.by, now=self.now, reason=reason, details=details)

    def lock_account(self) -> None:
        """Race: two operations of one account wait for each other here, so that limits count both."""
        if isinstance(self.by, User):
            User.objects.select_for_update(no_key=True).get(pk=self.by.pk)

    @staticmethod
    def after_commit(work: Callable[[], object]) -> None:
        transaction.on_commit(work)


@dataclass(frozen=True)
class LetterChange(Change):
    letter: Letter

    def update(self, **values: Any) -> None:
        """Update the letter's row, and invalidate its public pages."""
        Letter.objects.filter(pk=self.letter.pk).update(**values, version=F("version") + 1)
        self._note(values, version=self.letter.version + 1)

    def update_unseen(self, **values: Any) -> None:
        """Update columns that no public page shows."""
        Letter.objects.filter(pk=self.letter.pk).update(**values)
        self._note(values)

    def record_signatures(self, verb: str, ids: Iterable[int], *, reason: str = "") -> None:
        """Record the same event for each of these signatures of the letter."""
        details, whose = {"letter": self.letter.pk}, self.letter.collective_id
        record_each(
            verb, "signature", ids, by=self.by, now=self.now, reason=reason, details=details, collective_id=whose
        )

    def _note(self, values: dict[str, Any], **more: Any) -> None:
        """Update the caller's instance to match its row."""
        for name, value in (values | more).items():
            setattr(self.letter, name, value)


@dataclass(frozen=True)
class CollectiveChange(Change):
    collective: Collective

    def make_letters_old(self) -> None:
        """Invalidate the public pages of the collective's letters, which show its name."""
        public = Letter.objects.filter(collective=self.collective).exclude(status=Letter.Status.DRAFT)
        public.update(version=F("version") + 1)


def change_letter(
    letter: Letter, roles: Collection[str], *, by: User, now: datetime, lock: bool = True
) -> LetterChange:
    """Lock the letter's row, and reload `letter` from it. Raises Refused(NOT_YOURS) unless `by` has one of `roles`.

    Race: the role is checked under the lock, so a member who was just removed changes nothing. Without `lock`, an
    operation must neither read nor write the letter's row.
    """
    if lock:
        _lock(letter)
    letter.collective.require_role(by, roles)
    return LetterChange(by=by, now=now, letter=letter)


def change_letter_unasked(letter: Letter, *, by: Literal["signer"] | None, now: datetime) -> LetterChange:
    """Do the same for a signer, whose token is the authority, and for the system itself (None)."""
    _lock(letter)
    return LetterChange(by=by, now=now, letter=letter)


def change_collective(
    collective: Collective, roles: Collection[str], *, by: User, now: datetime, lock: bool = True
) -> CollectiveChange:
    """Lock the collective's row, and reload `collective` from it. Raises Refused(NOT_YOURS) as `change_letter` does."""
    change = change_collective_unasked(collective, by=by, now=now, lock=lock)
    collective.require_role(by, roles)
    return change


def change_collective_unasked(
    collective: Collective, *, by: User, now: datetime, lock: bool = True
) -> CollectiveChange:
    """Do the same for a person with another authority: an invitation, or their own membership."""
    if lock:
        collective.refresh_from_db(from_queryset=Collective.objects.select_for_update(no_key=True))
    return CollectiveChange(by=by, now=now, collective=collective)


# All fields except the collective: a letter never moves to another one, and the caller has loaded it.
FIELDS = [field.name for field in Letter._meta.concrete_fields if field.name not in {"id", "collective"}]


def _lock(letter: Letter) -> None:
    letter.refresh_from_db(fields=FIELDS, from_queryset=Letter.objects.select_for_update(no_key=True))
