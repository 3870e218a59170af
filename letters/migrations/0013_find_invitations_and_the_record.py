"""Built and checked beside the living tables."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0012_collectives_invite_and_keep_a_record")]

    operations = [
        ValidateConstraint("delivery", "delivery_has_one_recipient"),
        AddIndexConcurrently(
            "delivery",
            models.Index("invitation", name="delivery_of_an_invitation", condition=Q(invitation__isnull=False)),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                "collective",
                F("id").desc(),
                name="audit_event_of_a_collective",
                condition=Q(collective__isnull=False),
            ),
        ),
    ]
