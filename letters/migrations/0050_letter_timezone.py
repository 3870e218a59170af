"""The time zone in which the days of a letter are calculated. It can run while the site is in use."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0049_bin_of_updates")]

    operations = [
        # Empty means the collective's time zone, so no row has to be written.
        migrations.AddField(
            "letter", "timezone", models.CharField(blank=True, db_default="", default="", max_length=64)
        ),
    ]
