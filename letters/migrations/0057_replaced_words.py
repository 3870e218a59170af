"""The words before an accepted change, so that the acceptance can be undone. Each step can run on a live site."""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0056_takedowns")]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="replaced_words",
            field=models.JSONField(blank=True, null=True),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("id"), condition=models.Q(("replaced_words__isnull", False)), name="signature_replaced"
            ),
        ),
        migrations.RemoveConstraint(model_name="signature", name="signature_of_nobody_proposes_no_name"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("display", "nobody"), _negated=True),
                    models.Q(
                        models.Q(("pending_changes__has_key", "name"), _negated=True),
                        models.Q(("declined_changes__has_key", "name"), _negated=True),
                        models.Q(("replaced_words__has_key", "name"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="signature_of_nobody_proposes_no_name",
            ),
        ),
        ValidateConstraint("signature", "signature_of_nobody_proposes_no_name"),
    ]
