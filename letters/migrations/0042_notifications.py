"""Emails to organizers and staff about events, and which of them each person wants.

The new constraint and indexes of outgoing emails are created before the old ones are dropped, so that emails are never
claimed without an index.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0041_letter_restored_at")]

    operations = [
        migrations.AlterField(
            model_name="outgoingemail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "Confirm your signature"),
                    ("thanks", "You have signed"),
                    ("reminder", "Reminder to confirm a signature"),
                    ("signed_again", "You had signed already"),
                    ("requested", "The email or link that you asked for"),
                    ("invited", "Invitation to sign first"),
                    ("carry_over", "Question whether a signature carries over"),
                    ("update", "Update about a letter that you signed"),
                    ("team_invitation", "Invitation to join a collective"),
                    ("notification", "Email to an organizer or to staff about something that happened"),
                    ("update_copy", "Copy of an update, for an organizer"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="EmailChoices",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="email_choices",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("topics", models.JSONField(default=dict)),
                ("language", models.CharField(blank=True, default="", max_length=12)),
            ],
            options={
                "verbose_name_plural": "email choices",
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("daily", "The daily email about a collective's letters"),
                            ("published", "A scheduled letter was published"),
                            ("not_published", "A scheduled letter could not be published"),
                            ("cleared", "Staff cleared a collective"),
                            ("update_copy", "Copy of an update"),
                            ("collectives_wait", "Collectives wait for staff"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("begins_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("spread_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="collective",
            name="told_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="collective",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="letters.collective",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="letter",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="letters.letter",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="update",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="letters.update",
            ),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="notification",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="outgoing_emails",
                to="letters.notification",
            ),
        ),
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("next_attempt_at"),
                condition=models.Q(
                    ("dropped_at__isnull", True),
                    ("failed_at__isnull", True),
                    ("sent_at__isnull", True),
                    models.Q(
                        ("kind__in", ["reminder", "invited", "carry_over", "update", "notification", "update_copy"]),
                        _negated=True,
                    ),
                ),
                name="email_due_at_once",
            ),
        ),
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("next_attempt_at"),
                condition=models.Q(
                    ("dropped_at__isnull", True),
                    ("failed_at__isnull", True),
                    ("sent_at__isnull", True),
                    ("kind__in", ["reminder", "invited", "carry_over", "update", "notification", "update_copy"]),
                    ("update__isnull", True),
                ),
                name="email_due_later",
            ),
        ),
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("notification"),
                condition=models.Q(("notification__isnull", False)),
                name="email_of_a_notification",
            ),
        ),
        AddConstraintNotValid(
            model_name="outgoingemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", True), ("invitation__isnull", True), ("signature__isnull", False)),
                    models.Q(("account__isnull", True), ("invitation__isnull", False), ("signature__isnull", True)),
                    models.Q(
                        ("account__isnull", True),
                        ("invitation__isnull", True),
                        ("request__isnull", False),
                        ("signature__isnull", True),
                    ),
                    models.Q(
                        ("account__isnull", False),
                        ("invitation__isnull", True),
                        ("notification__isnull", False),
                        ("request__isnull", True),
                        ("signature__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="email_has_its_recipient",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                models.F("id"), condition=models.Q(("spread_at__isnull", True)), name="notification_to_spread"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(models.F("created_at"), name="notification_to_forget"),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("key",), name="notification_key_once"),
        ),
        ValidateConstraint("outgoingemail", "email_has_its_recipient"),
        migrations.RemoveConstraint("outgoingemail", "email_has_one_recipient"),
        RemoveIndexConcurrently("outgoingemail", "email_owed_at_once"),
        RemoveIndexConcurrently("outgoingemail", "email_owed_later"),
    ]
