"""Whoever filled in a field of their own accord may empty it, also if the letter requires it of others by now.

The record says when the form was changed last. It names the fields and not their values, so for what is required now
that was the moment from which it is.
"""

from django.db import migrations, models

FROM_THE_RECORD = """
UPDATE letters_letter AS letter SET required_since = found.since FROM (
    SELECT object_id, jsonb_object_agg(substr(field, 5), at) AS since FROM (
        SELECT event.object_id, field, max(event.at) AS at
        FROM letters_auditevent AS event
        CROSS JOIN LATERAL jsonb_array_elements_text(event.details -> 'changed') AS field
        JOIN letters_letter AS about ON about.id = event.object_id
        WHERE event.verb = 'set_up_letter' AND event.object_kind = 'letter'
            AND jsonb_typeof(event.details -> 'changed') = 'array'
            AND (field = 'ask_affiliation' AND about.ask_affiliation = 'required'
                OR field = 'ask_role' AND about.ask_role = 'required'
                OR field = 'ask_country' AND about.ask_country = 'required'
                OR field = 'ask_comment' AND about.ask_comment = 'required')
        GROUP BY event.object_id, field
    ) AS changes GROUP BY object_id
) AS found
WHERE found.object_id = letter.id
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0048_whoever_is_asked_about_gets_an_email")]

    operations = [
        migrations.AddField("letter", "required_since", models.JSONField(blank=True, null=True)),
        migrations.RunSQL(FROM_THE_RECORD, migrations.RunSQL.noop),
    ]
