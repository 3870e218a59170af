"""Signed logs of the ledgers: tiles, checkpoints, public keys, and the log of the site. All tables are new and empty."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER letters_sitelogentry_is_kept BEFORE UPDATE OR DELETE ON letters_sitelogentry
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_change_of_ledger();
CREATE TRIGGER letters_sitelogentry_is_not_emptied BEFORE TRUNCATE ON letters_sitelogentry
    FOR EACH STATEMENT EXECUTE FUNCTION letters_refuse_change_of_ledger();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER letters_sitelogentry_is_not_emptied ON letters_sitelogentry;
DROP TRIGGER letters_sitelogentry_is_kept ON letters_sitelogentry;
"""
# The table of entries is nearly empty: 0106 has just made it. ENTRY_OF_NUMBER in base/ledger_logs/queries.py uses this index.
ENTRY_OF_NUMBER = """
CREATE INDEX ledger_entry_of_number ON letters_ledgerentry (letter_id, (split_part(data, ' ', 3)), index)
WHERE data LIKE 'undersigned/1 publish %' OR data LIKE 'undersigned/1 words %'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0106_ledger"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="record_doubted",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.CreateModel(
            name="LedgerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "ED25519"),
                            (4, "COSIGNATURE_ED25519"),
                            (6, "COSIGNATURE_ML_DSA_44"),
                        ]
                    ),
                ),
                ("key", models.BinaryField(max_length=1312)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(models.F("kind"), models.F("key"), name="ledger_key_once")],
            },
        ),
        migrations.CreateModel(
            name="LedgerLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("name", models.CharField(max_length=30, unique=True)),
                ("origin", models.CharField(max_length=255, unique=True)),
                ("size", models.BigIntegerField(db_default=0, default=0)),
                ("root", models.BinaryField(max_length=32, null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("told_size", models.BigIntegerField(db_default=0, default=0)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "doubt",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("behind", "The database has fewer entries than a checkpoint that was signed"),
                            ("differs", "The entries are not those of a checkpoint that was signed"),
                            ("gap", "An entry is missing"),
                            ("tiles", "The tiles do not have the root that was signed"),
                            ("forgotten", "The checkpoint outside the database is missing"),
                            (
                                "unreadable",
                                "The checkpoint outside the database cannot be read, or another key signed it",
                            ),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("doubted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="logs",
                        to="letters.letter",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerCheckpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("created_at", models.DateTimeField()),
                (
                    "log",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checkpoints",
                        to="letters.ledgerlog",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerTile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log_id", "level", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("data", models.BinaryField(max_length=8192)),
                (
                    "log",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tiles",
                        to="letters.ledgerlog",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SiteLogEntry",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("data", models.CharField(max_length=400)),
            ],
            options={
                "verbose_name_plural": "entries of the site's log",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("index__gte", 0)), name="site_log_entry_from_zero")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="ledgerlog",
            constraint=models.UniqueConstraint(
                models.F("letter"), models.F("generation"), name="ledger_log_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerlog",
            constraint=models.UniqueConstraint(
                models.F("letter"),
                condition=models.Q(("closed_at__isnull", True)),
                name="ledger_log_one_open",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerlog",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("root__isnull", True), ("size", 0)),
                    models.Q(("root__isnull", False), ("size__gt", 0)),
                    _connector="OR",
                ),
                name="ledger_log_root_if_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerlog",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("doubt", ""), ("doubted_at__isnull", True)),
                    models.Q(models.Q(("doubt", ""), _negated=True), ("doubted_at__isnull", False)),
                    _connector="OR",
                ),
                name="ledger_log_doubt_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercheckpoint",
            constraint=models.UniqueConstraint(
                models.F("log"), models.OrderBy(models.F("size"), descending=True), name="ledger_checkpoint_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercheckpoint",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("root"), 32),
                name="ledger_checkpoint_has_root",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertile",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__lte", 7), ("number__gte", 0)), name="ledger_tile_has_place"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(ENTRY_OF_NUMBER, "DROP INDEX ledger_entry_of_number"),
    ]
