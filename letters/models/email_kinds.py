"""The kinds of email, declared once: the cause of each, its queue, its place in the daily limit, and its retention.

Partial indexes, SQL and every rule about kinds are built from this table, and docs/architecture.md shows it (`python -m
tests.outbox.email_kinds_in_docs`). The indexes list kinds in this order, so a new order is a migration.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import models

# The maximum number of emails to one address within a day, over all letters. Abuse: anyone who types an address into
# our forms can have emails sent to it.
MAX_EMAILS_A_DAY = 3
A_DAY = timedelta(days=1)
# Full disk: emails are deleted this long after they have ended, because someone who types an address repeatedly would
# fill the table. The first email to a signer and the thank-you stay as long as the signature.
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
    NOTIFICATION = "notification", "Email to an organizer or to staff about something that happened"
    DECIDED = "decided", "A moderator has decided about your signature"
    UPDATE_COPY = "update_copy", "Copy of an update, for an organizer"
    NAME_REPORT = "name_report", "Confirm a report by the person whom a signature names"
    ADDRESS_PROOF = "address_proof", "Code for an address with which a signer answers a question"
    RELEASE = "release", "Enough people have signed, and names will appear"
    UNREACHED = "unreached", "Too few people have signed, and everything is deleted"
    FEATURE = "feature", "The organizers ask whether they may feature your name"
    ORGANISATION = "organisation", "Confirm that an organisation signs"
    ORGANISATION_SIGNED = "organisation_signed", "The control link of an organisation"


class Cause(Enum):
    """The person or event that causes an email.

    Causes that many people have must not use up the daily limit of causes that few people have.
    """

    # Anyone who types an address. These emails count in the daily limit of forms and of organizers.
    FORM = "anyone, with a form"
    # The owner of the mailbox, who has just confirmed. These emails do not count, and never wait.
    OWNER = "the owner of the mailbox"
    # Abuse: these emails count only for each other, because an organizer must not use up the limit of a person who
    # wants to confirm.
    ORGANIZER = "an organizer"
    # Privacy: these emails count separately. Owners see the result of each, and must not learn from a delayed email
    # that its address has signed something.
    COLLECTIVE = "an owner of a collective"
    # Privacy: a moderator or an organizer chooses whom they act on. These emails leave only if they give nobody away
    # (letters/signer/signing/telling.py). They do not count.
    MODERATOR = "a moderator or an organizer, about one signature"
    # These emails go to organizers and staff only, who can switch them off. They do not count.
    EVENT = "an event on the site"
    # The number of signers of a letter that names nobody yet, or its end. All of them get the same email at once.
    # These emails do not count.
    SIGNERS = "the number of signers"


class Queue(Enum):
    # A person is waiting for the email.
    CONFIRMATIONS = "confirmations"
    # These emails can wait, and a switch can stop them. They have a queue of their own, so that thousands of them never
    # delay others.
    BULK = "bulk"


class WhenFull(Enum):
    """The treatment of an email whose address is at the daily limit."""

    SEND = "sent all the same"
    # Abuse: such an email is never dropped. Otherwise a stranger who signs three letters with a person's address could
    # stop the email that this person wants.
    WAIT = "waits"
    DROP = "dropped"


class Kept(Enum):
    """The time for which a row is kept after its email has ended. Rows that organizers still see are kept longer."""

    A_WEEK = "a week"
    # The row of a reminder prevents a second one.
    WHILE_UNCONFIRMED = "`CONFIRMATION_DAYS`, at least a week"
    UNLESS_DROPPED = "with its signature; a week if dropped"
    WITH_ITS_SUBJECT = "with its signature, invitation or notification"


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
    EmailKind.NOTIFICATION: Rules(Cause.EVENT, Queue.BULK, WhenFull.SEND, Kept.WITH_ITS_SUBJECT),
    EmailKind.DECIDED: Rules(Cause.MODERATOR, Queue.BULK, WhenFull.SEND, Kept.UNLESS_DROPPED),
    EmailKind.UPDATE_COPY: Rules(Cause.EVENT, Queue.BULK, WhenFull.SEND, Kept.WITH_ITS_SUBJECT),
    EmailKind.NAME_REPORT: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.A_WEEK),
    EmailKind.ADDRESS_PROOF: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.A_WEEK),
    # People decide by these whether their name appears, so they never wait for a daily limit.
    EmailKind.RELEASE: Rules(Cause.SIGNERS, Queue.CONFIRMATIONS, WhenFull.SEND, Kept.WITH_ITS_SUBJECT),
    EmailKind.UNREACHED: Rules(Cause.SIGNERS, Queue.CONFIRMATIONS, WhenFull.SEND, Kept.WITH_ITS_SUBJECT),
    # Too few to delay others: a letter has at most 60.
    EmailKind.FEATURE: Rules(Cause.MODERATOR, Queue.CONFIRMATIONS, WhenFull.SEND, Kept.UNLESS_DROPPED),
    EmailKind.ORGANISATION: Rules(Cause.FORM, Queue.CONFIRMATIONS, WhenFull.WAIT, Kept.A_WEEK),
    EmailKind.ORGANISATION_SIGNED: Rules(Cause.OWNER, Queue.CONFIRMATIONS, WhenFull.SEND, Kept.A_WEEK),
}


def _kinds(rule: Callable[[Rules], bool]) -> list[EmailKind]:
    return [kind for kind, rules in EMAIL_KINDS.items() if rule(rules)]


# Emails that can wait.
BULK = _kinds(lambda rules: rules.queue is Queue.BULK)
# Emails that anyone can cause by typing an address, and emails that only organizers cause.
OF_FORMS = _kinds(lambda rules: rules.cause is Cause.FORM)
OF_ORGANIZERS = _kinds(lambda rules: rules.cause is Cause.ORGANIZER)
# Emails that someone caused with a form a moment ago.
ASKED_FOR = [kind for kind in OF_FORMS if kind not in BULK]
# Emails that are deleted some time after they have ended, however they ended. Other kinds are deleted only if they were
# dropped.
FORGOTTEN_HOWEVER_ENDED = _kinds(lambda rules: rules.kept in {Kept.A_WEEK, Kept.WHILE_UNCONFIRMED})
FORGOTTEN = _kinds(lambda rules: rules.kept is not Kept.WITH_ITS_SUBJECT)


def counted_for(kind: EmailKind | str) -> list[EmailKind]:
    """Return the kinds that use up the daily limit of this kind."""
    rules = EMAIL_KINDS[EmailKind(kind)]
    counted = {
        Cause.FORM: OF_FORMS,
        Cause.OWNER: [],
        Cause.ORGANIZER: [*OF_FORMS, *OF_ORGANIZERS],
        Cause.COLLECTIVE: [EmailKind.TEAM_INVITATION],
    }
    return [] if rules.when_full is WhenFull.SEND else counted[rules.cause]


def retention_of(kind: EmailKind) -> timedelta:
    """Return how long an email of a FORGOTTEN kind is kept after it has ended."""
    while_unconfirmed = EMAIL_KINDS[kind].kept is Kept.WHILE_UNCONFIRMED
    return max(RETENTION, timedelta(days=settings.CONFIRMATION_DAYS)) if while_unconfirmed else RETENTION


def kinds_in_sql(kinds: Iterable[EmailKind]) -> str:
    """Return the kinds as SQL literals, which the planner needs in order to use a partial index."""
    return ", ".join(f"'{kind.value}'" for kind in kinds)
