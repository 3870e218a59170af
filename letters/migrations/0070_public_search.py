"""Readers search the public names of a letter. The index can be made on a live site."""

from django.db import migrations

INDEX = """
CREATE INDEX CONCURRENTLY signature_public_words ON letters_signature USING gin ((array_to_tsvector(ARRAY[
    '#' || letter_id::text,
    '#' || letter_id::text || 's' || (number / 5000)::text,
    '#' || letter_id::text || 'm' || (number / 500000)::text
]) || to_tsvector('simple', letters_fold(name || ' ' || affiliation))))
WHERE number IS NOT NULL AND state = 'published' AND display = 'public'
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0069_block_rules")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS signature_public_words"),
    ]
