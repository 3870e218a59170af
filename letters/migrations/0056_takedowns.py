"""Letters that the site takes down. The new table is empty, and there are few letters, so no step holds a long lock."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0055_search_for_moderators"),
    ]

    operations = [
        migrations.CreateModel(
            name="TakeDown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ground",
                    models.CharField(
                        choices=[("law", "Illegal content"), ("rules", "Against the rules of the site")], max_length=10
                    ),
                ),
                ("named", models.CharField(max_length=300)),
                ("facts", models.CharField(max_length=2000)),
                (
                    "found_by",
                    models.CharField(
                        choices=[
                            ("report", "A report"),
                            ("moderator", "The site's own review"),
                            ("automated", "An automated check"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "status_before",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("published", "Published"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                            ("taken_down", "Taken down"),
                        ],
                        max_length=10,
                    ),
                ),
                ("taken_down_at", models.DateTimeField()),
                ("appeal", models.CharField(blank=True, db_default="", default="", max_length=3000)),
                ("appealed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not decided"),
                            ("upheld", "The letter stays down"),
                            ("reversed", "The letter was restored"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("answer", models.CharField(blank=True, db_default="", default="", max_length=2000)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("restored_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="letter",
            name="letter_status_known",
        ),
        migrations.AlterField(
            model_name="letter",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("published", "Published"),
                    ("closed", "Closed"),
                    ("withdrawn", "Withdrawn"),
                    ("taken_down", "Taken down"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="withdrawn_from",
            field=models.CharField(
                blank=True,
                choices=[
                    ("draft", "Draft"),
                    ("published", "Published"),
                    ("closed", "Closed"),
                    ("withdrawn", "Withdrawn"),
                    ("taken_down", "Taken down"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "published", "closed", "withdrawn", "taken_down"])),
                name="letter_status_known",
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="appealed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="letter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="takedowns",
                to="letters.letter",
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="restored_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takedown",
            name="taken_down_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="takedown",
            index=models.Index(
                models.F("letter"), models.OrderBy(models.F("id"), descending=True), name="takedown_of_letter"
            ),
        ),
        migrations.AddIndex(
            model_name="takedown",
            index=models.Index(
                models.F("appealed_at"),
                condition=models.Q(("appealed_at__isnull", False), ("outcome", ""), ("restored_at__isnull", True)),
                name="takedown_appeal_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.UniqueConstraint(
                condition=models.Q(("restored_at__isnull", True)), fields=("letter",), name="takedown_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground__in", ["law", "rules"])), name="takedown_ground_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(("found_by__in", ["report", "moderator", "automated"])),
                name="takedown_found_by_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("named", ""), _negated=True), models.Q(("facts", ""), _negated=True)),
                name="takedown_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appeal", ""), ("appealed_at__isnull", True), ("appealed_by__isnull", True)),
                    models.Q(
                        models.Q(("appeal", ""), _negated=True),
                        ("appealed_at__isnull", False),
                        ("appealed_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="takedown_appeal_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("outcome", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("outcome__in", ["upheld", "reversed"]),
                        ("appealed_at__isnull", False),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="takedown_decision_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("taken_down_by")), _negated=True),
                    _connector="OR",
                ),
                name="takedown_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("restored_at__isnull", True), ("restored_by__isnull", True)),
                    models.Q(
                        ("restored_at__isnull", False),
                        ("restored_by__isnull", False),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="takedown_restored_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "reversed"), _negated=True), ("restored_at__isnull", False), _connector="OR"
                ),
                name="takedown_reversed_is_restored",
            ),
        ),
    ]
