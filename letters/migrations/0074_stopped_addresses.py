"""Addresses that get no more email, because their owners lost the mailbox. The table is new and empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0073_name_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoppedAddress",
            fields=[
                ("address_hash", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("stopped_at", models.DateTimeField()),
            ],
        ),
    ]
