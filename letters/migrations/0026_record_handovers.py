"""The record of a letter's delivery to its addressee."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0025_find_what_is_owed_by_its_queue")]

    operations = [
        migrations.CreateModel(
            "Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("to", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("signature_count", models.PositiveIntegerField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="handovers", to="letters.letter"
                    ),
                ),
            ],
            options={
                "ordering": ["-on", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("letter"), models.F("on"), models.F("to"), name="handover_once_a_day_and_addressee"
                    ),
                    models.CheckConstraint(condition=~models.Q(to=""), name="handover_says_to_whom"),
                ],
            },
        ),
    ]
