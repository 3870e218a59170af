"""Letters without their marks, in web addresses and in the search for signatures."""

import pytest
from django.db import connection

from letters.models import Collective, Letter, User
from letters.organizer.letter_editor.operations import free_slug
from letters.shared.folding import AS_ASCII, without_marks


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Straße für alle", "strasse-fur-alle"),
        ("Łódź dla ludzi", "lodz-dla-ludzi"),
        ("Søren, Æbler og Øl", "soren-aebler-og-ol"),
        ("Đừng bỏ tàu đêm", "dung-bo-tau-dem"),
        ("Þorpið \u0131rmak", "thorpid-irmak"),
        ("ﬁne œuvres", "fine-oeuvres"),
    ],
)
def test_an_address_keeps_every_letter_of_a_title(db: None, title: str, slug: str) -> None:
    assert free_slug(Letter, title) == slug


@pytest.mark.parametrize("title", ["請願書", "أبقوا قطارات الليل", "😀", "!?"])
def test_a_title_without_latin_letters_has_an_address_too(db: None, title: str) -> None:
    assert free_slug(Letter, title).startswith("letter-")


def test_a_collectives_address_keeps_its_letters(organizer: User) -> None:
    from letters.organizer.collectives.operations import create_collective
    from tests.people import NOW

    create_collective(name="Größe für Łódź", by=organizer, now=NOW)
    assert Collective.objects.filter(slug="grosse-fur-lodz").exists()


NAMES = [
    "Nguyễn Văn Đức",
    "Łukasz Żółć",
    "Ærø Øst",
    "Þór Ðalur",
    "ŞULE IŞIK \u0131lgaz",
    "ẞtraẞe ß",
    "Ħal Ŧar Ŋu ĸ",
    "ﬁ ﬂ Ⅷ",
    "Əliyev",
]


@pytest.mark.parametrize("name", [*NAMES, *AS_ASCII])
def test_the_database_folds_letters_as_addresses_do(db: None, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT letters_fold(%s)", [name])
        assert cursor.fetchone()[0] == without_marks(name).casefold()
