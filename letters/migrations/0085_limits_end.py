"""Limits that end by themselves: a column without a default, and no rewrite."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0084_search_engines"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitelimit",
            name="until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
