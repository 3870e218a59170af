"""Columns with constant defaults only: PostgreSQL notes them without touching a row. Checks are made in 0004."""

import django.contrib.postgres.fields
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

CONCERNS = [
    ("", "None"),
    ("disposable", "The address is of a kind that is thrown away"),
    ("unproven", "Signed without the proof of work that was asked for"),
    ("bounced", "Mail to the address came back"),
    ("complained", "The owner of the address called our mail spam"),
]
SWITCHES = [
    ("take_signatures", "Take signatures"),
    ("send_bulk_mail", "Send mail that can wait: reminders, updates"),
    ("ask_proof", "Ask everybody for a proof of work"),
    ("publish", "Publish what is confirmed"),
]


def domains() -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=253), blank=True, db_default=[], default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("letters", "0002_keep_the_record")]

    operations = [
        migrations.AddField("letter", "domains", domains()),
        migrations.AddField("letter", "addressee_domains", domains()),
        migrations.AddField("letter", "asks_proof", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "signature",
            "concern",
            models.CharField(blank=True, choices=CONCERNS, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            "signature", "domain", models.CharField(blank=True, db_default="", default="", max_length=253)
        ),
        AddConstraintNotValid(
            "signature",
            models.CheckConstraint(
                condition=models.Q(concern__in=["", "disposable", "unproven", "bounced", "complained"]),
                name="signature_concern_known",
            ),
        ),
        migrations.AlterField(
            "delivery",
            "kind",
            models.CharField(
                choices=[
                    ("confirm", "Confirm your signature"),
                    ("thanks", "You have signed"),
                    ("reminder", "Your signature still waits"),
                    ("signed_again", "You had signed already"),
                    ("requested", "The mail or link that you asked for"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            "Switch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(choices=SWITCHES, max_length=20)),
                ("is_on", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "switches",
                "constraints": [
                    models.UniqueConstraint(fields=["name"], name="switch_once"),
                    models.CheckConstraint(
                        condition=models.Q(name__in=["take_signatures", "send_bulk_mail", "ask_proof", "publish"]),
                        name="switch_name_known",
                    ),
                ],
            },
        ),
    ]
