"""Exports: files that somebody of a collective has asked for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0022_find_signatures_by_their_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signatures", "Published signatures"),
                            ("contacts", "Addresses of those who agreed to be written to"),
                        ],
                        max_length=10,
                    ),
                ),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)")], max_length=4)),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("reached", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=100)),
                ("file_name", models.CharField(blank=True, max_length=100)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
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
                        related_name="exports",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("letter"), models.OrderBy(models.F("id"), descending=True), name="export_of_a_letter"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["signatures", "contacts"])), name="export_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "xlsx"])), name="export_format_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("finished_at__isnull", True), ("failed_at__isnull", True), _connector="OR"),
                        name="export_ends_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("failed_at__isnull", True), ("finished_at__isnull", True)),
                        fields=("letter", "kind", "format"),
                        name="export_once_at_a_time",
                    ),
                ],
            },
        ),
    ]
