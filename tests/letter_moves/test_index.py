"""An index finds the names that keep a large letter where it is."""

import pytest
from django.db import connection

from letters.models import Letter, SignatureQuerySet
from letters.organizer.letter_moves.queries import may_become_for_organizers, names_for_organizers
from tests.people import NOW

pytestmark = pytest.mark.django_db

FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, signed_at, confirmed_at, published_at)
SELECT %(letter)s, %(revision)s, 'en', 'Signer ' || n, '', '', '', '', 'public', 'published', 'link', '', n, true,
    %(now)s, %(now)s, %(now)s
FROM generate_series(1, 50000) AS n
"""


@pytest.fixture
def large(letter: Letter) -> Letter:
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW})
        cursor.execute("ANALYZE letters_signature")
    return letter


def how(signatures: SignatureQuerySet) -> str:
    return signatures.order_by().explain()


def test_an_index_shows_that_a_letter_has_no_name_for_organizers(large: Letter) -> None:
    assert not names_for_organizers(large).exists()
    # Each of the two holds only such names.
    plan = how(names_for_organizers(large))
    assert "signature_entrusted" in plan or "signature_for_organizers" in plan
    assert "signature_underway" in how(may_become_for_organizers(large))


def test_the_index_finds_what_the_rule_says(large: Letter) -> None:
    last = large.signatures.latest("pk")
    for state in ("confirmed", "held", "published", "rejected"):
        large.signatures.filter(pk=last.pk).update(
            state=state, display="organizers", number=None if state in {"confirmed", "held"} else 50_000, counted=False
        )
        assert names_for_organizers(large).get() == last
