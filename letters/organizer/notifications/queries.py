"""Read who gets a notification, in which language and about which topics, and what staff still have to review."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from letters.base.accounts.queries import reachable
from letters.models import (
    STAFF_PERMISSION,
    TOPICS,
    TOPICS_OF,
    Collective,
    EmailChoices,
    Letter,
    LetterReview,
    Notification,
    NotificationKind,
    OutgoingEmail,
    Report,
    TakeDown,
    Topic,
    User,
)
from letters.shared.tokens import read_dated_handle

# Upper bounds on what one run of a task does, and on what one email names.
MAX_SPREAD = 1000
MAX_RECIPIENTS = 1000
MAX_NAMED = 20
# The lifetime of the link that switches off one kind of email. Security: a person who finds an old email cannot use its
# link. Laws require at least 30 days.
OFF_LINK_LIFETIME = timedelta(days=90)


@dataclass(frozen=True)
class Recipient:
    """A person to whom a notification is about to be sent."""

    account: User
    notification: Notification
    # The topics that they want to read about in it.
    topics: list[Topic]
    # BCP 47.
    language: str
    # The current time.
    at: datetime


def topics_for(account: User) -> list[Topic]:
    """Return the topics that this person can get emails about, with the roles that they have now."""
    roles = set(account.memberships.values_list("role", flat=True))
    of_site = {flag: _of_site(for_moderators=flag).filter(pk=account.pk).exists() for flag in (False, True)}
    return [
        topic
        for topic, rules in TOPICS.items()
        if roles.intersection(rules.roles) or (not rules.roles and of_site[rules.is_for_moderators])
    ]


def choices_of(account: User) -> EmailChoices:
    """Return what the person has chosen; without a choice, an unsaved row."""
    return EmailChoices.objects.filter(pk=account.pk).first() or EmailChoices(account=account)


def recipients_of(notification: Notification) -> list[User]:
    """Return the people who get a notification if they want it: at a verified address, and with a role for it now."""
    topics = _topics(notification)
    if notification.collective_id is None:
        people = _people_of_site(notification)
    else:
        roles = {role for topic in topics for role in TOPICS[topic].roles}
        of_collective = {"memberships__collective": notification.collective_id, "memberships__role__in": roles}
        people = reachable().filter(**of_collective)
    wanting = people.select_related("email_choices").distinct().order_by("pk")[:MAX_RECIPIENTS]
    return [each for each in wanting if _choices(each).wanted(topics)]


def recipient_of(outgoing: OutgoingEmail, *, now: datetime) -> Recipient | None:
    """Return the recipient; None if they have lost the role, their address or their account, or do not want it.

    Race: check this when the email leaves, because all of it can change while the email waits.
    """
    about = Notification.objects.select_related("collective", "letter", "update", "move__letter")
    notification = about.filter(pk=outgoing.notification_id or 0).first()
    if notification is None:
        return None
    people = _people_of_site(notification) if notification.collective_id is None else reachable()
    account = people.select_related("email_choices").filter(pk=outgoing.account_id or 0).first()
    topics = _choices(account).wanted(_allowed(account, notification)) if account else []
    if account is None or not topics:
        return None
    return Recipient(account, notification, topics, _language(account, notification), now)


def _topics(notification: Notification) -> Iterable[Topic]:
    return TOPICS_OF[NotificationKind(notification.kind)]


def _allowed(account: User, notification: Notification) -> list[Topic]:
    """Return the topics of the notification that the person's role in the collective may read about."""
    if notification.collective_id is None:
        return list(_topics(notification))
    role = account.memberships.filter(collective=notification.collective_id).values_list("role", flat=True).first()
    return [topic for topic in _topics(notification) if role in TOPICS[topic].roles]


def _choices(account: User) -> EmailChoices:
    found: EmailChoices | None = getattr(account, "email_choices", None)
    return found or EmailChoices(account=account)


def _language(account: User, notification: Notification) -> str:
    """Return the language that the person chose; otherwise that of the letter, which every member can read."""
    if notification.letter:
        return account.language_of_emails(notification.letter.language)
    collective = notification.collective
    return account.language_of_emails(collective.language_of_emails() if collective else settings.LANGUAGE_CODE)


def _people_of_site(notification: Notification) -> "QuerySet[User]":
    return _of_site(for_moderators=any(TOPICS[topic].is_for_moderators for topic in _topics(notification)))


