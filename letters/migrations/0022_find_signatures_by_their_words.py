"""What organizers look for among a million signatures. Only those with a number: who signs does not pay for it."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

WORDS = """
CREATE INDEX CONCURRENTLY signature_words ON letters_signature
USING gin (to_tsvector('simple', 'letter' || letter_id::text || ' ' || name || ' ' || affiliation))
WHERE number IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0021_tally_what_the_sequencer_does")]

    operations = [
        migrations.RunSQL(WORDS, "DROP INDEX CONCURRENTLY signature_words"),
        # In place of one without the id: a list of a million that wait is read by pages, not sorted.
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                models.F("state"),
                models.F("id"),
                name="signature_underway",
                condition=models.Q(state__in=["pending", "held"]),
            ),
        ),
        RemoveIndexConcurrently("signature", "signature_awaiting"),
        AddIndexConcurrently(
            "signature",
            models.Index(
                models.F("letter"),
                models.F("state"),
                models.F("id"),
                name="signature_gone",
                condition=models.Q(state__in=["rejected", "withdrawn"]),
            ),
        ),
    ]
