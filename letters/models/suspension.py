from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.collective import Collective


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def current(self) -> SuspensionQuerySet:
        """Select suspensions that nobody has ended."""
        return self.filter(ended_at=None)


class Suspension(models.Model):
    """A time in which an account or a collective can do nothing, because of what the people who run the site found.

    Rows are kept, so that staff can compare the next suspension with earlier ones.
    """

    # Exactly one of the two is set.
    collective = models.ForeignKey(
        Collective, on_delete=models.PROTECT, null=True, blank=True, related_name="suspensions"
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="suspensions"
    )
    # The people concerned read both reasons.
    reason = models.TextField(max_length=1000)
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.TextField(max_length=1000, blank=True)
    # When the people concerned were told of the beginning, and of the end.
    told_at = models.DateTimeField(null=True, blank=True)
    told_end_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Suspension]] = models.Manager.from_queryset(SuspensionQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(collective__isnull=True, account__isnull=False)
                | Q(collective__isnull=False, account__isnull=True),
                name="suspension_of_one",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="suspension_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="suspension_end_says_by_whom_and_why",
            ),
            # Race: if two people suspend at once, only one suspension is stored.
            models.UniqueConstraint(
                fields=["collective"], condition=Q(ended_at__isnull=True), name="suspension_of_collective_once"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="suspension_of_account_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Suspension {self.pk}"
