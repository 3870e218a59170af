"""Let search ignore marks: "nguyen" finds Nguyễn, "lodz" finds Łódź, and any apostrophe finds O'Brien.

One function folds text for the index and for searches. It does not depend on the collation of the database, except for
capital letters of rare scripts. The index contains the letter's id as a word that no search can match.
"""

from django.db import migrations

FOLD = r"""
CREATE OR REPLACE FUNCTION letters_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT btrim(regexp_replace(
    lower(
        replace(replace(replace(replace(
            translate(
                regexp_replace(
                    normalize(words, NFKD),
                    '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u064b-\u065f\u0670]', '', 'g'
                ),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ' || 'ẞÆŒÞ' || 'ØøŁłĐđÐðĦħŦŧŊŋıĸƏə'
                || 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς' || 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЃЄЅІЇЈЉЊЋЌЎЏҐ',
                'abcdefghijklmnopqrstuvwxyz' || 'ßæœþ' || 'oollddddhhttnnikee'
                || 'αβγδεζηθικλμνξοπρστυφχψωσ' || 'абвгдежзийклмнопрстуфхцчшщъыьэюяђѓєѕіїјљњћќўџґ'
            ),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
    ),
    '[\s\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\u02b9-\u02bd\u02c8\u055a\u05f3\u2018-\u201b\u2032]+', ' ', 'g'
))
$$
"""

INDEX = """
CREATE INDEX signature_folded_words ON letters_signature USING gin ((
    array_to_tsvector(ARRAY['#' || letter_id::text])
    || to_tsvector('simple', letters_fold(name || ' ' || affiliation))
)) WHERE number IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0002_rules_in_the_database")]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION letters_fold(text)"),
        migrations.RunSQL(INDEX, "DROP INDEX signature_folded_words"),
    ]
