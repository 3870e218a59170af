"""Second opinions about decisions of moderators, and the error rate of the site. Both tables are new and empty."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0070_public_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErrorRate",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("checked", models.PositiveIntegerField()),
                ("wrong", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="error_rate_once"),
                    models.CheckConstraint(
                        condition=models.Q(("wrong__lte", models.F("checked"))), name="error_rate_is_a_share"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(max_length=16)),
                ("drawn_at", models.DateTimeField()),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("", "None"), ("accept", "Would accept"), ("reject", "Would reject")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("disagrees", models.BooleanField(default=False)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("right", "The decision was right"),
                            ("wrong", "The decision was wrong"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="second_opinion",
                        to="letters.reviewdecision",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="letters.letter"
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="letters.signature"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["", "accept", "reject"])), name="second_opinion_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True), ("disagrees", False)),
                            models.Q(("answer__gt", ""), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="second_opinion_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("verdict", "")),
                            models.Q(
                                ("disagrees", True), ("settled_at__isnull", False), ("verdict__in", ["right", "wrong"])
                            ),
                            _connector="OR",
                        ),
                        name="second_opinion_settles_a_disagreement",
                    ),
                ],
            },
        ),
    ]
