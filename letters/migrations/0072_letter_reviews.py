"""The queue of texts for site moderators. A new table: letters that are public already do not appear in it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0071_second_opinions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("daily", "The daily email about a collective's letters"),
                    ("published", "A scheduled letter was published"),
                    ("not_published", "A scheduled letter could not be published"),
                    ("cleared", "Staff cleared a collective"),
                    ("letter_reviewed", "A site moderator looked at a text that waited"),
                    ("update_copy", "Copy of an update"),
                    ("letter_offered", "A letter is offered to another collective"),
                    ("offer_answered", "A letter moved, or another collective declined it"),
                    ("collectives_wait", "Collectives wait for staff"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="LetterReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First publication"),
                            ("substance", "Change of substance"),
                            ("translation", "New translation"),
                        ],
                        max_length=12,
                    ),
                ),
                ("is_before", models.BooleanField()),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("asked_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not decided"),
                            ("fine", "Looks fine"),
                            ("sent_back", "Sent back"),
                            ("taken_down", "Taken down"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, db_default="", default="", max_length=1000)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="letters.letter",
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="letters.revision"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("letter"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="letter_review_of_letter",
                    ),
                    models.Index(models.F("asked_at"), condition=models.Q(("outcome", "")), name="letter_review_waits"),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(
                            ("is_before", True), ("outcome__in", ["fine", "sent_back"]), ("told_at__isnull", True)
                        ),
                        name="letter_review_to_tell",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("letter",), name="letter_review_open_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["first", "substance", "translation"])),
                        name="letter_review_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("outcome", "")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("outcome__in", ["fine", "sent_back", "taken_down"]),
                            ),
                            _connector="OR",
                        ),
                        name="letter_review_decided_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("is_before", True), ("outcome", "sent_back"), models.Q(("reason", ""), _negated=True)
                            ),
                            models.Q(models.Q(("outcome", "sent_back"), _negated=True), ("reason", "")),
                            _connector="OR",
                        ),
                        name="letter_review_sent_back_says_why",
                    ),
                ],
            },
        ),
    ]
