"""The review queue: claims, decisions, and how likely a signature is not genuine. Each step can run on a live site."""

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

    dependencies = [
        ("letters", "0052_notes_in_languages"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewClaim",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="claim",
                        serialize=False,
                        to="letters.signature",
                    ),
                ),
                ("until", models.DateTimeField()),
                ("is_on_hold", models.BooleanField(db_default=False, default=False)),
            ],
        ),
        migrations.CreateModel(
            name="ReviewDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("decided_at", models.DateTimeField()),
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
                (
                    "state_before",
                    models.CharField(
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
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "concern_before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("disposable", "Disposable email address"),
                            ("unproven", "Signed without the browser check"),
                            ("bounced", "Email to this address bounced"),
                            ("complained", "The owner of the address reported our email as spam"),
                            ("changed", "Changed by the signer after a moderator accepted it"),
                            ("domain", "One of very many signatures from the same email domain"),
                            ("recheck", "Taken off the list until a moderator decides again"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_concern_known",
        ),
        migrations.AddField(
            model_name="signature",
            name="risk",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="user",
            name="moderates_site",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="signature",
            name="concern",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("disposable", "Disposable email address"),
                    ("unproven", "Signed without the browser check"),
                    ("bounced", "Email to this address bounced"),
                    ("complained", "The owner of the address reported our email as spam"),
                    ("changed", "Changed by the signer after a moderator accepted it"),
                    ("domain", "One of very many signatures from the same email domain"),
                    ("recheck", "Taken off the list until a moderator decides again"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.OrderBy(models.F("risk"), descending=True),
                models.F("confirmed_at"),
                models.F("id"),
                condition=models.Q(
                    ("confirmed_at__isnull", False),
                    models.Q(
                        ("state", "held"),
                        models.Q(("state", "published"), models.Q(("concern", ""), _negated=True)),
                        models.Q(("concern", "recheck"), ("state", "rejected")),
                        _connector="OR",
                    ),
                ),
                name="signature_queue",
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.OrderBy(models.F("risk"), descending=True),
                models.F("confirmed_at"),
                models.F("id"),
                condition=models.Q(
                    ("confirmed_at__isnull", False),
                    models.Q(
                        ("state", "held"),
                        models.Q(("state", "published"), models.Q(("concern", ""), _negated=True)),
                        models.Q(("concern", "recheck"), ("state", "rejected")),
                        _connector="OR",
                    ),
                ),
                name="signature_queue_of_site",
            ),
        ),
        RemoveIndexConcurrently(
            model_name="signature",
            name="signature_doubtful",
        ),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "concern__in",
                        ["", "disposable", "unproven", "bounced", "complained", "changed", "domain", "recheck"],
                    )
                ),
                name="signature_concern_known",
            ),
        ),
        ValidateConstraint("signature", "signature_concern_known"),
        migrations.AddField(
            model_name="reviewclaim",
            name="moderator",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="decided_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="letter",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="letters.letter"
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="signature",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="decisions",
                to="letters.signature",
            ),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="reviewclaim",
            index=models.Index(models.F("until"), name="review_claim_ends"),
        ),
        migrations.AddIndex(
            model_name="reviewdecision",
            index=models.Index(
                models.F("signature"),
                models.OrderBy(models.F("id"), descending=True),
                name="review_decision_of_signature",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewdecision",
            index=models.Index(models.F("letter"), models.F("decided_at"), name="review_decision_of_letter"),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb__in", ["accept", "reject", "decline", "hold"])), name="review_decision_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__gt", ""), ("verb__in", ["reject", "decline"])),
                    models.Q(("reason", ""), ("verb__in", ["accept", "hold"])),
                    _connector="OR",
                ),
                name="review_decision_rejects_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="review_decision_undone_says_by_whom",
            ),
        ),
    ]
