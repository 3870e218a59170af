"""Built beside the living table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0027_letters_on_paper")]

    operations = [
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                "actor",
                "at",
                name="audit_event_of_a_round",
                condition=models.Q(verb="invite_first_signers"),
            ),
        ),
    ]
