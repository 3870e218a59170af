"""Rules about signatures. The table is new and empty, so its foreign keys are checked at once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0068_rejection_appeals"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlockRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_of_site", models.BooleanField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("domain", "Email domain"),
                            ("address", "Email address"),
                            ("network", "Network of a burst"),
                            ("name", "Name"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        choices=[("hold", "Hold for a moderator"), ("allow", "Do not hold because of signals")],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(blank=True, db_default="", default="", max_length=253)),
                ("digest", models.BinaryField(blank=True, max_length=32, null=True)),
                ("reason", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("is_on", models.BooleanField(db_default=False, default=False)),
                ("tested", models.PositiveIntegerField(blank=True, null=True)),
                ("tested_of", models.PositiveIntegerField(db_default=0, default=0)),
                ("hits", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "collective",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="letters.collective",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="letters.letter",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("letter"),
                        models.F("collective"),
                        condition=models.Q(("is_on", True)),
                        name="block_rule_on",
                    ),
                    models.Index(models.F("ends_at"), name="block_rule_to_end"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("letter__isnull", True), ("collective__isnull", True), _connector="OR"),
                        name="block_rule_applies_somewhere",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_of_site", True),
                            ("letter__isnull", False),
                            ("collective__isnull", False),
                            _connector="OR",
                        ),
                        name="block_rule_of_all_is_of_site",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("digest__isnull", True),
                                ("kind__in", ["domain", "name"]),
                                models.Q(("text", ""), _negated=True),
                            ),
                            models.Q(("kind__in", ["address", "network"]), ("text", "")),
                            _connector="OR",
                        ),
                        name="block_rule_about_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "address"), _negated=True), ("is_of_site", True), _connector="OR"
                        ),
                        name="block_rule_of_address_is_of_site",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "network"), _negated=True), ("letter__isnull", False), _connector="OR"
                        ),
                        name="block_rule_of_network_of_one_letter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("effect__in", ["hold", "allow"])), name="block_rule_effect_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="block_rule_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_on", False), ("ended_at__isnull", True), _connector="OR"),
                        name="block_rule_that_ended_is_off",
                    ),
                ],
            },
        ),
    ]
