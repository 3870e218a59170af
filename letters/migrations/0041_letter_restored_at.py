"""Store when the withdrawal of a letter was undone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0040_answered_submissions_and_codes")]

    operations = [migrations.AddField("letter", "restored_at", models.DateTimeField(blank=True, null=True))]
