"""Find the emails with codes for answers when they are due for deletion."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0087_address_proofs"),
    ]

    operations = [
        # The new index before the old one goes, so that deleting never scans the table.
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("kind"),
                models.F("created_at"),
                condition=models.Q(
                    ("kind__in", ["signed_again", "requested", "reminder", "name_report", "address_proof"]),
                    ("dropped_at__isnull", False),
                    _connector="OR",
                ),
                name="email_to_delete",
            ),
        ),
        RemoveIndexConcurrently(model_name="outgoingemail", name="email_forgettable"),
    ]
