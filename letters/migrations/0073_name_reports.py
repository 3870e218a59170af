"""Reports by people whose names are on a list. The new table is empty, and the others are changed without a long lock."""

import django.db.models.deletion
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

REASONS = [
    ("illegal", "Illegal content"),
    ("rules", "Against the rules of the site"),
    ("not_a_person", "Not a person"),
    ("someone_else", "Another person's name"),
    ("abuse", "Insult or advertisement"),
    ("twice", "Signed more than once"),
    ("named", "The person named says that they did not sign"),
]
KINDS = [
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
    ("name_report", "Confirm a report by the person whom a signature names"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0072_letter_reviews"),
    ]

    operations = [
        migrations.CreateModel(
            name="NameReport",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="by_named",
                        serialize=False,
                        to="letters.report",
                    ),
                ),
                ("domain", models.CharField(blank=True, db_default="", default="", max_length=253)),
                ("address", models.BinaryField(blank=True, null=True)),
                ("address_hash", models.BinaryField(blank=True, max_length=32, null=True)),
                ("language", models.CharField(max_length=12)),
                ("confirmed_at", models.DateTimeField()),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="name_reports",
                        to="letters.signature",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("confirmed_at"), name="name_report_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("signature", "address_hash"), name="name_report_once_an_address")
                ],
            },
        ),
        migrations.AlterField(
            model_name="report", name="reason", field=models.CharField(choices=REASONS, max_length=20)
        ),
        migrations.RemoveConstraint(model_name="report", name="report_reason_known"),
        AddConstraintNotValid(
            "report",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__in", ["illegal", "rules"]), ("signature__isnull", True)),
                    models.Q(
                        ("reason__in", ["not_a_person", "someone_else", "abuse", "twice", "named"]),
                        ("signature__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="report_reason_known",
            ),
        ),
        ValidateConstraint("report", "report_reason_known"),
        migrations.AlterField(
            model_name="outgoingemail", name="kind", field=models.CharField(choices=KINDS, max_length=20)
        ),
        # The new index before the old one goes, so that deleting never scans the table.
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("kind"),
                models.F("created_at"),
                condition=models.Q(
                    ("kind__in", ["signed_again", "requested", "reminder", "name_report"]),
                    ("dropped_at__isnull", False),
                    _connector="OR",
                ),
                name="email_forgettable",
            ),
        ),
        RemoveIndexConcurrently(model_name="outgoingemail", name="email_to_forget"),
    ]
