"""What a letter's pages say about the work of its moderators. A column without a default, so no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0064_reports")]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="moderation_account",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
