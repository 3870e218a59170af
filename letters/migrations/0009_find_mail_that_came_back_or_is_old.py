from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0008_mail_can_be_put_off")]

    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(
                models.F("signature"),
                models.F("id").desc(),
                name="delivery_came_back",
                condition=models.Q(failed_at__isnull=False) | models.Q(error="complained"),
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                models.F("kind"),
                models.F("created_at"),
                name="delivery_to_forget",
                condition=models.Q(kind__in=["signed_again", "requested", "reminder"])
                | models.Q(dropped_at__isnull=False),
            ),
        ),
    ]
