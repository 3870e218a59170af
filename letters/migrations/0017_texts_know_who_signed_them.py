"""Each text knows how many signed it, and signers can be asked whether their signatures carry over to another.

The column is added empty and gets its default afterwards: PostgreSQL touches no row for either, and an empty count tells
the sequencer to count that letter once, under the lock that its counts always move under.
"""

import django.db.models.deletion
from django.db import migrations, models


def to(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model, **options
    )


class Migration(migrations.Migration):
    dependencies = [("letters", "0016_letters_have_pictures")]

    operations = [
        migrations.AddField("revision", "signature_count", models.PositiveIntegerField(null=True)),
        migrations.AlterField(
            "revision", "signature_count", models.PositiveIntegerField(db_default=0, default=0, null=True)
        ),
        migrations.CreateModel(
            "CarryOver",
            fields=[
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="carry_over",
                        serialize=False,
                        to="letters.revision",
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("reached", models.PositiveIntegerField(default=0)),
                ("owed", models.PositiveIntegerField(default=0)),
                ("carried", models.PositiveIntegerField(default=0)),
                ("stayed", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            "CarryOverAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", to("letters.carryover")),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="letters.signature",
                    ),
                ),
                ("revision", to("letters.revision")),
                ("language", models.CharField(max_length=12)),
                ("carries", models.BooleanField()),
                ("answered_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["signature", "question"], name="carry_over_answered_once")
                ]
            },
        ),
    ]
