"""The checks of 0019 over what stands there, without stopping who signs; and an index that holds the invited alone."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0019_first_signatories")]

    operations = [
        ValidateConstraint("signature", "signature_state_known"),
        ValidateConstraint("signature", "signature_published_has_a_number"),
        ValidateConstraint("signature", "signature_confirmed_says_when_and_how"),
        ValidateConstraint("signature", "signature_has_a_name"),
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                models.F("state"),
                models.F("id"),
                name="signature_first",
                condition=models.Q(is_first=True),
            ),
        ),
    ]
