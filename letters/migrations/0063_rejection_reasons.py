"""The reasons for which moderators reject signatures. `letters/apps.py` adds those that the site begins with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0062_suspensions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reviewdecision",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.CreateModel(
            name="RejectionReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(db_index=False, max_length=20)),
                ("labels", models.JSONField()),
                ("sentences", models.JSONField()),
                ("position", models.PositiveSmallIntegerField(default=1)),
                ("added_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)), fields=("code",), name="rejection_reason_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code__in", ["", "other"]), _negated=True),
                        name="rejection_reason_has_a_code",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="because",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="letters.rejectionreason",
            ),
        ),
    ]
