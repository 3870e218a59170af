"""What readers report. The new table is empty; the constraint is checked without a lock that stops signers."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

import letters.shared.fields


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0063_rejection_reasons"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("illegal", "Illegal content"),
                            ("rules", "Against the rules of the site"),
                            ("not_a_person", "Not a person"),
                            ("someone_else", "Another person's name"),
                            ("abuse", "Insult or advertisement"),
                            ("twice", "Signed more than once"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", models.CharField(blank=True, db_default="", default="", max_length=2000)),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("address", letters.shared.fields.EncryptedEmailField(blank=True, max_length=254, null=True)),
                ("language", models.CharField(blank=True, db_default="", default="", max_length=12)),
                ("reported_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not decided"),
                            ("acted", "The letter was taken down"),
                            ("nothing", "The letter stays"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_concern_known",
        ),
        migrations.AlterField(
            model_name="reviewdecision",
            name="concern_before",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("disposable", "Disposable email address"),
                    ("unproven", "Signed without the browser check"),
                    ("bounced", "Email to this address bounced"),
                    ("complained", "The owner of the address reported our email as spam"),
                    ("changed", "Changed by the signer after a moderator accepted it"),
                    ("domain", "One of very many signatures from the same email domain"),
                    ("doubtful", "The signals of doubt outweigh the letter's threshold"),
                    ("reported", "Reported by a reader"),
                    ("recheck", "Taken off the list until a moderator decides again"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="concern",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("disposable", "Disposable email address"),
                    ("unproven", "Signed without the browser check"),
                    ("bounced", "Email to this address bounced"),
                    ("complained", "The owner of the address reported our email as spam"),
                    ("changed", "Changed by the signer after a moderator accepted it"),
                    ("domain", "One of very many signatures from the same email domain"),
                    ("doubtful", "The signals of doubt outweigh the letter's threshold"),
                    ("reported", "Reported by a reader"),
                    ("recheck", "Taken off the list until a moderator decides again"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        AddConstraintNotValid(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "concern__in",
                        [
                            "",
                            "disposable",
                            "unproven",
                            "bounced",
                            "complained",
                            "changed",
                            "domain",
                            "doubtful",
                            "reported",
                            "recheck",
                        ],
                    )
                ),
                name="signature_concern_known",
            ),
        ),
        ValidateConstraint("signature", "signature_concern_known"),
        migrations.AddField(
            model_name="report",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="letter",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="letters.letter"
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="signature",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to="letters.signature",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("letter"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("outcome", ""), ("signature__isnull", True)),
                name="report_open",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("signature"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("signature__isnull", False)),
                name="report_of_signature",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("decided_at"), condition=models.Q(("decided_at__isnull", False)), name="report_to_forget"
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason__in", ["illegal", "rules"]), ("signature__isnull", True)),
                    models.Q(
                        ("reason__in", ["not_a_person", "someone_else", "abuse", "twice"]), ("signature__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="report_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("signature__isnull", True),
                    models.Q(("address__isnull", True), ("name", ""), ("words", "")),
                    _connector="OR",
                ),
                name="report_of_signature_holds_no_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("outcome", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("outcome__in", ["acted", "nothing"]),
                    ),
                    _connector="OR",
                ),
                name="report_decided_says_by_whom",
            ),
        ),
    ]
