"""Organizers search the numbered signatures of a letter, the newest first. The index can be made on a live site.

Performance: each signature also has words for the spans of numbers in which its own is, so that a common name is found
among the newest without reading millions. The new index takes the place of `signature_folded_words`.
"""

from django.db import migrations

INDEX = """
CREATE INDEX CONCURRENTLY signature_numbered_words ON letters_signature USING gin ((array_to_tsvector(ARRAY[
    '#' || letter_id::text,
    '#' || letter_id::text || 's' || coalesce(number / 5000, 0)::text,
    '#' || letter_id::text || 'm' || coalesce(number / 500000, 0)::text
]) || to_tsvector('simple', letters_fold(name || ' ' || affiliation))))
WHERE number IS NOT NULL
"""
BEFORE = """
CREATE INDEX CONCURRENTLY signature_folded_words ON letters_signature USING gin ((
    array_to_tsvector(ARRAY['#' || letter_id::text])
    || to_tsvector('simple', letters_fold(name || ' ' || affiliation))
)) WHERE number IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0088_proof_emails_to_delete")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS signature_numbered_words"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS signature_folded_words", BEFORE),
    ]
