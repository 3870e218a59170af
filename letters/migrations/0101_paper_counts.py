"""Signatures on paper: a new table, and a column with a constant default."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0100_export_parts"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="paper_count",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.CreateModel(
            name="PaperCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("counted_on", models.DateField()),
                ("counted_by", models.CharField(max_length=200)),
                ("kept_at", models.CharField(blank=True, max_length=500)),
                ("entered_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_because", models.CharField(blank=True, db_default="", default="", max_length=500)),
                (
                    "corrects",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrected_by",
                        to="letters.papercount",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="paper_counts",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("letter"), models.F("id"), name="paper_count_of_letter")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 10000000)), name="paper_count_in_bounds"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("counted_by", ""), _negated=True), name="paper_count_says_who"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hidden_at__isnull", True), ("hidden_because", "")),
                            models.Q(("hidden_at__isnull", False), models.Q(("hidden_because", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="paper_count_hidden_says_why",
                    ),
                ],
            },
        ),
    ]
