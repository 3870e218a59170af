from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0036_encrypt_addresses_of_accounts")]

    operations = [
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                "actor",
                "at",
                condition=models.Q(("verb__in", ["draft_letter", "add_picture"])),
                name="audit_event_that_fills_disks",
            ),
        ),
    ]
