from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0010_changes_wait_and_collectives_are_cleared")]

    operations = [
        ValidateConstraint("signature", "signature_concern_known"),
        ValidateConstraint("signature", "signature_proposed_has_a_concern"),
        ValidateConstraint("signature", "signature_of_nobody_proposes_no_name"),
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                models.F("id"),
                name="signature_refused",
                condition=models.Q(state="rejected") | models.Q(declined__isnull=False),
            ),
        ),
    ]
