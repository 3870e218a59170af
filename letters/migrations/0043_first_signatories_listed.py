"""List the people who were invited to sign first, and store answers: "not now" and "no, thank you"."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0042_notifications"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="first_order",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveIntegerField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="memberinvitation",
            name="declined_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="put_off_name_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="InvitationBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                ("encrypted", models.BinaryField(blank=True, default=b"")),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "invitation batches",
            },
        ),
        migrations.CreateModel(
            name="InvitedPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32)),
                ("encrypted", models.BinaryField()),
                ("line", models.PositiveIntegerField()),
                ("was_renewed", models.BooleanField(default=False)),
                ("resent_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("undelivered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="letters.invitationbatch",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "invited people",
            },
        ),
        migrations.AddConstraint(
            model_name="invitationbatch",
            constraint=models.UniqueConstraint(fields=("letter", "created_at"), name="invitation_batch_once"),
        ),
        migrations.AddIndex(
            model_name="invitedperson",
            index=models.Index(models.F("batch"), models.F("line"), name="invited_person_of_a_batch"),
        ),
        migrations.AddConstraint(
            model_name="invitedperson",
            constraint=models.UniqueConstraint(fields=("letter", "digest"), name="invited_person_once_a_letter"),
        ),
        migrations.AddConstraint(
            model_name="invitedperson",
            constraint=models.CheckConstraint(
                condition=models.Q(("encrypted", b""), _negated=True), name="invited_person_has_words"
            ),
        ),
    ]
