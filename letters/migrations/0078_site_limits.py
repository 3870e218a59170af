"""Limits that staff can change. The table is new and empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0077_waves"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("bulk_decision_alone", "Signatures that one moderator decides about in bulk within a day"),
                            ("limit_network_soft", "Signatures from one network, above which browsers do a check"),
                            ("limit_network_hard", "Signatures from one network, above which nobody there can sign"),
                            ("limit_letter_soft", "Signatures of one letter, above which browsers do a check"),
                            (
                                "limit_domain",
                                "Signatures of one letter from one email domain, above which a moderator reviews them",
                            ),
                            ("limit_unproven", "Signatures from one network without the browser check"),
                            ("limit_requests", "Emails and private links that one network requests again"),
                            ("limit_reports", "Reports from one network"),
                        ],
                        max_length=30,
                    ),
                ),
                ("value", models.PositiveIntegerField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "limit",
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="site_limit_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__in",
                                [
                                    "bulk_decision_alone",
                                    "limit_network_soft",
                                    "limit_network_hard",
                                    "limit_letter_soft",
                                    "limit_domain",
                                    "limit_unproven",
                                    "limit_requests",
                                    "limit_reports",
                                ],
                            )
                        ),
                        name="site_limit_name_known",
                    ),
                ],
            },
        ),
    ]
