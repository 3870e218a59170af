from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0005_find_what_moderators_judge")]

    operations = [
        migrations.AddField(
            "letter",
            "withdrawn_because",
            models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
    ]
