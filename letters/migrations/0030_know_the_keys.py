from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0029_no_file_holds_addresses")]

    operations = [
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("fingerprint", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="keyfingerprint",
            constraint=models.UniqueConstraint(fields=("name", "fingerprint"), name="key_fingerprint_once"),
        ),
    ]
