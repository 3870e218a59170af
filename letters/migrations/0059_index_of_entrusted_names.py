"""Find the names that only organizers see. The index is small and built beside a running site."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0058_site_pages"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.F("id"),
                condition=models.Q(
                    ("display", "organizers"),
                    ("state__in", ["confirmed", "held", "published", "rejected"]),
                    models.Q(("name", ""), _negated=True),
                ),
                name="signature_entrusted",
            ),
        ),
    ]
