"""Public comments. Each new column has a constant default, so no step rewrites a table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0080_questions_to_signers"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="comments_public",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="signature",
            name="comment_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="signature",
            name="comment_hidden",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="submission",
            name="comment_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.CreateModel(
            name="CommentHiding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=20)),
                ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("hidden_at", models.DateTimeField()),
                ("shown_at", models.DateTimeField(blank=True, null=True)),
                (
                    "because",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.rejectionreason",
                    ),
                ),
                (
                    "hidden_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "shown_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comment_hidings",
                        to="letters.signature",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("signature"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="comment_hiding_of_signature",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("shown_at__isnull", True)),
                        fields=("signature",),
                        name="comment_hiding_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="comment_hiding_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shown_at__isnull", True), ("shown_by__isnull", True)),
                            models.Q(("shown_at__isnull", False), ("shown_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="comment_hiding_shown_says_by_whom",
                    ),
                ],
            },
        ),
    ]
