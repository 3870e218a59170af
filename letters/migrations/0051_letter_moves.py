"""Letters move from one collective to another. Both new columns are empty, so no table is rewritten."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0050_letter_timezone"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="moved_at",
            field=models.DateTimeField(blank=True, null=True),
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
                    ("update_copy", "Copy of an update"),
                    ("letter_offered", "A letter is offered to another collective"),
                    ("offer_answered", "A letter moved, or another collective declined it"),
                    ("collectives_wait", "Collectives wait for staff"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="LetterMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("typed", models.CharField(max_length=80)),
                ("offered_at", models.DateTimeField()),
                ("opens_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Open"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("source_name", models.CharField(blank=True, max_length=200)),
                ("target_name", models.CharField(blank=True, max_length=200)),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="moves", to="letters.letter"
                    ),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="letters.collective"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.collective",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="notification",
            name="move",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="letters.lettermove",
            ),
        ),
        migrations.AddConstraint(
            model_name="lettermove",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["", "accepted", "declined", "cancelled"])),
                name="letter_move_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lettermove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="letter_move_says_when_it_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="lettermove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "accepted"), _negated=True),
                    models.Q(
                        ("target__isnull", False),
                        models.Q(("target", models.F("source")), _negated=True),
                        models.Q(("source_name", ""), _negated=True),
                        models.Q(("target_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="letter_move_leads_elsewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="lettermove",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "")), fields=("letter",), name="letter_move_one_at_a_time"
            ),
        ),
    ]
