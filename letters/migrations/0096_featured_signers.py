"""Signers whom a letter features, with their consent: a new table, and a column with a constant default."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0095_indexes_of_sealed_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="featured",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveIntegerField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
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
                    ("decided", "A moderator has decided about your signature"),
                    ("update_copy", "Copy of an update, for an organizer"),
                    ("name_report", "Confirm a report by the person whom a signature names"),
                    ("address_proof", "Code for an address with which a signer answers a question"),
                    ("release", "Enough people have signed, and names will appear"),
                    ("unreached", "Too few people have signed, and everything is deleted"),
                    ("feature", "The organizers ask whether they may feature your name"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="Featuring",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("", "Not answered"), ("yes", "Agreed"), ("no", "Declined")],
                        db_default="",
                        default="",
                        max_length=3,
                    ),
                ),
                ("reaches_at", models.DateTimeField(blank=True, null=True)),
                ("passed_on_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="featuring", to="letters.signature"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("reaches_at"),
                        condition=models.Q(("passed_on_at__isnull", True), ("reaches_at__isnull", False)),
                        name="featuring_to_pass_on",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["", "yes", "no"])), name="featuring_answer_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("passed_on_at__isnull", True), ("reaches_at__isnull", True)),
                            models.Q(models.Q(("answer", ""), _negated=True), ("reaches_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="featuring_answered_says_when",
                    ),
                ],
            },
        ),
    ]
