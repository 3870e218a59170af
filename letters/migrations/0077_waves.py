"""Waves of signatures and the shield. The tables are new; the new column has a constant default."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0076_emails_about_decisions"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="is_shielded",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("daily", "The daily email about a collective's letters"),
                    ("published", "A scheduled letter was published"),
                    ("not_published", "A scheduled letter could not be published"),
                    ("cleared", "Staff cleared a collective"),
                    ("letter_reviewed", "A site moderator looked at a text that waited"),
                    ("update_copy", "Copy of an update"),
                    ("letter_offered", "A letter is offered to another collective"),
                    ("offer_answered", "A letter moved, or another collective declined it"),
                    ("shield", "The shield of a letter is up"),
                    ("collectives_wait", "Collectives wait for staff"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="ScoringWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begins_at", models.DateTimeField()),
                ("scored", models.PositiveIntegerField()),
                ("doubtful", models.PositiveIntegerField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("begins_at"), name="scoring_window_to_forget")],
                "constraints": [models.UniqueConstraint(fields=("letter", "begins_at"), name="scoring_window_once")],
            },
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sign",
                    models.CharField(
                        choices=[
                            ("doubt", "Far more doubtful signatures than usual"),
                            ("rate", "Far more signatures than usual"),
                        ],
                        max_length=10,
                    ),
                ),
                ("noticed_at", models.DateTimeField()),
                ("calm_since", models.DateTimeField(blank=True, null=True)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
                ("shielded_at", models.DateTimeField(blank=True, null=True)),
                ("announced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BinaryField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waves",
                        to="letters.letter",
                    ),
                ),
                (
                    "shielded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("announced_at__isnull", True), ("shielded_at__isnull", False)),
                        name="wave_to_announce",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("over_at__isnull", True)), fields=("letter",), name="wave_once_a_letter"
                    ),
                    models.CheckConstraint(condition=models.Q(("sign__in", ["doubt", "rate"])), name="wave_sign_known"),
                    models.CheckConstraint(
                        condition=models.Q(("over_at__isnull", True), ("networks", []), _connector="OR"),
                        name="wave_forgets_networks",
                    ),
                ],
            },
        ),
    ]
