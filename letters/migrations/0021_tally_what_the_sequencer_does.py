"""Hours and tallies of a letter, kept by the sequencer. For letters that are there already: `manage.py retally`."""

import django.db.models.deletion
from django.db import migrations, models

KINDS = [
    ("language", "The language that they signed in"),
    ("country", "The country that they named"),
    ("via", "The host that led them to the letter"),
]


class Migration(migrations.Migration):
    dependencies = [("letters", "0020_find_first_signatories")]

    operations = [
        migrations.AddField(
            "signature", "via", models.CharField(blank=True, db_default="", default="", max_length=100)
        ),
        migrations.CreateModel(
            "LetterHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("published", models.PositiveIntegerField(default=0)),
                ("taken_out", models.IntegerField(default=0)),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hours",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("letter", "hour"), name="letter_hour_once")],
            },
        ),
        migrations.CreateModel(
            "LetterTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("value", models.CharField(blank=True, max_length=100)),
                ("number", models.PositiveIntegerField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "letter tallies",
                "indexes": [
                    models.Index(
                        models.F("letter"),
                        models.F("kind"),
                        models.OrderBy(models.F("number"), descending=True),
                        name="letter_tally_greatest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("letter", "kind", "value"), name="letter_tally_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["language", "country", "via"])), name="letter_tally_kind_known"
                    ),
                ],
            },
        ),
    ]
