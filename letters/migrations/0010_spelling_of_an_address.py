"""Emails that a form brings go to the address as it was typed, and links that change a signature to no other spelling.

Three columns that may be empty: no table is rewritten. The addresses of all that waits are in submissions now, so
the index of the few that held one goes.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0030_what_is_read_by_days")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="spelling_hash",
            field=models.BinaryField(blank=True, max_length=8, null=True),
        )
        for model in ("signature", "submission", "outgoingemail")
    ] + [RemoveIndexConcurrently("submission", "submission_with_address")]
