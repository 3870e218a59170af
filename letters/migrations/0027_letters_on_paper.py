"""Exports of one more kind, the letter with its signatories as a PDF, in one of its languages.

Whatever is checked or built here is so beside the living table.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

KINDS = [
    ("signatures", "Published signatures"),
    ("contacts", "Addresses of those who agreed to be written to"),
    ("letter", "The letter with its signatories"),
]
FORMATS = [("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("pdf", "PDF")]
KNOWN = {
    "export_kind_known": Q(kind__in=["signatures", "contacts", "letter"]),
    "export_format_known": Q(format__in=["csv", "xlsx", "pdf"]),
}
OF_A_LETTER = models.CheckConstraint(
    condition=(Q(kind="letter", format="pdf") & ~Q(language=""))
    | (~Q(kind="letter") & ~Q(format="pdf") & Q(language="")),
    name="export_of_a_letter_is_a_pdf",
)
# A build that was interrupted leaves an invalid index behind, which IF NOT EXISTS would take for the real one.
ONE = "export_one_at_a_time"
BUILD = [
    f"DROP INDEX CONCURRENTLY IF EXISTS {ONE}",
    f"""
    CREATE UNIQUE INDEX CONCURRENTLY {ONE} ON letters_export (letter_id, kind, format, language)
    WHERE finished_at IS NULL AND failed_at IS NULL
    """,
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0026_record_handovers")]

    operations = [
        migrations.AlterField("export", "kind", models.CharField(choices=KINDS, max_length=10)),
        migrations.AlterField("export", "format", models.CharField(choices=FORMATS, max_length=4)),
        migrations.AddField(
            "export", "language", models.CharField(blank=True, db_default="", default="", max_length=12)
        ),
        *(
            operation
            for name, condition in KNOWN.items()
            for operation in (
                migrations.RemoveConstraint("export", name),
                AddConstraintNotValid("export", models.CheckConstraint(condition=condition, name=name)),
                ValidateConstraint("export", name),
            )
        ),
        AddConstraintNotValid("export", OF_A_LETTER),
        ValidateConstraint("export", OF_A_LETTER.name),
        migrations.RunSQL(
            BUILD,
            f"DROP INDEX CONCURRENTLY IF EXISTS {ONE}",
            state_operations=[
                migrations.AddConstraint(
                    "export",
                    models.UniqueConstraint(
                        fields=["letter", "kind", "format", "language"],
                        condition=Q(finished_at__isnull=True, failed_at__isnull=True),
                        name=ONE,
                    ),
                )
            ],
        ),
        # The index that this one replaces: it knows of no languages.
        migrations.RemoveConstraint("export", "export_once_at_a_time"),
        # On the way back, rows that the older constraints refuse; their files go with the next tidying.
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM letters_export WHERE kind = 'letter'"),
    ]
