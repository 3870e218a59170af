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
from letters.models import OWNING, Collective, Letter, OrganisationSignature, User
from letters.shared.refused import Refusal, Refused


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

    def recount_organisations(self) -> None:
        """Count the organisations on the list. The letter is locked, so no other process changes their number."""
        self.update(organisation_count=OrganisationSignature.objects.published().filter(letter=self.letter).count())

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

    def keep_days_of_letters(self) -> None:
        """Let letters that someone may have signed keep the time zone in which their days were calculated."""
        signed = Letter.objects.filter(collective=self.collective, timezone="", current_revision__isnull=False)
        signed.update(timezone=self.collective.timezone)


def change_letter(
    letter: Letter,
    roles: Collection[str],
    *,
    by: User,
    now: datetime,
    lock: bool = True,
    in_bin: bool = False,
    or_site_moderator: bool = False,
    even_suspended: bool = False,
) -> LetterChange:
    """Lock the letter's row, and reload `letter` from it. Raises Refused(NOT_YOURS) unless `by` has one of `roles`,
    and Refused(SUSPENDED) while the collective is suspended.

    Race: the role is checked under the lock, so a member who has just been removed cannot change anything. Without
    `lock`, an operation must neither read nor write the letter's row. A draft in the bin counts as missing, except for
    an operation with `in_bin`. With `or_site_moderator`, people who moderate the whole site need no role; for them,
    drafts count as missing. With `even_suspended`, members of a suspended collective may act: they can still appeal.
    """
    if lock:
        _lock(letter)
    refusal = letter.collective.why_not(by, roles)
    if refusal and not (even_suspended and refusal == Refusal.SUSPENDED):
        _require_site_moderator(letter, by, refusal, is_enough=or_site_moderator)
    if letter.binned_at and not in_bin:
        raise Refused(Refusal.NOT_YOURS)
    return LetterChange(by=by, now=now, letter=letter)


def change_letter_for_site(letter: Letter, *, by: User, now: datetime) -> LetterChange:
    """Do the same for what only people who moderate the whole site may do, whatever their role in the collective is."""
    return change_letter(letter, (), by=by, now=now, or_site_moderator=True)


def _require_site_moderator(letter: Letter, by: User, otherwise: Refusal, *, is_enough: bool) -> None:
    if not is_enough or letter.status == Letter.Status.DRAFT or not by.moderates_site_now():
        raise Refused(otherwise)


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
    collective: Collective, *, by: User | None, now: datetime, lock: bool = True
) -> CollectiveChange:
    """Do the same for a person with another authority: an invitation, or their own membership.

    None means a person without an account.
    """
    if lock:
        collective.refresh_from_db(from_queryset=Collective.objects.select_for_update(no_key=True))
    return CollectiveChange(by=by, now=now, collective=collective)


def change_letter_offered(letter: Letter, target: Collective, *, by: User, now: datetime) -> LetterChange:
    """Lock both collectives and the letter, for an owner of the collective to which it is offered.

    Lock order: collectives by their ids, so that two letters can move in opposite directions at once. Raises
    Refused(NOT_YOURS).
    """
    both = Collective.objects.filter(pk__in=[letter.collective_id, target.pk])
    list(both.order_by("pk").select_for_update(no_key=True))
    _lock(letter)
    target.require_role(by, OWNING)
    # Abuse: a letter must not leave a collective that is suspended.
    letter.collective.require_not_suspended()
    return LetterChange(by=by, now=now, letter=letter)


FIELDS = [field.name for field in Letter._meta.concrete_fields if field.name != "id"]


def _lock(letter: Letter) -> None:
    """Race: the letter may have moved to another collective since it was loaded, and then another one decides."""
    known = letter.collective
    letter.refresh_from_db(fields=FIELDS, from_queryset=Letter.objects.select_for_update(no_key=True))
    # Performance: keep the collective that the caller has loaded.
    if letter.collective_id == known.pk:
        letter.collective = known
