"""Readers list everyone of one affiliation on a letter. The index can be made on a live site."""

from django.db import migrations

INDEX = """
CREATE INDEX CONCURRENTLY signature_public_affiliation
ON letters_signature (letter_id, hashtextextended(letters_fold(affiliation), 0), number)
WHERE number IS NOT NULL AND state = 'published' AND display = 'public' AND affiliation <> ''
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0103_personal_tokens")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY IF EXISTS signature_public_affiliation"),
    ]
