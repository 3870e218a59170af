"""Answers with a proven address. The new table is empty, and the constraint is checked without a long lock."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

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
    ("decided", "A moderator has decided about your signature"),
    ("update_copy", "Copy of an update, for an organizer"),
    ("name_report", "Confirm a report by the person whom a signature names"),
    ("address_proof", "Code for an address with which a signer answers a question"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0086_restorations"),
    ]

    operations = [
        migrations.AddField(
            model_name="signerquestion",
            name="domain",
            field=models.CharField(blank=True, db_default="", default="", max_length=253),
        ),
        migrations.CreateModel(
            name="AddressProof",
            fields=[
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="proof",
                        serialize=False,
                        to="letters.signerquestion",
                    ),
                ),
                ("email_id", models.BigIntegerField()),
                ("domain", models.CharField(max_length=253)),
                ("emails", models.PositiveSmallIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"indexes": [models.Index(models.F("email_id"), name="address_proof_of_email")]},
        ),
        migrations.AlterField(
            model_name="outgoingemail", name="kind", field=models.CharField(choices=KINDS, max_length=20)
        ),
        migrations.RemoveConstraint(model_name="signerquestion", name="signer_question_answered_says_when"),
        AddConstraintNotValid(
            model_name="signerquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", True),
                        ("domain", ""),
                        ("link", ""),
                        ("queued_at__isnull", True),
                        ("reaches_at__isnull", True),
                    ),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("domain", ""),
                        ("link__startswith", "https://"),
                        ("reaches_at__isnull", False),
                    ),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("domain__gt", ""),
                        ("link", ""),
                        ("reaches_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="signer_question_answered_says_when",
            ),
        ),
        ValidateConstraint("signerquestion", "signer_question_answered_says_when"),
    ]
