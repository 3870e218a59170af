"""Live signals: traces of signings, scores and their reasons. Each step can run on a live site."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

SAME_NAME = """
CREATE INDEX CONCURRENTLY signature_same_name ON letters_signature (letter_id, hashtextextended(letters_fold(name), 0))
WHERE state IN ('held', 'published') AND display = 'public'
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0059_index_of_entrusted_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="Doubt",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="doubt",
                        serialize=False,
                        to="letters.signature",
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None),
                ),
                ("scored_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SigningTrace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("network", models.BinaryField(max_length=8, null=True)),
                ("browser", models.BinaryField(max_length=8, null=True)),
                ("domain", models.BinaryField(max_length=8, null=True)),
                ("is_member", models.BooleanField(db_default=False, default=False)),
            ],
        ),
        migrations.AddField(
            model_name="letter",
            name="hold_from",
            field=models.SmallIntegerField(
                choices=[(30, "Some doubt"), (50, "Clear doubt"), (80, "Strong doubt"), (101, "Never")],
                db_default=50,
                default=50,
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="to_score",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="submission",
            name="browser",
            field=models.BinaryField(blank=True, max_length=8, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="network",
            field=models.BinaryField(blank=True, max_length=8, null=True),
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
                    ("recheck", "Taken off the list until a moderator decides again"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.F("confirmed_at"),
                models.F("id"),
                condition=models.Q(("to_score", True)),
                name="signature_to_score",
            ),
        ),
        AddConstraintNotValid(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("hold_from__in", [30, 50, 80, 101])), name="letter_hold_from_known"
            ),
        ),
        ValidateConstraint("letter", "letter_hold_from_known"),
        migrations.RemoveConstraint(
            model_name="signature",
            name="signature_concern_known",
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
                            "recheck",
                        ],
                    )
                ),
                name="signature_concern_known",
            ),
        ),
        ValidateConstraint("signature", "signature_concern_known"),
        migrations.RunSQL(SAME_NAME, "DROP INDEX CONCURRENTLY IF EXISTS signature_same_name"),
        migrations.AddIndex(
            model_name="doubt",
            index=models.Index(models.F("scored_at"), name="doubt_to_forget"),
        ),
        migrations.AddField(
            model_name="signingtrace",
            name="letter",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="letters.letter",
            ),
        ),
        migrations.AddField(
            model_name="signingtrace",
            name="signature",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="trace", to="letters.signature"
            ),
        ),
        migrations.AddIndex(
            model_name="signingtrace",
            index=models.Index(
                models.F("letter"),
                models.F("network"),
                models.OrderBy(models.F("at"), descending=True),
                name="trace_of_network",
            ),
        ),
        migrations.AddIndex(
            model_name="signingtrace",
            index=models.Index(
                models.F("letter"), models.OrderBy(models.F("at"), descending=True), name="trace_of_letter"
            ),
        ),
        migrations.AddIndex(
            model_name="signingtrace",
            index=models.Index(
                models.F("letter"),
                models.F("domain"),
                condition=models.Q(("domain__isnull", False)),
                name="trace_of_domain",
            ),
        ),
        migrations.AddIndex(
            model_name="signingtrace",
            index=models.Index(models.F("at"), name="trace_to_forget"),
        ),
        migrations.AddConstraint(
            model_name="signingtrace",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("signature__isnull", False),
                    models.Q(("browser__isnull", True), ("domain__isnull", True), ("network__isnull", False)),
                    _connector="OR",
                ),
                name="trace_of_a_stranger_is_a_network",
            ),
        ),
    ]
