"""The other websites on which people can sign a letter: a column with a constant default, and no rewrite."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0096_featured_signers"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="origins",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=300), blank=True, db_default=[], default=list, size=None
            ),
        ),
    ]
