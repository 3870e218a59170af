"""Domains that collectives have proved: a new table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0092_signature_of_address_proof"),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectiveDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=253)),
                (
                    "mailbox",
                    models.CharField(
                        choices=[
                            ("hostmaster", "hostmaster@"),
                            ("postmaster", "postmaster@"),
                            ("webmaster", "webmaster@"),
                            ("admin", "admin@"),
                        ],
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("emails", models.PositiveSmallIntegerField(default=0)),
                ("emails_since", models.DateTimeField()),
                ("salt", models.BinaryField(default=b"", max_length=16)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("removed_because", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "collective",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="letters.collective"
                    ),
                ),
                (
                    "removed_by",
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
                    models.Index(models.F("domain"), name="collective_domain_by_name"),
                    models.Index(
                        models.F("until"), condition=models.Q(("until__isnull", False)), name="collective_domain_to_end"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("collective", "domain"), name="collective_domain_once"),
                    models.CheckConstraint(
                        condition=models.Q(("domain__gt", "")), name="collective_domain_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("until__isnull", True), ("verified_at__isnull", True)),
                            models.Q(
                                ("dropped_at__isnull", True),
                                ("removed_at__isnull", True),
                                ("until__isnull", False),
                                ("verified_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="collective_domain_verified_is_shown",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("removed_at__isnull", True), ("removed_because", ""), ("removed_by__isnull", True)
                            ),
                            models.Q(
                                ("removed_at__isnull", False),
                                ("removed_because__gt", ""),
                                ("removed_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="collective_domain_removed_says_why",
                    ),
                ],
            },
        ),
    ]
