"""Makes room for encrypted addresses. The tables of accounts are small, and from varchar to text nothing is rewritten."""

from django.db import migrations

import letters.shared.fields


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0034_forget_sessions_in_clear"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        # One spelling of an address is encrypted to one text, so the column's own index is enough.
        migrations.RemoveConstraint("user", "user_email_once_in_any_case"),
        migrations.AlterField("user", "email", letters.shared.fields.SealedEmailField(max_length=254, unique=True)),
        migrations.RunSQL(
            "ALTER TABLE account_emailaddress ALTER COLUMN email TYPE text",
            "ALTER TABLE account_emailaddress ALTER COLUMN email TYPE varchar(254)",
        ),
    ]
