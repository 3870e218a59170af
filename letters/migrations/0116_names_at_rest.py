"""Columns for words that only organizers may read, encrypted. They are empty at first: the clock encrypts older rows.

Constraints are checked without a lock that stops signers.
"""

import django.contrib.postgres.fields
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

ONCE = models.Q(
    ("entrusted__isnull", True),
    models.Q(
        ("affiliation", ""),
        ("comment", ""),
        ("display", "organizers"),
        ("name", ""),
        ("role", ""),
        ("sealed__isnull", True),
    ),
    _connector="OR",
)
KEYS = django.contrib.postgres.fields.ArrayField(
    base_field=models.BigIntegerField(), blank=True, editable=False, null=True, size=None
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0110_ledger_logs")]

    operations = [
        migrations.AddField("signature", "entrusted", models.BinaryField(blank=True, null=True)),
        migrations.AddField("signature", "entrusted_keys", KEYS),
        migrations.AddField("submission", "entrusted", models.BinaryField(blank=True, null=True)),
        migrations.AddField("submission", "entrusted_keys", KEYS.clone()),
        migrations.RemoveConstraint(model_name="signature", name="signature_has_a_name"),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True),
                    ("display", "nobody"),
                    ("state__in", ["withdrawn", "rejected", "disowned", "expired", "invited", "declined"]),
                    ("sealed__isnull", False),
                    ("entrusted__isnull", False),
                    _connector="OR",
                ),
                name="signature_has_a_name",
            ),
        ),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(condition=ONCE, name="signature_entrusted_once"),
        ),
        AddConstraintNotValid(
            model_name="submission",
            constraint=models.CheckConstraint(condition=ONCE, name="submission_entrusted_once"),
        ),
        ValidateConstraint("signature", "signature_has_a_name"),
        ValidateConstraint("signature", "signature_entrusted_once"),
        ValidateConstraint("submission", "submission_entrusted_once"),
    ]
