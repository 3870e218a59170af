"""Numbers by country and by domain: true in the large, and silent about one person."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from letters.models import Breakdown, Letter, Signature, User, renewed_groups
from letters.organizer.letter_editor.operations import set_up_letter
from letters.public.public_pages.tasks import renew_breakdowns
from letters.schedule import SCHEDULE
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, browser_of, words

pytestmark = pytest.mark.django_db
TOLD = "This letter shows how many people sign from each country and email domain"


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    """The letter: it shows numbers by country and domain."""
    return published(breakdown_public=True, ask_country="optional")


def renew(days: int = 0) -> None:
    renew_breakdowns(now=NOW + timedelta(days=days))


def shown(letter: Letter, kind: str = "country") -> dict[str, int]:
    row = Breakdown.objects.filter(letter=letter, kind=kind).first()
    return dict(row.shown) if row else {}


def test_readers_see_groups_of_at_least_ten_in_tens(letter: Letter, reader: Reader) -> None:
    add_published(letter, 23, country="IT")
    add_published(letter, 12, country="DE")
    add_published(letter, 9, country="LU")
    add_published(letter, 7, country="MT")
    add_published(letter, 5)
    renew()
    said = words(reader.get(letter.url_of("breakdown")))
    assert "Italy 20 Germany 10 others 10 As of March 3, 2025." in said
    assert "Luxembourg" not in said
    assert "Germania 10" in words(reader.get(letter.url_of("breakdown", "it")))
    data = reader.get(letter.url_of("breakdown_json")).json()
    assert data["countries"] == {
        "groups": [{"value": "IT", "at_least": 20}, {"value": "DE", "at_least": 10}],
        "others_at_least": 10,
        "as_of": "2025-03-03",
    }
    assert "Signatures by country" in words(reader.get(letter.url_of("signatures")))


@pytest.mark.parametrize("country", ["IT", "DE", "FR"])
def test_the_list_says_of_nobody_where_they_are(letter: Letter, reader: Reader, country: str) -> None:
    """A filter would, also one that knows only large groups: of all whom it shows, and of all whom it leaves out."""
    add_published(letter, 12, country="IT")
    add_published(letter, 2, country="DE")
    renew()
    asked = f"?country={country}"
    for page in (letter.url_of("signatures"), f"/letters/{letter.slug}/signatures.json"):
        assert reader.get(page + asked).content == reader.get(page).content


def test_domains_are_those_that_signers_show(letter: Letter, reader: Reader) -> None:
    add_published(letter, 31, domain="uni.example")
    add_published(letter, 9, domain="small.example")
    renew()
    assert shown(letter, "domain") == {"uni.example": 30}
    data = reader.get(letter.url_of("breakdown_json")).json()
    assert data["domains"]["groups"] == [{"value": "uni.example", "at_least": 30}]
    assert "small.example" not in reader.get(letter.url_of("breakdown")).content.decode()


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_whoever_withholds_the_name_is_in_no_number(letter: Letter, display: str) -> None:
    add_published(letter, 19, country="IT", domain="uni.example")
    add_published(letter, 40, country="IT", domain="uni.example", display=display)
    renew()
    assert shown(letter) == {"IT": 10}
    assert shown(letter, "domain") == {"uni.example": 10}


def test_one_more_person_moves_no_number(letter: Letter) -> None:
    """The twentieth Italian would be seen in the number of that day, beside one new name."""
    add_published(letter, 19, country="IT")
    renew()
    version = Letter.objects.get().version
    add_published(letter, 1, country="IT")
    before = Letter.objects.get().version
    renew(1)
    assert shown(letter) == {"IT": 10}
    assert Letter.objects.get().version == before > version, "no new version says that something has happened"


def test_ten_more_people_renew_the_numbers(letter: Letter) -> None:
    add_published(letter, 19, country="IT")
    renew()
    add_published(letter, 4, country="IT")
    add_published(letter, 6, country="DE")
    renew(1)
    assert shown(letter) == {"IT": 20}
    assert Breakdown.objects.get(kind="country").renewed_on == (NOW + timedelta(days=1)).date()


def test_people_without_a_country_do_not_make_it_due(letter: Letter) -> None:
    add_published(letter, 19, country="IT")
    renew()
    add_published(letter, 1, country="IT")
    add_published(letter, 50)
    add_published(letter, 50, display="organizers", country="IT")
    renew(1)
    assert shown(letter) == {"IT": 10}


def test_one_withdrawal_is_never_seen(letter: Letter) -> None:
    add_published(letter, 20, country="IT")
    add_published(letter, 30, country="DE")
    renew()
    gone = Signature.objects.filter(country="IT").values_list("pk", flat=True)[:1]
    Signature.objects.filter(pk__in=list(gone)).update(country="")
    add_published(letter, 10, country="DE")
    renew(1)
    assert shown(letter) == {"IT": 20, "DE": 40}


def test_many_removals_are_seen_once_ten_are_gone(letter: Letter) -> None:
    add_published(letter, 45, country="IT")
    renew()
    gone = list(Signature.objects.values_list("pk", flat=True)[:30])
    Signature.objects.filter(pk__in=gone).update(country="")
    renew(1)
    assert shown(letter) == {"IT": 10}


def test_no_number_stays_when_almost_everyone_has_left(letter: Letter, reader: Reader) -> None:
    add_published(letter, 100, country="IT", domain="uni.example")
    renew()
    stay = list(Signature.objects.values_list("pk", flat=True)[:5])
    Signature.objects.exclude(pk__in=stay).update(display="organizers")
    renew(1)
    assert shown(letter) == shown(letter, "domain") == {}
    assert reader.get(letter.url_of("breakdown_json")).json()["countries"]["groups"] == []


def test_a_flood_that_moderators_removed_leaves_no_group(letter: Letter) -> None:
    add_published(letter, 30, country="IT", domain="uni.example")
    add_published(letter, 12, country="VA", domain="flood.example")
    renew()
    assert shown(letter) == {"IT": 30, "VA": 10}
    Signature.objects.filter(country="VA").update(state="rejected", counted=False)
    renew(1)
    assert shown(letter) == {"IT": 30}
    assert shown(letter, "domain") == {"uni.example": 30}


def test_a_group_of_which_one_is_left_stays_until_ten_are_gone(letter: Letter) -> None:
    add_published(letter, 30, country="IT")
    add_published(letter, 10, country="VA")
    renew()
    gone = list(Signature.objects.filter(country="VA").values_list("pk", flat=True)[:9])
    Signature.objects.filter(pk__in=gone).update(display="organizers")
    add_published(letter, 10, country="IT")
    renew(1)
    assert shown(letter) == {"IT": 40, "VA": 10}


groups = st.dictionaries(st.sampled_from(["IT", "DE", "FR", ""]), st.integers(0, 90))


@given(groups, groups)
def test_a_number_falls_only_when_ten_are_gone_and_is_never_below_ten(
    before: dict[str, int], after: dict[str, int]
) -> None:
    first = renewed_groups({}, before)
    second = renewed_groups(first, after)
    for group, number in first.items():
        now = second.get(group, 0)
        assert now >= number or number - after.get(group, 0) >= 10
    assert all(number >= 10 and number % 10 == 0 for number in second.values())


def test_everyone_who_signs_reads_it_on_the_form_first(
    letter: Letter, draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    assert TOLD in words(reader.get(letter.get_absolute_url()))
    assert "Questa lettera mostra quante persone firmano" in words(reader.get(letter.get_absolute_url("it")))
    Letter.objects.filter(pk=letter.pk).update(breakdown_public=False)
    with pytest.raises(Refused, match="breakdown_too_late"):
        set_up_letter(letter, values={"breakdown_public": True}, by=organizer, now=NOW)
    other = draft(slug="other")
    set_up_letter(other, values={"breakdown_public": True}, by=organizer, now=NOW)
    assert Letter.objects.get(slug="other").breakdown_public


def test_it_is_too_late_once_someone_was_invited_to_sign_first(draft: LetterMaker, organizer: User) -> None:
    other = draft(slug="other")
    invited = {
        "revision": other.revisions.get(),
        "language": "en",
        "state": "invited",
        "is_first": True,
        "display": "public",
    }
    Signature.objects.create(letter=other, name="Ada", salt=bytes(8), address_hash=bytes(32), signed_at=NOW, **invited)
    with pytest.raises(Refused, match="breakdown_too_late"):
        set_up_letter(other, values={"breakdown_public": True}, by=organizer, now=NOW)


def test_the_form_for_organizers_says_why_it_is_too_late(published: LetterMaker, organizer: User) -> None:
    letter = published()
    page = browser_of(organizer).get(f"/organize/letters/{letter.slug}/settings/")
    assert "Show how many sign from each country and email domain" in words(page)


def test_a_letter_that_was_not_switched_on_shows_and_says_nothing(published: LetterMaker, reader: Reader) -> None:
    letter = published(ask_country="optional")
    add_published(letter, 30, country="IT")
    renew()
    assert not Breakdown.objects.exists()
    assert TOLD not in words(reader.get(letter.get_absolute_url()))
    assert reader.get(letter.url_of("breakdown")).status_code == 404
    assert reader.get(letter.url_of("breakdown_json")).status_code == 404


def test_switching_it_off_deletes_the_numbers(letter: Letter, organizer: User, reader: Reader) -> None:
    add_published(letter, 30, country="IT")
    renew()
    set_up_letter(letter, values={"breakdown_public": False}, by=organizer, now=NOW)
    assert not Breakdown.objects.exists()
    assert reader.get(letter.url_of("breakdown")).status_code == 404


def test_a_letter_that_names_nobody_yet_shows_none(letter: Letter, reader: Reader) -> None:
    add_published(letter, 30, country="IT")
    Letter.objects.filter(pk=letter.pk).update(names_from=20, closes_at=NOW + timedelta(days=9))
    renew()
    assert not Breakdown.objects.exists()
    assert reader.get(letter.url_of("breakdown")).status_code == 404


def test_a_page_counts_nothing_and_a_day_costs_one_pass(letter: Letter, reader: Reader) -> None:
    add_published(letter, 30, country="IT", domain="uni.example")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        renew()
    passes = [query["sql"] for query in queries if "GROUPING SETS" in query["sql"]]
    assert len(passes) == 1
    with CaptureQueriesContext(connection) as queries:
        reader.get(letter.url_of("breakdown"))
    assert not [query for query in queries if "letters_signature" in query["sql"]]
    assert SCHEDULE["renew the public numbers by country and domain"]["task"] == "letters.renew_breakdowns"
