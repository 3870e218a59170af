"""Appeals of signers against rejections: a new table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0067_key_of_each_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="RejectionAppeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(max_length=2000)),
                ("appealed_at", models.DateTimeField()),
                ("reaches_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not decided"),
                            ("upheld", "The signature stays rejected"),
                            ("reversed", "The signature was restored"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="appeal", to="letters.reviewdecision"
                    ),
                ),
                (
                    "rejected_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "settlement",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="settled_appeal",
                        to="letters.reviewdecision",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appeals",
                        to="letters.signature",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("signature"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="rejection_appeal_of_signature",
                    ),
                    models.Index(
                        models.F("reaches_at"),
                        condition=models.Q(("queued_at__isnull", True)),
                        name="rejection_appeal_to_queue",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="rejection_appeal_says_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("settled_by__isnull", True), ("settlement__isnull", True)),
                            models.Q(
                                ("outcome__in", ["upheld", "reversed"]),
                                ("queued_at__isnull", False),
                                ("settled_by__isnull", False),
                                ("settlement__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="rejection_appeal_settled_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_by__isnull", True),
                            models.Q(
                                models.Q(("settled_by", models.F("rejected_by")), _negated=True),
                                models.Q(
                                    ("approved_by__isnull", True),
                                    models.Q(("settled_by", models.F("approved_by")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="rejection_appeal_settled_by_another",
                    ),
                ],
            },
        ),
    ]
