"""Copies of letters: three new tables.

They are empty, and a worker makes the first bundles after the migration.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0118_sealed_openings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bundle",
            fields=[
                (
                    "letter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="bundle",
                        serialize=False,
                        to="letters.letter",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("day", models.DateField()),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("sums_sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("checkpoint", models.TextField(blank=True)),
                ("is_record_whole", models.BooleanField(default=True)),
                ("note", models.TextField(blank=True)),
                ("is_tombstone", models.BooleanField(default=False)),
                ("began_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="BundlePush",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=300)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bundle pushes",
                "constraints": [
                    models.UniqueConstraint(models.F("letter"), models.F("place"), name="bundle_push_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Mirror",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(max_length=500)),
                ("added_at", models.DateTimeField()),
                (
                    "finding",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not looked at yet"),
                            ("same", "Its record is the beginning of ours, or all of it"),
                            ("ahead", "Its record is longer than ours"),
                            ("different", "Its record is not the beginning of ours"),
                            ("unreadable", "It has no record of this letter that we can read"),
                            ("unreachable", "It does not answer"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("entries", models.PositiveBigIntegerField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("check_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        db_index=False,
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
                        related_name="mirrors",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("check_at"), name="mirror_to_check")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finding__in", ["", "same", "ahead", "different", "unreadable", "unreachable"])
                        ),
                        name="mirror_finding_known",
                    ),
                    models.UniqueConstraint(models.F("letter"), models.F("url"), name="mirror_once_a_letter"),
                ],
            },
        ),
    ]
