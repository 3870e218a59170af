from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.collective import Collective
from letters.models.letter import Letter
from letters.models.letter_move import LetterMove
from letters.models.notification_kinds import TOPICS, TOPICS_OF, NotificationKind, Topic
from letters.models.update import Update
from letters.models.user import User


class Notification(models.Model):
    """Something that happened, of which members of a collective or staff get an email. A worker creates the emails.

    The transaction of its cause writes the row. Who gets an email, and what it says, is decided when the email leaves.
    """

    Kind = NotificationKind

    kind = models.CharField(max_length=20, choices=NotificationKind)
    # The cause. Unique, so that one cause creates one notification however often it occurs.
    key = models.CharField(max_length=120)
    # None for staff.
    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    move = models.ForeignKey(
        LetterMove, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    update = models.ForeignKey(Update, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # The time of the event, or the end of the day that it is about.
    begins_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # When its emails were created.
    spread_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="notification_key_once")]
        indexes = [
            models.Index("id", name="notification_to_spread", condition=Q(spread_at__isnull=True)),
            models.Index("created_at", name="notification_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EmailChoicesManager(models.Manager["EmailChoices"]):
    def locked(self, account: User) -> EmailChoices:
        """Return the person's choices for writing. Race: two windows of one person wait for each other here."""
        self.get_or_create(account=account)
        return self.select_for_update(no_key=True).get(account=account)

    def switch_off(self, account: User, kind: NotificationKind) -> None:
        """Switch off everything that one kind of email is about. Idempotent. Call it in a transaction."""
        choices = self.locked(account)
        choices.topics |= dict.fromkeys((topic.value for topic in TOPICS_OF[kind]), False)
        choices.save()


class EmailChoices(models.Model):
    """The emails that an account holder wants, and their language. Without a row, the defaults in TOPICS apply."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_choices", primary_key=True
    )
    # {topic: whether they want it}, only for topics about which the person decided.
    topics = models.JSONField(default=dict)
    # A language of the interface; empty means the language of the letter.
    language = models.CharField(max_length=12, blank=True, default="")

    objects: ClassVar[EmailChoicesManager] = EmailChoicesManager()

    class Meta:
        verbose_name_plural = "email choices"

    def __str__(self) -> str:
        return f"Email choices of user {self.account_id}"

    def wants(self, topic: Topic) -> bool:
        return bool(self.topics.get(topic.value, TOPICS[topic].is_on))

    def wanted(self, topics: Iterable[Topic]) -> list[Topic]:
        return [topic for topic in topics if self.wants(topic)]
