"""Personal tokens: a new table, so nothing waits for a lock."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0102_breakdown"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonalToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("letters:read", "Letters: drafts, texts and settings"),
                                (
                                    "signatures:read",
                                    "Signatures: the list that organizers see, without email addresses",
                                ),
                                ("counts:read", "Numbers: the overview of each letter"),
                                ("updates:read", "Updates: drafts, and what was sent"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("beginning", models.CharField(max_length=8)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("last_used_on", models.DateField(blank=True, null=True)),
                (
                    "letter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="personal_tokens",
                        to="letters.membership",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="personal_token_to_forget")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="personal_token_has_a_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))), name="personal_token_expires"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "scopes__contained_by",
                                ["letters:read", "signatures:read", "counts:read", "updates:read"],
                            ),
                            ("scopes__len__gte", 1),
                        ),
                        name="personal_token_scopes_known",
                    ),
                ],
            },
        ),
    ]
