"""A revision says whether it corrects or changes the letter; mails of new kinds, of which the database knows nothing."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

KINDS = [
    ("first", "The first text"),
    ("correction", "A correction: it says the same"),
    ("substance", "A change of substance"),
]


class Migration(migrations.Migration):
    dependencies = [("letters", "0006_say_why_a_letter_was_withdrawn")]

    operations = [
        migrations.AddField(
            "revision", "kind", models.CharField(choices=KINDS, db_default="first", default="first", max_length=10)
        ),
        AddConstraintNotValid(
            "revision",
            models.CheckConstraint(
                condition=models.Q(kind__in=["first", "correction", "substance"]), name="revision_kind_known"
            ),
        ),
        ValidateConstraint("revision", "revision_kind_known"),
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
                    ("invited", "You are invited to be among the first to sign"),
                    ("carry_over", "The text has changed: does your signature stand?"),
                    ("update", "News about a letter that you have signed"),
                ],
                max_length=20,
            ),
        ),
    ]
