"""The ledger of each letter. All tables are new; only letters that are public already get a row, not their signatures."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

# A trigger on TRUNCATE has to be one for the whole statement.
APPEND_ONLY = """
CREATE FUNCTION letters_refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of a ledger are only ever added' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER letters_ledgerentry_is_kept BEFORE UPDATE OR DELETE ON letters_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_change_of_ledger();
CREATE TRIGGER letters_ledgerentry_is_not_emptied BEFORE TRUNCATE ON letters_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION letters_refuse_change_of_ledger();
"""

NOT_APPEND_ONLY = """
DROP TRIGGER letters_ledgerentry_is_not_emptied ON letters_ledgerentry;
DROP TRIGGER letters_ledgerentry_is_kept ON letters_ledgerentry;
DROP FUNCTION letters_refuse_change_of_ledger();
"""

# Their signatures enter by a command (enroll_letters).
EXISTING = """
INSERT INTO letters_ledger (letter_id, is_existing)
SELECT id, true FROM letters_letter WHERE status <> 'draft'
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0105_site_notice")]

    operations = [
        migrations.CreateModel(
            name="Ledger",
            fields=[
                (
                    "letter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="ledger",
                        serialize=False,
                        to="letters.letter",
                    ),
                ),
                ("is_existing", models.BooleanField(db_default=False, default=False)),
                ("recorded", models.PositiveIntegerField(db_default=0, default=0)),
                ("counts", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("counts_at", models.DateTimeField(blank=True, null=True)),
                ("owes_counts", models.BooleanField(db_default=False, default=False)),
                (
                    "newest_text",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.revision",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("counts_at"), condition=models.Q(("owes_counts", True)), name="ledger_owes_counts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerOpening",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="ledger_opening",
                        serialize=False,
                        to="letters.signature",
                    ),
                ),
                ("opening", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("opening"), 32),
                        name="ledger_opening_is_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "letter_id", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("index", models.BigIntegerField()),
                ("data", models.CharField(max_length=1000)),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("index__gte", 0)), name="ledger_entry_from_zero")
                ],
            },
        ),
        migrations.CreateModel(
            name="OwedEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("words", "The public words, or who can see them, have changed"),
                            ("carry", "The signature also counts for a newer text"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.signature",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "owed entries",
                "indexes": [models.Index(models.F("letter"), models.F("id"), name="owed_entry_of_letter")],
                "constraints": [
                    models.UniqueConstraint(models.F("signature"), models.F("kind"), name="owed_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["words", "carry"])), name="owed_entry_kind_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
    ]
