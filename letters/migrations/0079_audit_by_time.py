"""Find the audit records of a day, over all collectives. The index is built beside a running site."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0078_site_limits")]

    operations = [
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(
                models.OrderBy(models.F("at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="audit_event_by_time",
            ),
        ),
    ]
