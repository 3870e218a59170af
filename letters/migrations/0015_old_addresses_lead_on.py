"""The addresses that letters had. That none is ever another letter's is asked after the writing: whoever waited for
somebody else's transaction, to have the address that it left, then finds it here.
"""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
CREATE FUNCTION letters_refuse_a_taken_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM letters_oldslug AS former JOIN letters_letter AS letter ON letter.slug = former.slug
        WHERE former.slug = NEW.slug AND letter.id <> former.letter_id
    ) THEN
        RAISE EXCEPTION 'old_slug_is_no_other_letters: the address was, or is, that of another letter'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER letters_letter_slug_is_free AFTER INSERT OR UPDATE OF slug ON letters_letter
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_a_taken_slug();
CREATE TRIGGER letters_oldslug_is_its_own AFTER INSERT OR UPDATE ON letters_oldslug
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_a_taken_slug();
"""

NOT_KEPT = """
DROP TRIGGER letters_letter_slug_is_free ON letters_letter;
DROP TRIGGER letters_oldslug_is_its_own ON letters_oldslug;
DROP FUNCTION letters_refuse_a_taken_slug();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0014_letters_wait_and_are_written_anew")]

    operations = [
        migrations.CreateModel(
            "OldSlug",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("created_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="old_slugs", to="letters.letter"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
    ]
