"""A work list for each way to claim mail, built beside the living table; then the one list of all mail goes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

OWED = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True)
BULK = ["reminder", "invited", "carry_over", "update"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0024_write_to_signers")]

    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index("next_attempt_at", name="delivery_owed_at_once", condition=OWED & ~Q(kind__in=BULK)),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                "next_attempt_at",
                name="delivery_owed_later",
                condition=OWED & Q(kind__in=BULK, update__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                "update",
                "next_attempt_at",
                name="delivery_owed_of_update",
                condition=OWED & Q(update__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index("update", name="delivery_of_update", condition=Q(update__isnull=False)),
        ),
        RemoveIndexConcurrently("delivery", "delivery_owed"),
    ]
