"""The picture above a letter belongs to its text, and changes no more once readers have it; nor does a picture itself.

Letter.cover goes from the models only. Its column stays, empty, for processes that still ask for it; a later release
drops it. Texts that are published keep the fingerprint under which people know them, without the picture.
"""

import hashlib
import unicodedata

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MOVE = """
UPDATE letters_revision AS revision SET cover_id = picture.id, cover_alt = picture.alt
FROM letters_letter AS letter JOIN letters_picture AS picture ON picture.id = letter.cover_id
WHERE revision.letter_id = letter.id AND (revision.id = letter.current_revision_id OR revision.published_at IS NULL);
UPDATE letters_letter SET cover_id = NULL WHERE cover_id IS NOT NULL;
"""
MOVE_BACK = """
UPDATE letters_letter AS letter SET cover_id = revision.cover_id
FROM letters_revision AS revision WHERE revision.id = letter.current_revision_id AND revision.cover_id IS NOT NULL;
"""

KEPT = """
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
NOT_KEPT = """
DROP TRIGGER letters_picture_is_kept ON letters_picture;
DROP FUNCTION letters_refuse_change_of_picture();
DROP TRIGGER letters_revision_cover_is_kept ON letters_revision;
DROP FUNCTION letters_refuse_change_of_published_cover();
"""


def fingerprint_what_is_written(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of texts that nobody outside has read: with the picture above them."""
    translations = apps.get_model("letters", "Translation").objects
    for text in translations.filter(revision__published_at=None, revision__cover__isnull=False).iterator():
        revision = text.revision
        parts = [text.title, text.addressee, text.body, revision.cover.digest, revision.cover_alt]
        whole = "\0".join(unicodedata.normalize("NFC", part).replace("\r\n", "\n") for part in parts)
        text.sha256 = hashlib.sha256(whole.encode()).digest()
        text.save(update_fields=["sha256"])


class Migration(migrations.Migration):
    dependencies = [("letters", "0037_count_what_an_account_uploads")]

    operations = [
        migrations.AddField(
            "revision",
            "cover",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="letters.picture",
            ),
        ),
        migrations.AddField(
            "revision", "cover_alt", models.CharField(blank=True, db_default="", default="", max_length=300)
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RunPython(fingerprint_what_is_written, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("letter", "cover")]),
    ]
