"""The life cycle of a signature, declared once: its states, the sets of states that share a rule, and every step from
one state to another.

No other code names a next state. Python moves signatures with `Signature.objects.….move(Transition.X)`, and SQL uses
`came_from`, `becomes` and `states`. The constraints and indexes of the model are built from the sets, and
docs/architecture.md shows the table (`python -m tests.models.lifecycle_in_docs`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, unique
from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When

from letters.models.signer_words import STORED, WORDS


class State(models.TextChoices):
    PENDING = "pending", "Waiting for confirmation"
    CONFIRMED = "confirmed", "Confirmed, waiting for its number"
    HELD = "held", "Waiting for a moderator"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Removed by a moderator"
    WITHDRAWN = "withdrawn", "Withdrawn by its signer"
    EXPIRED = "expired", "Invited, and did not answer in time"
    # "It wasn't me". Only the hash stays, so that the address gets no more email about the letter.
    DISOWNED = "disowned", "Disowned by the owner of the address"
    # Invited as a first signatory, without an answer. Counted nowhere and shown nowhere.
    INVITED = "invited", "Invited, has not answered"
    # Only the hash is left, so that nobody invites them to this letter again. They may still sign by themselves.
    DECLINED = "declined", "Invited, and said no"
    # Confirmed, on a letter that names nobody yet. Counted nowhere, and shown to nobody but the signer.
    SEALED = "sealed", "Confirmed, and not named until enough people have signed"


# The sets. The order of their members is the order in the SQL of constraints and indexes, so a new order is a
# migration.

# The public sees it, and the letter's count includes it.
COUNTED = State.PUBLISHED
# The signer has confirmed and not withdrawn.
CONFIRMED = [State.CONFIRMED, State.HELD, State.PUBLISHED]
# The same, with those whose names wait until enough people have signed. Privacy: members of the collective, moderators
# and readers see none of those, so a query for them uses CONFIRMED.
CONFIRMED_OR_SEALED = [*CONFIRMED, State.SEALED]
# Members of the collective may read the name, unless the signer shows it to nobody.
READ_BY_ORGANIZERS = [*CONFIRMED, State.REJECTED]
# Confirmed, but without a number. A bounced email can still undo the confirmation.
AWAITING_NUMBER = [State.CONFIRMED, State.HELD]
# Moderators search among these.
SEARCHED_STATES = [State.HELD, State.PUBLISHED, State.REJECTED]
# These wait for the signer or a moderator. The letter's page may show how many wait.
UNDERWAY = [State.PENDING, State.HELD]
# The signer has confirmed, or still can.
ACTIVE = [State.PENDING, *CONFIRMED_OR_SEALED]
# An invitation ended without a signature. Only the hash of the address is
# left, until the letter has been open for 14 days.
INVITATION_ENDED = [State.DECLINED, State.EXPIRED]
# These were never accepted: they have no number, no time of confirmation, and perhaps no name.
UNANSWERED = [State.EXPIRED, State.INVITED, State.DECLINED]
UNCONFIRMED = [State.PENDING, *UNANSWERED]
UNNUMBERED = [State.PENDING, *AWAITING_NUMBER, *UNANSWERED, State.SEALED]
# A doubt about these is only noted.
NOT_HELD_FOR_DOUBT = [State.PUBLISHED, State.SEALED]
# Words can be encrypted only before a name is public.
BEFORE_RELEASE = [State.PENDING, State.SEALED]
# These are no longer part of the letter. A number that was given stays, without a name.
TAKEN_OUT = [State.WITHDRAWN, State.REJECTED, State.DISOWNED]
# The signatures of TAKEN_OUT that organizers see. Privacy: they never learn who disowned a signature.
GONE = [State.REJECTED, State.WITHDRAWN]
# Nothing about the person is stored any more.
EMPTIED = [State.WITHDRAWN, State.DISOWNED]
NAMELESS = [*TAKEN_OUT, *UNANSWERED]
# The public page keeps the old words while a moderator reviews new ones.
KEEPS_CHANGES = [State.PUBLISHED, State.REJECTED]


class Who(StrEnum):
    """The people who may cause a step. The operation checks it."""

    ANYONE = "anyone, with the form"
    OWNER = "the owner of the address"
    ORGANIZER = "an organizer"
    MODERATOR = "a moderator"
    SITE = "the site itself"
    OPERATOR = "the people who run the site"


# The columns that are emptied. Operations also delete the rows of other tables.
NO_WORDS: Mapping[str, Any] = {**dict.fromkeys(WORDS, ""), "via": "", "entrusted": None, "entrusted_keys": None}
NO_CHANGES: Mapping[str, Any] = {"pending_changes": None, "declined_changes": None, "replaced_words": None}
EMPTY: Mapping[str, Any] = {
    **NO_WORDS,
    **NO_CHANGES,
    "sealed": None,
    "spelling_hash": None,
    "risk": 0,
    "to_score": False,
}
UNPROVEN: Mapping[str, Any] = {"confirmed_at": None, "verified": ""}

# The text that the signature belongs to.
TEXT = ("revision", "language")
# The fields that an organizer proposes for a first signatory, and the fields of a signer.
PROPOSED = ("name", "affiliation", "role", "display", "entrusted", "entrusted_keys", *TEXT)
SIGNER_FIELDS = (*STORED, "sealed", "display", *TEXT)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A row of the table. Without `sources` it creates a row; without `targets` it deletes one."""

    sources: list[State] = field(default_factory=list)
    # More than one if the operation chooses.
    targets: list[State] = field(default_factory=list)
    who: list[Who]
    when: str
    # The operations that take this step.
    operations: list[str]
    # The values that every such step writes, and the columns that the operation writes too.
    sets: Mapping[str, Any] = field(default_factory=dict)
    given: tuple[str, ...] = ()


