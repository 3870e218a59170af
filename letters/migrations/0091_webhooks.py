"""Webhooks and their messages: new tables, so nothing waits for a lock."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0090_appeals_at_the_console"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("daily", "The daily email about a collective's letters"),
                    ("published", "A scheduled letter was published"),
                    ("not_published", "A scheduled letter could not be published"),
                    ("cleared", "Staff cleared a collective"),
                    ("letter_reviewed", "A site moderator looked at a text that waited"),
                    ("update_copy", "Copy of an update"),
                    ("letter_offered", "A letter is offered to another collective"),
                    ("offer_answered", "A letter moved, or another collective declined it"),
                    ("shield", "The shield of a letter is up"),
                    ("webhook_off", "A webhook was switched off"),
                    ("collectives_wait", "Collectives wait for staff"),
                    ("reports_wait", "Reports or appeals wait for moderators of the site"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(max_length=500)),
                ("secret", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                (
                    "off",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "It is on"),
                            ("owner", "An owner switched it off"),
                            ("failing", "Nothing arrived for days"),
                            ("gone", "The other program answered that it is gone"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("not_before", models.DateTimeField()),
                (
                    "collective",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="webhooks", to="letters.collective"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("published", "signature.published"),
                            ("withdrawn", "signature.withdrawn"),
                            ("count", "count.reached"),
                            ("test", "webhook.test"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("error", models.CharField(blank=True, db_default="", default="", max_length=20)),
                (
                    "letter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="letters.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(("off__in", ["", "owner", "failing", "gone"])), name="webhook_off_known"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                models.F("webhook"),
                models.F("next_attempt_at"),
                models.F("id"),
                condition=models.Q(
                    ("delivered_at__isnull", True), ("dropped_at__isnull", True), ("failed_at__isnull", True)
                ),
                name="webhook_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                models.F("webhook"), models.OrderBy(models.F("id"), descending=True), name="webhook_delivery_log"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(models.F("created_at"), name="webhook_delivery_to_forget"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "test"), ("letter__isnull", True), ("number__isnull", True)),
                    models.Q(
                        ("kind__in", ["published", "withdrawn", "count"]),
                        ("letter__isnull", False),
                        ("number__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="webhook_delivery_says_about_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dropped_at__isnull", True), ("failed_at__isnull", True)),
                    models.Q(("delivered_at__isnull", True), ("dropped_at__isnull", True)),
                    models.Q(("delivered_at__isnull", True), ("failed_at__isnull", True)),
                    _connector="OR",
                ),
                name="webhook_delivery_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "count")),
                fields=("webhook", "letter", "number"),
                name="webhook_count_reached_once",
            ),
        ),
    ]
