"""Send form emails to the address as it was typed, and links that change a signature to no other spelling.

The three new columns are nullable, so no table is rewritten. Submissions now hold the address of every waiting email, so
the index of the few that held one is removed.
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
