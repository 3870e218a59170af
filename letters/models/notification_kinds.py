"""The emails to organizers and staff, declared once: what a person can switch off, who gets it, and which
email contains it.

Privacy: everything about signers is in one email a day, at a fixed hour (docs/threat-model.md).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from letters.models.collective import MODERATING, OWNING, WRITING, Membership

# The hour, in the collective's time zone, at which we send the daily email about earlier days.
DAILY_HOUR = 8


def next_daily_hour(zone: ZoneInfo, now: datetime) -> datetime:
    """Return the daily hour of the next day: what happened on one day becomes known at one moment."""
    tomorrow = now.astimezone(zone) + timedelta(days=1)
    return tomorrow.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)


class Topic(models.TextChoices):
    """One line of the page "Emails you get"."""

    NEW_SIGNATURES = "new_signatures", _("New signatures")
    FIRST_SIGNATORIES = "first_signatories", _("First signatories who signed")
    GOAL = "goal", _("A letter reached its goal")
    REVIEW = "review", _("Signatures are waiting for review")
    SCHEDULED = "scheduled", _("A scheduled letter was published, or could not be published")
    CLEARED = "cleared", _("The people who run this site have reviewed your collective, or a letter")
    UPDATE_COPY = "update_copy", _("A copy of each update to signers")
    MOVES = "moves", _("A letter is offered to another collective, or moves")
    SHIELD = "shield", _("The shield of a letter is up against a wave of signatures")
    WEBHOOK_OFF = "webhook_off", _("A webhook was switched off, because nothing arrived")
    DELETION = "deletion", _("Data about signers will soon be deleted")
    COLLECTIVES_WAIT = "collectives_wait", _("Collectives are waiting for review")
    REPORTS_WAIT = "reports_wait", _("Reports, appeals or letters are waiting for a moderator of the site")


@dataclass(frozen=True)
class TopicRules:
    # The roles of the members who get it; empty means staff, or the moderators of the site.
    roles: Collection[str]
    # Whether people get it by default.
    is_on: bool = True
    is_for_moderators: bool = False


EVERY_ROLE = list(Membership.Role)
TOPICS: Mapping[Topic, TopicRules] = {
    Topic.NEW_SIGNATURES: TopicRules(EVERY_ROLE),
    Topic.FIRST_SIGNATORIES: TopicRules(WRITING),
    Topic.GOAL: TopicRules(WRITING),
    Topic.REVIEW: TopicRules(MODERATING),
    Topic.SCHEDULED: TopicRules(WRITING),
    Topic.CLEARED: TopicRules(WRITING),
    Topic.UPDATE_COPY: TopicRules(WRITING),
    Topic.MOVES: TopicRules(OWNING),
    Topic.SHIELD: TopicRules(EVERY_ROLE),
    Topic.WEBHOOK_OFF: TopicRules(OWNING),
    Topic.DELETION: TopicRules(WRITING),
    Topic.COLLECTIVES_WAIT: TopicRules([]),
    Topic.REPORTS_WAIT: TopicRules([], is_for_moderators=True),
}
# Staff get emails about collectives if they may see them in the admin.
STAFF_PERMISSION = "view_collective"


class NotificationKind(models.TextChoices):
    """One kind of email, with one or more topics."""

    DAILY = "daily", "The daily email about a collective's letters"
    PUBLISHED = "published", "A scheduled letter was published"
    NOT_PUBLISHED = "not_published", "A scheduled letter could not be published"
    CLEARED = "cleared", "Staff cleared a collective"
    LETTER_REVIEWED = "letter_reviewed", "A site moderator looked at a text that waited"
    UPDATE_COPY = "update_copy", "Copy of an update"
    LETTER_OFFERED = "letter_offered", "A letter is offered to another collective"
    OFFER_ANSWERED = "offer_answered", "A letter moved, or another collective declined it"
    SHIELD = "shield", "The shield of a letter is up"
    WEBHOOK_OFF = "webhook_off", "A webhook was switched off"
    DELETION = "deletion", "Data about the signers of a letter will soon be deleted"
    COLLECTIVES_WAIT = "collectives_wait", "Collectives wait for staff"
    REPORTS_WAIT = "reports_wait", "Reports or appeals wait for moderators of the site"


TOPICS_OF: Mapping[NotificationKind, tuple[Topic, ...]] = {
    NotificationKind.DAILY: (Topic.NEW_SIGNATURES, Topic.FIRST_SIGNATORIES, Topic.GOAL, Topic.REVIEW),
    NotificationKind.PUBLISHED: (Topic.SCHEDULED,),
    NotificationKind.NOT_PUBLISHED: (Topic.SCHEDULED,),
    NotificationKind.CLEARED: (Topic.CLEARED,),
    NotificationKind.LETTER_REVIEWED: (Topic.CLEARED,),
    NotificationKind.UPDATE_COPY: (Topic.UPDATE_COPY,),
    NotificationKind.LETTER_OFFERED: (Topic.MOVES,),
    NotificationKind.OFFER_ANSWERED: (Topic.MOVES,),
    NotificationKind.SHIELD: (Topic.SHIELD,),
    NotificationKind.WEBHOOK_OFF: (Topic.WEBHOOK_OFF,),
    NotificationKind.DELETION: (Topic.DELETION,),
    NotificationKind.COLLECTIVES_WAIT: (Topic.COLLECTIVES_WAIT,),
    NotificationKind.REPORTS_WAIT: (Topic.REPORTS_WAIT,),
}
