"""Indexes of signatures that name nobody yet. They are empty at first, and can be made on a live site."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0094_sealed_names")]

    operations = [
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"), models.F("id"), condition=models.Q(("state", "sealed")), name="signature_sealed"
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("id"), condition=models.Q(("sealed__isnull", False)), name="signature_with_sealed_words"
            ),
        ),
    ]
