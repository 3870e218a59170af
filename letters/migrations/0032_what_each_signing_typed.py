"""A table of its own for what each signing typed. The codes move there: those of emails that are on their way end."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

DISPLAYS = [
    ("public", "Everybody sees my name"),
    ("organizers", "Only the organizers see my name"),
    ("nobody", "Nobody sees my name"),
]


class Migration(migrations.Migration):
    dependencies = [("letters", "0031_stop_mail_to_domains_that_refuse_it")]

    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("affiliation", models.CharField(blank=True, max_length=200)),
                ("role", models.CharField(blank=True, max_length=200)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("comment", models.CharField(blank=True, max_length=1000)),
                ("domain", models.CharField(blank=True, max_length=253)),
                ("display", models.CharField(choices=DISPLAYS, max_length=10)),
                ("consent", models.TextField(blank=True)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                ("concern", models.CharField(blank=True, max_length=10)),
                ("via", models.CharField(blank=True, max_length=100)),
                ("submitted_at", models.DateTimeField()),
                ("content_hash", models.BinaryField(max_length=16)),
                ("address", models.BinaryField(blank=True, null=True)),
                ("code_hash", models.BinaryField(blank=True, max_length=32, null=True)),
                ("code_expires_at", models.DateTimeField(blank=True, null=True)),
                ("code_tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "revision",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="letters.revision",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="letters.signature",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["signature", "content_hash"], name="submission_once"),
                    models.CheckConstraint(
                        condition=Q(display__in=["public", "organizers", "nobody"]), name="submission_display_known"
                    ),
                    models.CheckConstraint(
                        condition=~Q(display="nobody") | Q(name="", affiliation="", role="", comment="", consent=""),
                        name="submission_of_nobody_holds_no_name",
                    ),
                    models.CheckConstraint(
                        condition=Q(consent="", consented_at__isnull=True)
                        | (~Q(consent="") & Q(consented_at__isnull=False)),
                        name="submission_consent_says_when",
                    ),
                ],
                "indexes": [
                    models.Index("id", name="submission_with_address", condition=Q(address__isnull=False)),
                ],
            },
        ),
        migrations.AddField(
            "delivery",
            "submission",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="letters.submission",
            ),
        ),
        migrations.RemoveField("signercontact", "code_hash"),
        migrations.RemoveField("signercontact", "code_expires_at"),
        migrations.RemoveField("signercontact", "code_tries"),
    ]
