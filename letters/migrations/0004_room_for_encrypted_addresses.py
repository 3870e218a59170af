"""Addresses of accounts are encrypted (letters/shared/fields.py), and longer than allauth's column allows."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0003_search_without_marks"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE account_emailaddress ALTER COLUMN email TYPE text",
            "ALTER TABLE account_emailaddress ALTER COLUMN email TYPE varchar(254)",
        ),
    ]
