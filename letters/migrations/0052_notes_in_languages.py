"""What changed, in the other languages of a letter. The new column is empty, so no table is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0051_letter_moves")]

    operations = [migrations.AddField("revision", "notes", models.JSONField(blank=True, null=True))]
