"""Decisions about words that their signer has changed since: a column with a constant default, and no rewrite."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0082_reports_wait"),
    ]

    operations = [
        migrations.AddField(
            model_name="reviewdecision",
            name="words_changed",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
