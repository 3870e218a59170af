"""Bulk decisions of moderators. Each step can run on a live site."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0060_live_signals"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.CreateModel(
            name="BulkDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("accept", "Accepted"),
                            ("reject", "Rejected"),
                            ("decline", "Kept the current words"),
                            ("hold", "Put on hold"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("not_a_person", "Not a person"),
                            ("someone_else", "Another person's name"),
                            ("abuse", "Insult or advertisement"),
                            ("twice", "Signed more than once"),
                            ("other", "Another reason"),
                        ],
                        db_default="",
                        default="",
                        max_length=20,
                    ),
                ),
                ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("criteria", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for a second person"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("chosen", models.PositiveIntegerField()),
                ("decided", models.PositiveIntegerField(db_default=0, default=0)),
                ("passed_over", models.PositiveIntegerField(db_default=0, default=0)),
                ("undone", models.PositiveIntegerField(db_default=0, default=0)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bulk_decisions",
                        to="letters.letter",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="bulk",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="letters.bulkdecision",
            ),
        ),
        AddIndexConcurrently(
            model_name="reviewdecision",
            index=models.Index(
                models.F("bulk"),
                models.F("id"),
                condition=models.Q(("bulk__isnull", False), ("undone_at__isnull", True)),
                name="review_decision_of_bulk",
            ),
        ),
        migrations.AddField(
            model_name="bulktarget",
            name="bulk",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="targets",
                to="letters.bulkdecision",
            ),
        ),
        migrations.AddField(
            model_name="bulktarget",
            name="signature",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="letters.signature"
            ),
        ),
        migrations.AddIndex(
            model_name="bulkdecision",
            index=models.Index(
                models.F("letter"), models.OrderBy(models.F("id"), descending=True), name="bulk_decision_of_letter"
            ),
        ),
        migrations.AddIndex(
            model_name="bulkdecision",
            index=models.Index(
                models.F("state"),
                models.F("id"),
                condition=models.Q(("state__in", ["asked", "running", "undoing"])),
                name="bulk_decision_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__gt", ""), ("verb", "reject")),
                    models.Q(("reason", ""), ("verb", "accept")),
                    _connector="OR",
                ),
                name="bulk_decision_rejects_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "running", "paused", "done", "cancelled", "undoing", "undone"])
                ),
                name="bulk_decision_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="bulk_decision_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkdecision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "running", "paused", "undoing"])),
                fields=("letter",),
                name="bulk_decision_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="bulktarget",
            index=models.Index(models.F("bulk"), models.F("id"), name="bulk_target_of_decision"),
        ),
        migrations.AddConstraint(
            model_name="bulktarget",
            constraint=models.UniqueConstraint(fields=("signature", "bulk"), name="bulk_target_once"),
        ),
    ]
