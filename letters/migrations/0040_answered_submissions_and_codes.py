"""Keep an answered submission for its reminders, and confirmation codes in a table of their own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0010_spelling_of_an_address")]

    operations = [
        migrations.CreateModel(
            name="ConfirmationCode",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="letters.submission",
                    ),
                ),
                ("code_hash", models.BinaryField(max_length=32)),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField()),
            ],
            options={"indexes": [models.Index("expires_at", name="code_to_forget")]},
        ),
        migrations.AddField("submission", "answered_at", models.DateTimeField(blank=True, null=True)),
        migrations.RemoveField("submission", "code_expires_at"),
        migrations.RemoveField("submission", "code_hash"),
        migrations.RemoveField("submission", "code_tries"),
    ]
