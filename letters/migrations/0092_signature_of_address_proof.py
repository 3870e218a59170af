"""Let proofs of addresses be purged with their signatures. The proofs that are under way end: they last an hour."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0091_webhooks"),
    ]

    operations = [
        migrations.RunSQL("DELETE FROM letters_addressproof", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="addressproof",
            name="signature",
            field=models.ForeignKey(
                default=0,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="address_proofs",
                to="letters.signature",
            ),
            preserve_default=False,
        ),
    ]
