"""A bin for drafts of updates. Every step can run while the site is in use."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

IN_BIN = "update_in_bin_is_a_draft"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0048_collective_replies")]

    operations = [
        migrations.AddField("update", "binned_at", models.DateTimeField(blank=True, null=True)),
        AddConstraintNotValid(
            "update",
            models.CheckConstraint(condition=Q(binned_at__isnull=True) | Q(state="draft"), name=IN_BIN),
        ),
        ValidateConstraint("update", IN_BIN),
    ]
