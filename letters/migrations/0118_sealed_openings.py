"""An opening may be encrypted. The constraint is checked without a lock that stops the sequencer."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models.functions import Length
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0120_witnesses")]

    operations = [
        migrations.AlterField("ledgeropening", "opening", models.BinaryField()),
        migrations.RemoveConstraint(model_name="ledgeropening", name="ledger_opening_is_whole"),
        AddConstraintNotValid(
            model_name="ledgeropening",
            constraint=models.CheckConstraint(
                condition=models.Q(Exact(Length("opening"), 32)) | models.Q(Exact(Length("opening"), 140)),
                name="ledger_opening_is_whole",
            ),
        ),
        ValidateConstraint("ledgeropening", "ledger_opening_is_whole"),
    ]
