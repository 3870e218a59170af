"""The kinds of email, declared once: what causes each, its queue, its place in the daily limit, how long it is kept.

Partial indexes, SQL and every rule about kinds are built from this table, and docs/architecture.md shows it
(`python -m tests.outbox.email_kinds_in_docs`). The indexes list kinds in its order: a new order is a migration.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import models

# An address gets no more emails than this within a day, over all letters: whoever types an address into our forms can
# have emails sent to it.
MAX_EMAILS_A_DAY = 3
A_DAY = timedelta(days=1)
# Emails that have ended are kept for so long; the first email to a signer and the one that thanks, while there is a
# signature. Whoever types an address again and again would fill the table with them.
RETENTION = timedelta(days=7)


class EmailKind(models.TextChoices):
    CONFIRM = "confirm", "Confirm your signature"
    THANKS = "thanks", "You have signed"
    REMINDER = "reminder", "Reminder to confirm a signature"
    SIGNED_AGAIN = "signed_again", "You had signed already"
    REQUESTED = "requested", "The email or link that you asked for"
    INVITED = "invited", "Invitation to sign first"
    CARRY_OVER = "carry_over", "Question whether a signature carries over"
    UPDATE = "update", "Update about a letter that you signed"
    TEAM_INVITATION = "team_invitation", "Invitation to join a collective"


class Cause(Enum):
    """Who causes an email. The daily limit of one cause must not be used up by another that is easier to come by."""

    # Anybody who types an address. These count for everybody.
    FORM = "anybody, with a form"
    # The owner of the mailbox, who has just confirmed. It counts for nobody and waits for nobody.
    OWNER = "the owner of the mailbox"
    # These count for one another only: whoever has an account must not use up the day of a person who wants to confirm.
    ORGANIZER = "an organizer"
    # These count by themselves. Privacy: owners read what became of one, and must not see from a fourth email of a day
    # that its address has signed something.
    COLLECTIVE = "an owner of a collective"


class Queue(Enum):
    # Somebody is looking into their mailbox at this moment.
    CONFIRMATIONS = "confirmations"
    # It can wait, and a switch can stop it. In a queue of its own, thousands of them never delay one of the others.
    BULK = "bulk"


class WhenFull(Enum):
    """What happens to an email if its address has had MAX_EMAILS_A_DAY within a day."""

    SEND = "sent all the same"
    # Until the first of them is a day old. Never dropped: whoever signs three letters with somebody's address would
    # keep from them the email that they want.
    WAIT = "waits"
    DROP = "dropped"


class Kept(Enum):
    """For how long the row stays after the email has ended. What organizers are still shown stays longer."""

    A_WEEK = "a week"
    # The row of a reminder keeps it from being owed twice.
    WHILE_UNCONFIRMED = "`CONFIRMATION_DAYS`, at least a week"
    UNLESS_DROPPED = "with its signature; a week if dropped"
    WITH_ITS_SUBJECT = "with its signature or invitation"


@dataclass(frozen=True)
class Rules:
    cause: Cause
    queue: Queue
    when_full: WhenFull
    kept: Kept


EMAIL_KINDS: Mapping[EmailKind, Rules] = {
    EmailKind.CONFIRM: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.UNLESS_DROPPED),
    EmailKind.THANKS: Rules(Cause.OWNER, Queue.CONFIRMATIONS, WhenFull.SEND, Kept.UNLESS_DROPPED),
    EmailKind.SIGNED_AGAIN: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.A_WEEK),
    EmailKind.REQUESTED: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.A_WEEK),
    EmailKind.REMINDER: Rules(Cause.FORM, Queue.BULK, WhenFull.WAIT, Kept.WHILE_UNCONFIRMED),
    EmailKind.INVITED: Rules(Cause.ORGANIZER, Queue.BULK, WhenFull.DROP, Kept.WITH_ITS_SUBJECT),
    EmailKind.CARRY_OVER: Rules(Cause.ORGANIZER, Queue.BULK, WhenFull.WAIT, Kept.WITH_ITS_SUBJECT),
    EmailKind.UPDATE: Rules(Cause.ORGANIZER, Queue.BULK, WhenFull.SEND, Kept.WITH_ITS_SUBJECT),
    EmailKind.TEAM_INVITATION: Rules(Cause.COLLECTIVE, Queue.CONFIRMATIONS, WhenFull.DROP, Kept.WITH_ITS_SUBJECT),
}


def _kinds(rule: Callable[[Rules], bool]) -> list[EmailKind]:
    return [kind for kind, rules in EMAIL_KINDS.items() if rule(rules)]


# What can wait.
BULK = _kinds(lambda rules: rules.queue is Queue.BULK)
# What anybody may cause by typing an address, and what only organizers cause.
OF_FORMS = _kinds(lambda rules: rules.cause is Cause.FORM)
OF_ORGANIZERS = _kinds(lambda rules: rules.cause is Cause.ORGANIZER)
# What somebody asked for with a form a moment ago.
ASKED_FOR = [kind for kind in OF_FORMS if kind not in BULK]
# What is deleted after a while however it ended; and with it what is deleted if it was dropped.
FORGOTTEN_HOWEVER_ENDED = _kinds(lambda rules: rules.kept in {Kept.A_WEEK, Kept.WHILE_UNCONFIRMED})
FORGOTTEN = _kinds(lambda rules: rules.kept is not Kept.WITH_ITS_SUBJECT)


def counted_for(kind: EmailKind | str) -> list[EmailKind]:
    """The kinds that use up the day of an email of this kind."""
    rules = EMAIL_KINDS[EmailKind(kind)]
    counted = {
        Cause.FORM: OF_FORMS,
        Cause.OWNER: [],
        Cause.ORGANIZER: [*OF_FORMS, *OF_ORGANIZERS],
        Cause.COLLECTIVE: [EmailKind.TEAM_INVITATION],
    }
    return [] if rules.when_full is WhenFull.SEND else counted[rules.cause]


def retention_of(kind: EmailKind) -> timedelta:
    """For how long an email of a FORGOTTEN kind is kept after it has ended."""
    while_unconfirmed = EMAIL_KINDS[kind].kept is Kept.WHILE_UNCONFIRMED
    return max(RETENTION, timedelta(days=settings.CONFIRMATION_DAYS)) if while_unconfirmed else RETENTION


def kinds_in_sql(kinds: Iterable[EmailKind]) -> str:
    """The kinds as literals, as the planner needs them to find a partial index."""
    return ", ".join(f"'{kind.value}'" for kind in kinds)
