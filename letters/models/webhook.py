from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from letters.models.collective import Collective
from letters.models.letter import Letter


class Webhook(models.Model):
    """An address of another program, to which the site sends what happens with the public lists of a collective."""

    class Off(models.TextChoices):
        """Why it is switched off."""

        NO = "", "It is on"
        OWNER = "owner", "An owner switched it off"
        FAILING = "failing", "Nothing arrived for days"
        GONE = "gone", "The other program answered that it is gone"

    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    # Encrypted under ADDRESS_KEYS. The page shows it once, when it is made.
    secret = models.BinaryField()
    created_at = models.DateTimeField()
    off = models.CharField(max_length=10, choices=Off, default=Off.NO, db_default="", blank=True)
    # The first failure after which nothing has arrived.
    failing_since = models.DateTimeField(null=True, blank=True)
    # When a worker may take it next. A worker that has taken it extends this, so that another takes over if it dies;
    # after a failure, the other program gets a rest.
    not_before = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(off__in=["", "owner", "failing", "gone"]), name="webhook_off_known"),
        ]

    def __str__(self) -> str:
        return f"Webhook {self.pk}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def owed(self) -> WebhookDeliveryQuerySet:
        return self.filter(OWED)


OWED = Q(delivered_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True)


class WebhookDelivery(models.Model):
    """One message to a webhook. The transaction of its cause writes the row.

    Privacy: it holds no name. What the message says is read from the public list when it leaves.
    """

    class Kind(models.TextChoices):
        PUBLISHED = "published", "signature.published"
        WITHDRAWN = "withdrawn", "signature.withdrawn"
        COUNT = "count", "count.reached"
        TEST = "test", "webhook.test"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    # None for a test.
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # The sequence number of the signature, or the count that was reached.
    number = models.PositiveIntegerField(null=True, blank=True)
    # The `webhook-id`: the same for each attempt, so that the receiver notices a repetition.
    message_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField()
    # One of these says how it ended. Dropped: what it says is no longer so.
    delivered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    # The answer to the last attempt, or why there was none.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=20, default="", db_default="", blank=True)

    objects: ClassVar[models.Manager[WebhookDelivery]] = models.Manager.from_queryset(WebhookDeliveryQuerySet)()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="test", letter__isnull=True, number__isnull=True)
                | Q(kind__in=["published", "withdrawn", "count"], letter__isnull=False, number__isnull=False),
                name="webhook_delivery_says_about_what",
            ),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, dropped_at__isnull=True)
                | Q(delivered_at__isnull=True, dropped_at__isnull=True)
                | Q(delivered_at__isnull=True, failed_at__isnull=True),
                name="webhook_delivery_ends_once",
            ),
            # A count that falls and rises again is reached once.
            models.UniqueConstraint(
                fields=["webhook", "letter", "number"], condition=Q(kind="count"), name="webhook_count_reached_once"
            ),
        ]
        indexes = [
            models.Index("webhook", "next_attempt_at", "id", name="webhook_delivery_due", condition=OWED),
            models.Index("webhook", F("id").desc(), name="webhook_delivery_log"),
            models.Index("created_at", name="webhook_delivery_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_owed(self) -> bool:
        return not (self.delivered_at or self.failed_at or self.dropped_at)
