"""Numbers by country and domain: a new table, and a column with a constant default."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0101_paper_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="breakdown_public",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="Breakdown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("country", "The country that they selected"),
                            ("domain", "The email domain that they show"),
                        ],
                        max_length=7,
                    ),
                ),
                ("shown", models.JSONField(default=list)),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("counted", models.PositiveIntegerField(default=0)),
                ("renewed_on", models.DateField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="breakdowns",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("letter", "kind"), name="breakdown_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["country", "domain"])), name="breakdown_kind_known"
                    ),
                ],
            },
        ),
    ]
