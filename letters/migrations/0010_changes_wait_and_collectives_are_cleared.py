"""Nullable columns only: PostgreSQL notes them without touching a row. Checks are made in 0011."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

CONCERNS = [
    ("", "None"),
    ("disposable", "The address is of a kind that is thrown away"),
    ("unproven", "Signed without the proof of work that was asked for"),
    ("bounced", "Mail to the address came back"),
    ("complained", "The owner of the address called our mail spam"),
    ("changed", "The signer changes words that a moderator has accepted"),
    ("domain", "Very many have signed this letter from that domain"),
]

# Taken back, the database does not know the new concerns any more. What waits because of them goes on waiting.
FORGET_NEW_CONCERNS = """
UPDATE letters_signature SET concern = 'unproven' WHERE concern IN ('changed', 'domain');
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0009_find_mail_that_came_back_or_is_old")]

    operations = [
        migrations.AddField("collective", "cleared_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("signature", "proposed", models.JSONField(blank=True, null=True)),
        migrations.AddField("signature", "declined", models.JSONField(blank=True, null=True)),
        migrations.AlterField(
            "signature",
            "concern",
            models.CharField(blank=True, choices=CONCERNS, db_default="", default="", max_length=10),
        ),
        migrations.RemoveConstraint("signature", "signature_concern_known"),
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_NEW_CONCERNS),
        AddConstraintNotValid(
            "signature",
            models.CheckConstraint(
                condition=models.Q(
                    concern__in=["", "disposable", "unproven", "bounced", "complained", "changed", "domain"]
                ),
                name="signature_concern_known",
            ),
        ),
        AddConstraintNotValid(
            "signature",
            models.CheckConstraint(
                condition=models.Q(proposed__isnull=True)
                | (models.Q(state__in=["published", "rejected"]) & ~models.Q(concern="")),
                name="signature_proposed_has_a_concern",
            ),
        ),
        AddConstraintNotValid(
            "signature",
            models.CheckConstraint(
                condition=~models.Q(display="nobody")
                | ~models.Q(proposed__has_key="name") & ~models.Q(declined__has_key="name"),
                name="signature_of_nobody_proposes_no_name",
            ),
        ),
    ]
