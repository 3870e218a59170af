"""Exports hold no addresses any more: the kind is gone, and with it what was asked for. Files go with the next tidying.

The record keeps who had asked for one. Constraints are checked beside the living table.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

KINDS = [("signatures", "Published signatures"), ("letter", "The letter with its signatories")]
KNOWN = models.CheckConstraint(condition=Q(kind__in=["signatures", "letter"]), name="export_kind_known")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0028_count_whom_an_account_invites")]

    operations = [
        migrations.RunSQL("DELETE FROM letters_export WHERE kind = 'contacts'", migrations.RunSQL.noop),
        migrations.RemoveConstraint("export", KNOWN.name),
        AddConstraintNotValid("export", KNOWN),
        # One that an old process wrote between the two statements above.
        migrations.RunSQL("DELETE FROM letters_export WHERE kind = 'contacts'", migrations.RunSQL.noop),
        ValidateConstraint("export", KNOWN.name),
        migrations.AlterField("export", "kind", models.CharField(choices=KINDS, max_length=10)),
    ]
