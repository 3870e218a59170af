"""Indexes by time: for reminders that are due, and for the record of what signers did."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0004_room_for_encrypted_addresses")]

    operations = [
        AddIndexConcurrently(model_name="submission", index=models.Index("submitted_at", name="submission_to_remind")),
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(
                "collective",
                "at",
                name="audit_event_of_signers",
                condition=Q(("object_kind", "signature"), ~Q(("actor_kind", "user"))),
            ),
        ),
    ]
