"""Letters wait for the clock, have one unpublished revision at a time, and note what a translation was made from."""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

WAITS = models.CheckConstraint(
    condition=models.Q(("status", "draft"), ("publish_at__isnull", True), _connector="OR"),
    name="letter_waits_only_as_a_draft",
)
# A build that was interrupted leaves an invalid index behind, which IF NOT EXISTS would take for the real one.
ONE = "revision_one_unpublished_a_letter"
BUILD = [
    f"DROP INDEX CONCURRENTLY IF EXISTS {ONE}",
    f"CREATE UNIQUE INDEX CONCURRENTLY {ONE} ON letters_revision (letter_id) WHERE published_at IS NULL",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0013_find_invitations_and_the_record")]

    operations = [
        migrations.AddField("letter", "publish_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "translation", "made_from", models.CharField(blank=True, db_default="", default="", max_length=16)
        ),
        AddConstraintNotValid("letter", WAITS),
        ValidateConstraint("letter", WAITS.name),
        AddIndexConcurrently(
            "letter",
            models.Index(
                fields=["publish_at"],
                name="letter_waits_for_the_clock",
                condition=models.Q(("publish_at__isnull", False)),
            ),
        ),
        migrations.RunSQL(
            BUILD,
            f"DROP INDEX CONCURRENTLY IF EXISTS {ONE}",
            state_operations=[
                migrations.AddConstraint(
                    "revision",
                    models.UniqueConstraint(models.F("letter"), condition=models.Q(("published_at", None)), name=ONE),
                )
            ],
        ),
    ]