def _of_site(*, for_moderators: bool) -> "QuerySet[User]":
    """Select the moderators of the site, or staff who may see collectives in the admin."""
    if for_moderators:
        return reachable().filter(moderates_site=True)
    allowed = Permission.objects.filter(codename=STAFF_PERMISSION, content_type__app_label="letters")
    granted = Q(user_permissions__in=allowed) | Q(groups__permissions__in=allowed) | Q(is_superuser=True)
    return reachable().filter(granted, is_staff=True).distinct()


def to_spread() -> list[int]:
    """Return the notifications whose emails do not exist yet, the oldest first."""
    waiting = Notification.objects.filter(spread_at=None).order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:MAX_SPREAD])


def reviews_to_tell() -> list[int]:
    """Return the decisions about texts that waited of which the organizers do not know, the oldest first."""
    decided = LetterReview.objects.filter(outcome__in=["fine", "sent_back"], is_before=True, told_at=None)
    return list(decided.order_by("pk").values_list("pk", flat=True)[:MAX_SPREAD])


def decided_review(letter: Letter) -> LetterReview | None:
    """Return the newest decision about a text that waited; None if a newer text waits since."""
    newest = LetterReview.objects.filter(letter=letter, is_before=True).order_by("-pk").first()
    return newest if newest and newest.outcome in {"fine", "sent_back"} else None


@dataclass(frozen=True)
class Untold:
    """A collective with letters, and the end of the last day that its members were told about."""

    collective_id: int
    timezone: str
    told_until: datetime | None


def collectives_to_tell(before: datetime) -> Iterable[Untold]:
    """Yield the collectives with letters whose members were not told about anything after `before`."""
    has_letters = Exists(Letter.objects.filter(collective=OuterRef("pk"), binned_at=None))
    old = Collective.objects.filter(has_letters, Q(told_until=None) | Q(told_until__lte=before)).order_by("pk")
    return (Untold(*row) for row in old.values_list("pk", "timezone", "told_until").iterator())


def last_of(kind: NotificationKind) -> Notification | None:
    """Return the last notification that told staff, or the moderators of the site, what waits for them."""
    return Notification.objects.filter(kind=kind).order_by("-ends_at").first()


class ForModerators(NamedTuple):
    """The numbers of letters with reports, of appeals, and of texts of letters, that wait for a decision."""

    reports: int
    appeals: int
    texts: int


def waits_for_moderators() -> ForModerators:
    letters = Letter.objects.public().exclude(status=Letter.Status.TAKEN_DOWN)
    reported = Report.objects.filter(OPEN_REPORT, letter__in=letters)
    return ForModerators(
        reports=reported.values("letter").distinct().count(),
        appeals=TakeDown.objects.filter(OPEN_APPEAL).count(),
        texts=LetterReview.objects.waiting().count(),
    )


def is_new_for_moderators(begins: datetime | None, ends: datetime) -> bool:
    """Tell whether a report, an appeal or a text to review came in between."""
    since = begins or datetime.min.replace(tzinfo=UTC)
    reports = Report.objects.filter(OPEN_REPORT, reported_at__gt=since, reported_at__lte=ends)
    appeals = TakeDown.objects.filter(OPEN_APPEAL, appealed_at__gt=since, appealed_at__lte=ends)
    texts = LetterReview.objects.waiting().filter(asked_at__gt=since, asked_at__lte=ends)
    return reports.exists() or appeals.exists() or texts.exists()


OPEN_REPORT = Q(outcome="", signature__isnull=True)
OPEN_APPEAL = Q(restored_at__isnull=True, appealed_at__isnull=False, outcome="")


def collectives_waiting(begins: datetime | None, ends: datetime) -> "QuerySet[Collective]":
    """Select the collectives that staff have not reviewed: new ones, and those that ask to invite again."""
    since = Q(created_at__gt=begins) if begins else Q()
    asked = Q(asked_to_invite_at__gt=begins) if begins else Q(asked_to_invite_at__isnull=False)
    new = Q(cleared_at=None, created_at__lte=ends) & since if settings.CLEAR_COLLECTIVES_FIRST else Q(pk__in=[])
    return Collective.objects.filter(new | (asked & Q(asked_to_invite_at__lte=ends))).order_by("pk")


def account_of(kind: str, token: str, *, now: datetime) -> User | None:
    """Return the owner of a link that switches off this kind of email; None if it is invalid or too old."""
    found = read_dated_handle(purpose_of(kind), token) if kind in NotificationKind.values else None
    if found is None or now - found.made_at > OFF_LINK_LIFETIME:
        return None
    return User.objects.filter(pk=found.thing_id, is_active=True).first()


def purpose_of(kind: str) -> str:
    """Return the purpose of the token in a link that switches off one kind of email."""
    return f"emails off:{kind}"
