"""Database rules that no code can break.

A published text, the picture above it and an audit event never change. A slug that a letter has had never belongs to
another letter: the trigger checks after the write, so a transaction that waited for another one finds its row.
"""

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

COVER_AND_PICTURE = """
CREATE FUNCTION letters_refuse_change_of_published_cover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what stands above a published text does not change: make a new revision'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER letters_revision_cover_is_kept BEFORE UPDATE OF cover_id, cover_alt ON letters_revision
    FOR EACH ROW WHEN (
        OLD.published_at IS NOT NULL
        AND (OLD.cover_id IS DISTINCT FROM NEW.cover_id OR OLD.cover_alt IS DISTINCT FROM NEW.cover_alt)
    ) EXECUTE FUNCTION letters_refuse_change_of_published_cover();
CREATE FUNCTION letters_refuse_change_of_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a picture does not change: add another one' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER letters_picture_is_kept BEFORE UPDATE OF digest, width, height, "full", small ON letters_picture
    FOR EACH ROW WHEN (
        (OLD.digest, OLD.width, OLD.height, OLD."full", OLD.small)
        IS DISTINCT FROM (NEW.digest, NEW.width, NEW.height, NEW."full", NEW.small)
    ) EXECUTE FUNCTION letters_refuse_change_of_picture();
"""

NO_COVER_AND_PICTURE = """
DROP TRIGGER letters_picture_is_kept ON letters_picture;
DROP FUNCTION letters_refuse_change_of_picture();
DROP TRIGGER letters_revision_cover_is_kept ON letters_revision;
DROP FUNCTION letters_refuse_change_of_published_cover();
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

SLUG = """
CREATE FUNCTION letters_refuse_a_taken_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM letters_formerslug AS former JOIN letters_letter AS letter ON letter.slug = former.slug
        WHERE former.slug = NEW.slug AND letter.id <> former.letter_id
    ) THEN
        RAISE EXCEPTION 'former_slug_is_no_other_letters: the address was, or is, that of another letter'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER letters_letter_slug_is_free AFTER INSERT OR UPDATE OF slug ON letters_letter
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_a_taken_slug();
CREATE TRIGGER letters_formerslug_is_its_own AFTER INSERT OR UPDATE ON letters_formerslug
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_a_taken_slug();
"""

NO_SLUG = """
DROP TRIGGER letters_letter_slug_is_free ON letters_letter;
DROP TRIGGER letters_formerslug_is_its_own ON letters_formerslug;
DROP FUNCTION letters_refuse_a_taken_slug();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_initial")]

    operations = [
        migrations.RunSQL(PUBLISHED_TEXT, NO_PUBLISHED_TEXT),
        migrations.RunSQL(COVER_AND_PICTURE, NO_COVER_AND_PICTURE),
        migrations.RunSQL(AUDIT, NO_AUDIT),
        migrations.RunSQL(SLUG, NO_SLUG),
    ]
