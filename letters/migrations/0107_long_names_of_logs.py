"""A longer limit only: PostgreSQL rewrites no row for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0118_sealed_openings")]

    operations = [migrations.AlterField("ledgerentry", "data", models.CharField(max_length=1000))]
