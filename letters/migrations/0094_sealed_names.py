"""Letters that name nobody until enough people have signed: columns without a value, and a new table.

Constraints are checked without a lock that stops signers.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0093_collective_domains"),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "letter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="release",
                        serialize=False,
                        to="letters.letter",
                    ),
                ),
                ("notice_hours", models.PositiveSmallIntegerField(default=72)),
                ("shown", models.PositiveIntegerField(default=0)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("announced", models.PositiveSmallIntegerField(default=0)),
                ("missed_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_published_has_a_number",
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_confirmed_says_when_and_how",
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_has_a_name",
        ),
        migrations.AddField(
            model_name="letter",
            name="named_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="names_from",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="signature",
            name="sealed",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="sealed",
            field=models.BinaryField(blank=True, null=True),
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
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="reviewdecision",
            name="state_before",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting for confirmation"),
                    ("confirmed", "Confirmed, waiting for its number"),
                    ("held", "Waiting for a moderator"),
                    ("published", "Published"),
                    ("rejected", "Removed by a moderator"),
                    ("withdrawn", "Withdrawn by its signer"),
                    ("expired", "Invited, and did not answer in time"),
                    ("disowned", "Disowned by the owner of the address"),
                    ("invited", "Invited, has not answered"),
                    ("declined", "Invited, and said no"),
                    ("sealed", "Confirmed, and not named until enough people have signed"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting for confirmation"),
                    ("confirmed", "Confirmed, waiting for its number"),
                    ("held", "Waiting for a moderator"),
                    ("published", "Published"),
                    ("rejected", "Removed by a moderator"),
                    ("withdrawn", "Withdrawn by its signer"),
                    ("expired", "Invited, and did not answer in time"),
                    ("disowned", "Disowned by the owner of the address"),
                    ("invited", "Invited, has not answered"),
                    ("declined", "Invited, and said no"),
                    ("sealed", "Confirmed, and not named until enough people have signed"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("names_from__isnull", True),
                    ("named_at__isnull", False),
                    ("status", "draft"),
                    models.Q(("closes_at__isnull", False), ("names_from__gte", 20), ("reviewed", False)),
                    _connector="OR",
                ),
                name="letter_sealed_has_an_end",
            ),
        ),
        ValidateConstraint("letter", "letter_sealed_has_an_end"),
        AddConstraintNotValid(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("named_at__isnull", True), ("names_from__isnull", False), _connector="OR"),
                name="letter_named_was_sealed",
            ),
        ),
        ValidateConstraint("letter", "letter_named_was_sealed"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "pending",
                            "confirmed",
                            "held",
                            "published",
                            "rejected",
                            "withdrawn",
                            "expired",
                            "disowned",
                            "invited",
                            "declined",
                            "sealed",
                        ],
                    )
                ),
                name="signature_state_known",
            ),
        ),
        ValidateConstraint("signature", "signature_state_known"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number__isnull", False), ("published_at__isnull", False), ("state", "published")),
                    ("state__in", ["withdrawn", "rejected", "disowned"]),
                    models.Q(
                        ("number__isnull", True),
                        ("state__in", ["pending", "confirmed", "held", "expired", "invited", "declined", "sealed"]),
                    ),
                    _connector="OR",
                ),
                name="signature_published_has_a_number",
            ),
        ),
        ValidateConstraint("signature", "signature_published_has_a_number"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at__isnull", True), ("state__in", ["pending", "expired", "invited", "declined"])
                    ),
                    ("state__in", ["withdrawn", "rejected", "disowned"]),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("state__in", ["confirmed", "held", "published", "sealed"]),
                        models.Q(("verified", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="signature_confirmed_says_when_and_how",
            ),
        ),
        ValidateConstraint("signature", "signature_confirmed_says_when_and_how"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True),
                    ("display", "nobody"),
                    ("state__in", ["withdrawn", "rejected", "disowned", "expired", "invited", "declined"]),
                    ("sealed__isnull", False),
                    _connector="OR",
                ),
                name="signature_has_a_name",
            ),
        ),
        ValidateConstraint("signature", "signature_has_a_name"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sealed__isnull", True),
                    models.Q(
                        ("affiliation", ""),
                        ("comment", ""),
                        ("country", ""),
                        ("domain", ""),
                        ("name", ""),
                        ("role", ""),
                        ("state__in", ["pending", "sealed"]),
                    ),
                    _connector="OR",
                ),
                name="signature_sealed_has_no_words",
            ),
        ),
        ValidateConstraint("signature", "signature_sealed_has_no_words"),
        AddConstraintNotValid(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sealed__isnull", True),
                    models.Q(
                        ("affiliation", ""),
                        ("comment", ""),
                        ("country", ""),
                        ("domain", ""),
                        ("name", ""),
                        ("role", ""),
                    ),
                    _connector="OR",
                ),
                name="submission_sealed_has_no_words",
            ),
        ),
        ValidateConstraint("submission", "submission_sealed_has_no_words"),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_hours__gte", 24), ("notice_hours__lte", 168)), name="release_notice_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("missed_at__isnull", True), ("due_at__isnull", True), _connector="OR"),
                name="release_or_deletion",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("missed_at__isnull", False), _connector="OR"),
                name="release_deleted_was_missed",
            ),
        ),
    ]
