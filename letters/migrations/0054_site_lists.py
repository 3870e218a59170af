"""What staff add to the site's lists, and remove from them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0053_review_queue"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteListEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "list",
                    models.CharField(
                        choices=[
                            ("names", "Well-known people"),
                            ("abusive", "Abusive words"),
                            ("advertising", "Words of advertising"),
                            ("throwaway", "Domains of disposable mailboxes"),
                            ("typos", "Mistyped domains"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.CharField(max_length=253)),
                ("language", models.CharField(blank=True, db_default="", default="", max_length=12)),
                ("meant", models.CharField(blank=True, db_default="", default="", max_length=253)),
                ("is_removed", models.BooleanField(db_default=False, default=False)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "entry of the site's lists",
                "verbose_name_plural": "site lists",
                "constraints": [
                    models.UniqueConstraint(fields=("list", "text"), name="list_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(("list__in", ["names", "abusive", "advertising", "throwaway", "typos"])),
                        name="list_entry_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("text__gt", "")), name="list_entry_says_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_removed", False), ("list", "typos"), ("meant__gt", "")),
                            models.Q(("meant", ""), models.Q(("is_removed", False), ("list", "typos"), _negated=True)),
                            _connector="OR",
                        ),
                        name="list_entry_of_typo_says_what_was_meant",
                    ),
                ],
            },
        ),
    ]
