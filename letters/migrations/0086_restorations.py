"""Restorations are decisions. The constraints of decisions are checked without a lock that stops moderators."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0085_limits_end"),
    ]

    operations = [
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
                    ("restore", "Put back into the review queue"),
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
                    ("restore", "Put back into the review queue"),
                ],
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb__in", ["accept", "reject", "decline", "hold", "ask", "restore"])),
                name="review_decision_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__gt", ""), ("verb__in", ["reject", "decline"])),
                    models.Q(("reason", ""), ("verb__in", ["accept", "hold", "ask", "restore"])),
                    _connector="OR",
                ),
                name="review_decision_rejects_for_a_reason",
            ),
        ),
        ValidateConstraint("reviewdecision", "review_decision_known"),
        ValidateConstraint("reviewdecision", "review_decision_rejects_for_a_reason"),
    ]
