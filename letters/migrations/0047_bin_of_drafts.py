"""A bin for drafts. Every step can run while the site is in use."""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

IN_BIN = "letter_in_bin_is_a_draft"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0046_reminder_asked")]

    operations = [
        migrations.AddField("letter", "binned_at", models.DateTimeField(blank=True, null=True)),
        AddConstraintNotValid(
            "letter",
            models.CheckConstraint(
                condition=Q(binned_at__isnull=True) | Q(status="draft", publish_at__isnull=True), name=IN_BIN
            ),
        ),
        ValidateConstraint("letter", IN_BIN),
        AddIndexConcurrently(
            "letter",
            models.Index(fields=["binned_at"], name="letter_in_bin", condition=Q(binned_at__isnull=False)),
        ),
    ]
