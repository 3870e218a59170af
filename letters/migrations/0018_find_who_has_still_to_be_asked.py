from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0017_texts_know_who_signed_them")]

    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(
                models.Func(
                    models.F("key"),
                    models.Value(":"),
                    models.Value(2),
                    function="split_part",
                    output_field=models.CharField(),
                ),
                name="delivery_carry_over_owed",
                condition=models.Q(
                    kind="carry_over", sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True
                ),
            ),
        ),
    ]
