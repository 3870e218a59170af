"""Updates and answers. The new column of deliveries is null in every row, which PostgreSQL knows without a look at one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

STATES = [
    ("draft", "Draft"),
    ("sending", "Being sent"),
    ("paused", "Paused"),
    ("sent", "Sent"),
    ("stopped", "Stopped"),
]


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def author() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)


class Migration(migrations.Migration):
    dependencies = [("letters", "0023_files_that_organizers_ask_for")]

    operations = [
        migrations.CreateModel(
            "Update",
            fields=[
                ("id", key()),
                ("language", models.CharField(max_length=12)),
                ("title", models.CharField(max_length=150)),
                ("body", models.TextField(max_length=30_000)),
                ("html", models.TextField()),
                ("is_public", models.BooleanField(default=True)),
                ("state", models.CharField(choices=STATES, default="draft", max_length=10)),
                ("created_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("spread_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("up_to", models.PositiveIntegerField(default=0)),
                ("cursor", models.PositiveIntegerField(default=0)),
                ("recipients_total", models.PositiveIntegerField(default=0)),
                ("owed_count", models.PositiveIntegerField(default=0)),
                ("sent_count", models.PositiveIntegerField(default=0)),
                ("failed_count", models.PositiveIntegerField(default=0)),
                ("tallied_at", models.DateTimeField(blank=True, null=True)),
                ("unsubscribed_count", models.PositiveIntegerField(default=0)),
                ("author", author()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="updates", to="letters.letter"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["draft", "sending", "paused", "sent", "stopped"]),
                        name="update_state_known",
                    ),
                    models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="update_is_not_empty"),
                    models.CheckConstraint(
                        condition=Q(state="draft", began_at__isnull=True)
                        | (~Q(state="draft") & Q(began_at__isnull=False)),
                        name="update_begun_says_when",
                    ),
                ],
                "indexes": [
                    models.Index(
                        "began_at",
                        name="update_under_way",
                        condition=Q(began_at__isnull=False, ended_at__isnull=True),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Answer",
            fields=[
                ("id", key()),
                ("respondent", models.CharField(max_length=200)),
                ("answered_on", models.DateField()),
                ("language", models.CharField(max_length=12)),
                ("body", models.TextField(max_length=30_000)),
                ("html", models.TextField()),
                ("link", models.URLField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("changed_because", models.CharField(blank=True, max_length=500)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("author", author()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="letters.letter"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~Q(respondent="") & ~Q(body=""), name="answer_is_not_empty"),
                    models.CheckConstraint(
                        condition=Q(changed_because="", changed_at__isnull=True)
                        | (~Q(changed_because="") & Q(changed_at__isnull=False)),
                        name="answer_changed_says_when",
                    ),
                ],
                "indexes": [
                    models.Index(
                        "letter",
                        F("answered_on").desc(),
                        name="answer_published",
                        condition=Q(published_at__isnull=False),
                    ),
                ],
            },
        ),
        migrations.AddField(
            "delivery",
            "update",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="letters.update",
            ),
        ),
    ]
