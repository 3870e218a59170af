"""Files of organizers move into the database: a new table.

Files of the earlier release stay where they are until the worker deletes them, within minutes. Their rows say that they
are deleted, and people ask for them again: a file lasts a day at most.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0099_emails_of_organisations"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempt", models.PositiveSmallIntegerField()),
                ("place", models.PositiveIntegerField()),
                ("size", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="letters.export",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("export"), models.F("attempt"), models.F("place"), name="export_part_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            "UPDATE letters_export SET file_name = '' WHERE file_name <> ''",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
