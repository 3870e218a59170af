from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0007_revisions_say_what_kind_they_are")]

    operations = [
        migrations.AddField("delivery", "put_off_at", models.DateTimeField(blank=True, null=True)),
    ]
