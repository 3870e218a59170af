"""What the names of collectives look like. A new table: nothing on a live site waits for it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0065_moderation_account"),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectiveName",
            fields=[
                (
                    "collective",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="name_as_it_looks",
                        serialize=False,
                        to="letters.collective",
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("allowed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "allowed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("key"),
                        condition=models.Q(("claimed_at__isnull", False)),
                        name="collective_name_claimed",
                    ),
                    models.Index(
                        models.F("allowed_at"),
                        condition=models.Q(("allowed_at__isnull", False)),
                        name="collective_name_allowed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("allowed_at__isnull", True), ("claimed_at__isnull", False)),
                        fields=("key",),
                        name="collective_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allowed_by__isnull", True), ("allowed_at__isnull", False), _connector="OR"
                        ),
                        name="collective_name_allowed_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True), name="collective_name_has_a_key"
                    ),
                ],
            },
        ),
    ]
