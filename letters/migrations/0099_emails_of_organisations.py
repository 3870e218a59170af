"""The emails of organisations are forgotten after a week. The new index comes before the old one goes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0098_organisations"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("kind"),
                models.F("created_at"),
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "signed_again",
                            "requested",
                            "reminder",
                            "name_report",
                            "address_proof",
                            "organisation",
                            "organisation_signed",
                        ],
                    ),
                    ("dropped_at__isnull", False),
                    _connector="OR",
                ),
                name="email_forgotten_later",
            ),
        ),
        RemoveIndexConcurrently(
            model_name="outgoingemail",
            name="email_to_delete",
        ),
    ]
