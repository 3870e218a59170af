from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0004_find_signatures_by_address")]

    operations = [
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                name="signature_to_put_back",
                condition=models.Q(counted=False, state="published"),
            ),
        ),
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                models.F("id"),
                name="signature_doubtful",
                condition=models.Q(state="published") & ~models.Q(concern=""),
            ),
        ),
    ]