@unique
class Transition(Enum):
    SIGN = Step(
        targets=[State.PENDING],
        who=[Who.ANYONE],
        when="someone submits the signing form",
        operations=["sign_letter"],
        given=(*SIGNER_FIELDS, "via", "concern", "verified", "salt", "address_hash", "spelling_hash", "signed_at"),
    )
    SIGN_INSTEAD = Step(
        sources=[State.INVITED, *INVITATION_ENDED],
        targets=[State.PENDING],
        who=[Who.ANYONE],
        when="an invited person signs with the form instead",
        operations=["sign_letter"],
        given=(*SIGNER_FIELDS, "via", "concern", "is_first", "spelling_hash", "signed_at"),
    )
    LOAD_SAMPLE = Step(
        targets=[State.CONFIRMED],
        who=[Who.OPERATOR],
        when="a command writes a sample letter, whose signatures are invented and marked so",
        operations=["load_sample", "seed_letter"],
        given=(*PROPOSED, "comment", "verified", "salt", "address_hash", "signed_at", "confirmed_at"),
    )
    INVITE = Step(
        targets=[State.INVITED],
        who=[Who.ORGANIZER],
        when="an organizer invites a first signatory",
        operations=["invite_people"],
        given=(*PROPOSED, "concern", "is_first", "salt", "address_hash", "signed_at"),
    )
    INVITE_AGAIN = Step(
        sources=[State.EXPIRED],
        targets=[State.INVITED],
        who=[Who.ORGANIZER],
        when="an organizer invites someone again whose invitation ended without an answer",
        operations=["invite_people"],
        given=(*PROPOSED, "concern", "is_first", "salt", "signed_at"),
    )
    ACCEPT_INVITATION = Step(
        sources=[State.INVITED],
        targets=[State.PENDING],
        who=[Who.OWNER],
        when="the invited person accepts; the same transaction confirms",
        operations=["accept_invitation"],
        given=(*SIGNER_FIELDS, "spelling_hash", "signed_at"),
    )
    DECLINE_INVITATION = Step(
        sources=[State.INVITED],
        targets=[State.DECLINED],
        who=[Who.OWNER],
        when="the invited person says no",
        operations=["decline_invitation"],
        sets=NO_WORDS,
    )
    END_INVITATION = Step(
        sources=[State.INVITED],
        targets=[State.EXPIRED, State.DECLINED],
        who=[Who.ORGANIZER, Who.SITE],
        when="nobody answered within 14 days, or an organizer withdrew the invitation; `declined` if the email was "
        "reported as spam",
        operations=["withdraw_invitation", "cancel_invitations", "forget_invitations"],
        sets=NO_WORDS,
        given=("concern",),
    )
    FORGET_INVITATION = Step(
        sources=INVITATION_ENDED,
        who=[Who.SITE],
        when="the letter has been open for 14 days",
        operations=["forget_invitations"],
    )
    DELETE_DRAFT = Step(
        sources=list(State),
        who=[Who.ORGANIZER, Who.SITE],
        when="the draft that they signed, or were invited to sign, is deleted for good",
        operations=["delete_draft", "empty_bin"],
    )
    CONFIRM = Step(
        sources=[State.PENDING],
        targets=[State.CONFIRMED, State.HELD, State.SEALED],
        who=[Who.OWNER],
        when="the signer confirms; `held` if the letter is reviewed or the signature has a concern; `sealed` if the "
        "letter names nobody yet",
        operations=["confirm_signature"],
        given=(*SIGNER_FIELDS, "via", "concern", "spelling_hash", "confirmed_at", "verified", "to_score"),
    )
    HOLD_CHANGE = Step(
        sources=[State.CONFIRMED],
        targets=[State.HELD],
        who=[Who.OWNER],
        when="the signer changes words, before there is a number, that a moderator must see first",
        operations=["change_signature"],
        given=(*STORED, "display", "concern", "to_score"),
    )
    DOUBT = Step(
        sources=[State.CONFIRMED],
        targets=[State.HELD],
        who=[Who.SITE],
        when="the score reaches the threshold of the letter",
        operations=["score_signatures", "seed_letter"],
        given=("concern",),
    )
    ASK_AGAIN = Step(
        sources=[*AWAITING_NUMBER, State.SEALED],
        targets=[State.PENDING],
        who=[Who.SITE],
        when="the email bounced or was reported as spam",
        operations=["note_bounce", "note_complaint"],
        sets=UNPROVEN,
        given=("concern",),
    )
    RELEASE = Step(
        sources=[State.SEALED],
        targets=[State.CONFIRMED, State.HELD],
        who=[Who.SITE],
        when="enough people have signed, and the announced time has come; `held` if it has a concern",
        operations=["release_names"],
        sets={"sealed": None},
        given=(*STORED, "confirmed_at", "signed_at", "to_score"),
    )
    DELETE_UNREACHED = Step(
        sources=list(State),
        who=[Who.SITE],
        when="too few people have signed when the letter closes, or it has no number when all data is deleted",
        operations=["delete_unreached", "delete_data"],
    )
    NUMBER = Step(
        sources=[State.CONFIRMED],
        targets=[State.PUBLISHED],
        who=[Who.SITE],
        when="the sequencer gives the number",
        operations=["sequence_letter"],
        sets={"counted": True, "via": "", "to_score": False},
        given=("number", "published_at"),
    )
    ACCEPT = Step(
        sources=[State.HELD],
        targets=[State.CONFIRMED],
        who=[Who.MODERATOR],
        when="a moderator accepts",
        operations=["accept_signatures"],
        sets={"concern": ""},
    )
    REJECT = Step(
        sources=[State.HELD, State.CONFIRMED, State.PUBLISHED],
        targets=[State.REJECTED],
        who=[Who.MODERATOR],
        when="a moderator rejects, with a reason",
        operations=["reject_signatures"],
    )
    RESTORE = Step(
        sources=[State.REJECTED],
        targets=[State.PUBLISHED, State.HELD],
        who=[Who.MODERATOR],
        when="a moderator restores; `published` if it has a number, otherwise `held`",
        operations=["restore_signatures"],
    )
    REVIEW_AGAIN = Step(
        sources=[State.CONFIRMED],
        targets=[State.HELD],
        who=[Who.MODERATOR],
        when="a moderator undoes an acceptance, or puts it on hold, before there is a number",
        operations=["undo_decision", "hold_signatures", "ask_signers"],
        given=("concern",),
    )
    TAKE_OFF_LIST = Step(
        sources=[State.PUBLISHED],
        targets=[State.REJECTED],
        who=[Who.MODERATOR],
        when="a moderator undoes an acceptance, or puts a published signature on hold; its number stays, "
        "without a name, and the review queue shows it",
        operations=["undo_decision", "hold_signatures", "ask_signers"],
        sets={"concern": "recheck"},
    )
    WITHDRAW = Step(
        sources=[*ACTIVE, *UNANSWERED],
        targets=[State.WITHDRAWN],
        who=[Who.OWNER],
        when="the signer withdraws; the hash of the address goes too",
        operations=["withdraw_signature"],
        sets={**EMPTY, "address_hash": None},
    )
    WITHDRAW_REJECTED = Step(
        sources=[State.REJECTED],
        targets=[State.REJECTED],
        who=[Who.OWNER, Who.SITE],
        when="the signer withdraws what a moderator rejected, or all data is deleted: nobody can restore it",
        operations=["withdraw_signature", "delete_data"],
        sets={**EMPTY, **UNPROVEN},
    )
    DISOWN = Step(
        sources=[*ACTIVE, *UNANSWERED, State.REJECTED],
        targets=[State.DISOWNED],
        who=[Who.OWNER],
        when='the owner of the address says "It wasn\'t me"; the hash stays',
        operations=["disown_signature"],
        sets=EMPTY,
    )
    DISOWN_COMPLAINED = Step(
        sources=[State.PENDING],
        targets=[State.DISOWNED],
        who=[Who.SITE],
        when="nobody confirmed within `CONFIRMATION_DAYS`, and our email was reported as spam; the hash stays",
        operations=["purge_unconfirmed"],
        sets=EMPTY,
    )
    PURGE = Step(
        sources=[State.PENDING],
        who=[Who.SITE],
        when="nobody confirmed within `CONFIRMATION_DAYS`",
        operations=["purge_unconfirmed"],
    )

    @property
    def step(self) -> Step:
        return self.value

    @property
    def sources(self) -> list[State]:
        return self.step.sources

    @property
    def target(self) -> State:
        """Return the only next state. Raises ValueError if the operation has to choose."""
        (target,) = self.step.targets
        return target

    def choose(self, condition: Q, then: State, otherwise: State) -> Case:
        """Return an expression for the next state of each row.

        Raises ValueError for a state that the step does not lead to.
        """
        self.check(then, otherwise)
        return Case(When(condition, then=Value(then)), default=Value(otherwise))

    def check(self, *targets: State, given: Iterable[str] = ()) -> None:
        """Raise ValueError for a target or a column that the table does not name."""
        undeclared = {*targets}.difference(self.step.targets) | {*given}.difference(self.step.given)
        if undeclared:
            raise ValueError(f"{self.name} does not write {', '.join(sorted(undeclared))}")

    def came_from(self, column: str = "state") -> str:
        """Return SQL: the row is in one of the states from which this step starts."""
        return is_in(self.sources, column)

    def becomes(self) -> str:
        """Return SQL for SET: the next state, and the values that every such step writes."""
        return ", ".join(f"{name} = {_literal(value)}" for name, value in self._writes().items())

    def becomes_one_of(self, *choices: tuple[str, State], otherwise: State) -> str:
        """Return the same SQL for a next state that depends on conditions: that of the first one that holds."""
        self.check(*(state for _, state in choices), otherwise)
        cases = " ".join(f"WHEN {condition} THEN {states(state)}" for condition, state in choices)
        return f"state = CASE {cases} ELSE {states(otherwise)} END"

    def _writes(self) -> dict[str, Any]:
        return {"state": self.target, **self.step.sets}


def states(*among: State) -> str:
    """Return the states as SQL literals, which the planner needs in order to use a partial index."""
    return ", ".join(f"'{state.value}'" for state in among)


def is_in(among: Iterable[State], column: str = "state") -> str:
    """Return SQL: the row is in one of these states."""
    return f"{column} IN ({states(*among)})"


def _literal(value: str | bool | int | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "NULL" if value is None else f"'{value}'"
