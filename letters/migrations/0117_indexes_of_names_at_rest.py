"""Indexes of words that only organizers may read. They are small, or empty at first, and can be made on a live site."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0116_names_at_rest")]

    operations = [
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.F("id"),
                condition=models.Q(
                    ("display", "organizers"),
                    ("state__in", ["confirmed", "held", "published", "rejected"]),
                    models.Q(("entrusted__isnull", False), models.Q(("name", ""), _negated=True), _connector="OR"),
                ),
                name="signature_for_organizers",
            ),
        ),
        RemoveIndexConcurrently(model_name="signature", name="signature_entrusted"),
        AddIndexConcurrently(
            model_name="signature",
            index=django.contrib.postgres.indexes.GinIndex(
                models.F("entrusted_keys"),
                condition=models.Q(("entrusted_keys__isnull", False), ("state__in", ["held", "published", "rejected"])),
                name="signature_entrusted_keys",
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("display", "organizers"), models.Q(("name", ""), _negated=True)),
                name="signature_to_encrypt",
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("id"),
                condition=models.Q(
                    ("pending_changes__isnull", False),
                    ("declined_changes__isnull", False),
                    ("replaced_words__isnull", False),
                    _connector="OR",
                ),
                name="signature_with_changes",
            ),
        ),
    ]
