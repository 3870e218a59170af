"""How much text each account has added today. A new, small table: nothing else is touched."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0049_since_when_a_field_is_required"),
    ]

    operations = [
        migrations.CreateModel(
            name="Written",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("day", models.DateField()),
                ("size", models.BigIntegerField()),
            ],
        ),
    ]
