"""Store when organizers last asked to have all confirmation emails sent again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0045_update_translations_and_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="reminder_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
