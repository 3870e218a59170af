"""Questions to signers: a new table. The constraints of decisions are checked without a lock that stops moderators."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0079_audit_by_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignerQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("link", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("reaches_at", models.DateTimeField(blank=True, null=True)),
                ("queued_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="reviewdecision",
            name="review_decision_known",
        ),
        migrations.RemoveConstraint(
            model_name="reviewdecision",
            name="review_decision_rejects_for_a_reason",
        ),
        migrations.AlterField(
            model_name="bulkdecision",
            name="verb",
            field=models.CharField(
                choices=[
                    ("accept", "Accepted"),
                    ("reject", "Rejected"),
                    ("decline", "Kept the current words"),
                    ("hold", "Put on hold"),
                    ("ask", "Asked the signer for more"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="reviewdecision",
            name="verb",
            field=models.CharField(
                choices=[
                    ("accept", "Accepted"),
                    ("reject", "Rejected"),
                    ("decline", "Kept the current words"),
                    ("hold", "Put on hold"),
                    ("ask", "Asked the signer for more"),
                ],
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb__in", ["accept", "reject", "decline", "hold", "ask"])),
                name="review_decision_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__gt", ""), ("verb__in", ["reject", "decline"])),
                    models.Q(("reason", ""), ("verb__in", ["accept", "hold", "ask"])),
                    _connector="OR",
                ),
                name="review_decision_rejects_for_a_reason",
            ),
        ),
        ValidateConstraint("reviewdecision", "review_decision_known"),
        ValidateConstraint("reviewdecision", "review_decision_rejects_for_a_reason"),
        migrations.AddField(
            model_name="signerquestion",
            name="decision",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="question", to="letters.reviewdecision"
            ),
        ),
        migrations.AddField(
            model_name="signerquestion",
            name="signature",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="questions",
                to="letters.signature",
            ),
        ),
        migrations.AddIndex(
            model_name="signerquestion",
            index=models.Index(
                models.F("signature"),
                models.OrderBy(models.F("id"), descending=True),
                name="signer_question_of_signature",
            ),
        ),
        migrations.AddIndex(
            model_name="signerquestion",
            index=models.Index(
                models.F("reaches_at"),
                condition=models.Q(("queued_at__isnull", True), ("reaches_at__isnull", False)),
                name="signer_question_to_queue",
            ),
        ),
        migrations.AddConstraint(
            model_name="signerquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", True),
                        ("link", ""),
                        ("queued_at__isnull", True),
                        ("reaches_at__isnull", True),
                    ),
                    models.Q(
                        ("answered_at__isnull", False), ("link__startswith", "https://"), ("reaches_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="signer_question_answered_says_when",
            ),
        ),
    ]
