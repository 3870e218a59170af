"""Moderators search signatures by words and by time, also those without a number. Each step can run on a live site."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = """
CREATE INDEX CONCURRENTLY signature_folded_words_unnumbered ON letters_signature USING gin ((
    array_to_tsvector(ARRAY['#' || letter_id::text])
    || to_tsvector('simple', letters_fold(name || ' ' || affiliation))
)) WHERE number IS NULL AND state IN ('held', 'rejected')
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0054_site_lists")]

    operations = [
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.F("state"),
                models.F("confirmed_at"),
                models.F("id"),
                name="signature_moderated",
                condition=models.Q(("confirmed_at__isnull", False), ("state__in", ["held", "published", "rejected"])),
            ),
        ),
        AddIndexConcurrently(
            model_name="signature",
            index=models.Index(
                models.F("letter"),
                models.F("confirmed_at"),
                models.F("id"),
                name="signature_numbered_in_queue",
                condition=models.Q(
                    ("confirmed_at__isnull", False),
                    models.Q(
                        models.Q(("state", "published"), models.Q(("concern", ""), _negated=True)),
                        models.Q(("concern", "recheck"), ("state", "rejected")),
                        _connector="OR",
                    ),
                ),
            ),
        ),
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS signature_folded_words_unnumbered"),
    ]
