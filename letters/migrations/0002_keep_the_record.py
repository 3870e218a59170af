"""What no code may do, the database refuses: a published text does not change, an audit event does not go away."""

from django.db import migrations

PUBLISHED_TEXT = """
CREATE FUNCTION letters_refuse_change_of_published_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM letters_revision WHERE id = OLD.revision_id AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a published text does not change: make a new revision'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER letters_translation_is_kept BEFORE UPDATE OR DELETE ON letters_translation
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_change_of_published_text();
"""

NO_PUBLISHED_TEXT = """
DROP TRIGGER letters_translation_is_kept ON letters_translation;
DROP FUNCTION letters_refuse_change_of_published_text();
"""

AUDIT = """
CREATE FUNCTION letters_refuse_change_of_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are only ever added' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER letters_auditevent_is_kept BEFORE UPDATE OR DELETE ON letters_auditevent
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_change_of_audit_event();
"""

NO_AUDIT = """
DROP TRIGGER letters_auditevent_is_kept ON letters_auditevent;
DROP FUNCTION letters_refuse_change_of_audit_event();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_the_nouns")]

    operations = [
        migrations.RunSQL(PUBLISHED_TEXT, NO_PUBLISHED_TEXT),
        migrations.RunSQL(AUDIT, NO_AUDIT),
    ]
