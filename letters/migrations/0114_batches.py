"""Signatures without a public name are counted in batches. Letters are few, so nothing waits long for a lock."""

from django.db import migrations, models

# What pages show stays what it was.
SHOW = """
UPDATE letters_letter
SET shown_awaiting_confirmation = awaiting_confirmation, shown_awaiting_review = awaiting_review
WHERE awaiting_confirmation > 0 OR awaiting_review > 0
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0117_indexes_of_names_at_rest")]

    operations = [
        migrations.AddField("letter", "batch_size", models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField("letter", "batch_due_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField(
            "letter", "shown_awaiting_confirmation", models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("letter", "shown_awaiting_review", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.RunSQL(SHOW, migrations.RunSQL.noop),
    ]
