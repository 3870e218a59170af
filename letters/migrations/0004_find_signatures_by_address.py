"""The unique index with the address first, built beside the living table; then it takes the old one's place."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

# A build that was interrupted leaves an invalid index behind, which IF NOT EXISTS would take for the real one.
BUILD = [
    "DROP INDEX CONCURRENTLY IF EXISTS {index}",
    "CREATE UNIQUE INDEX CONCURRENTLY {index} ON letters_signature ({columns})",
    "ALTER TABLE letters_signature ADD CONSTRAINT {index} UNIQUE USING INDEX {index}",
]
NEW = {"index": "signature_address_once_a_letter", "columns": "address_hash, letter_id"}
OLD = {"index": "signature_once_an_address", "columns": "letter_id, address_hash"}


def build(index: dict[str, str]) -> list[str]:
    return [statement.format(**index) for statement in BUILD]


def drop(index: dict[str, str]) -> list[str]:
    return [f"ALTER TABLE letters_signature DROP CONSTRAINT {index['index']}"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0003_concerns_domains_switches")]

    operations = [
        ValidateConstraint("signature", "signature_concern_known"),
        migrations.RunSQL(
            build(NEW),
            drop(NEW),
            state_operations=[
                migrations.AddConstraint(
                    "signature",
                    models.UniqueConstraint(fields=["address_hash", "letter"], name=NEW["index"]),
                )
            ],
        ),
        migrations.RunSQL(
            drop(OLD),
            build(OLD),
            state_operations=[migrations.RemoveConstraint("signature", OLD["index"])],
        ),
    ]
