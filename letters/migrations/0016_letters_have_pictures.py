import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0015_old_addresses_lead_on")]

    operations = [
        migrations.CreateModel(
            "Picture",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=32)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("alt", models.CharField(max_length=300)),
                ("full", models.BinaryField()),
                ("small", models.BinaryField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pictures", to="letters.letter"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(models.F("digest"), models.F("letter"), name="picture_once_a_letter"),
                    models.CheckConstraint(
                        condition=models.Q(("alt", ""), _negated=True), name="picture_says_what_it_shows"
                    ),
                ]
            },
        ),
        migrations.AddField(
            "letter",
            "cover",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="letters.picture",
            ),
        ),
    ]
