from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.collective import Collective


class CollectiveName(models.Model):
    """The look of a collective's name as a key, so that no two collectives publish under names that look the same.

    Lock order: after letters. It is a table of its own because a publication locks a letter, and must not lock the row
    of the collective after that.
    """

    collective = models.OneToOneField(
        Collective, on_delete=models.CASCADE, primary_key=True, related_name="name_as_it_looks"
    )
    # See letters/shared/lookalikes.py.
    key = models.CharField(max_length=200)
    # When the collective first published a letter. Before that, others may use a name like it.
    claimed_at = models.DateTimeField(null=True, blank=True)
    # When a site moderator allowed this name although another collective has one like it; and who did. Nobody, if both
    # had published before the site compared names.
    allowed_at = models.DateTimeField(null=True, blank=True)
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            # Race: of two collectives that publish under one name at once, the database lets one.
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(claimed_at__isnull=False, allowed_at__isnull=True),
                name="collective_name_once",
            ),
            models.CheckConstraint(
                condition=Q(allowed_by__isnull=True) | Q(allowed_at__isnull=False),
                name="collective_name_allowed_says_when",
            ),
            models.CheckConstraint(condition=~Q(key=""), name="collective_name_has_a_key"),
        ]
        indexes = [
            models.Index("key", name="collective_name_claimed", condition=Q(claimed_at__isnull=False)),
            models.Index("allowed_at", name="collective_name_allowed", condition=Q(allowed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Name of collective {self.collective_id}"
