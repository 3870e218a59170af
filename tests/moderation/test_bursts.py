"""Moderators find the signatures of a burst from one of them, and never ask who signed at a place of their choice."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from letters.models import BulkDecision, Doubt, Letter, Signature, SigningTrace, User
from letters.moderator.moderation import queries
from letters.moderator.moderation.forms import SearchForm
from letters.moderator.moderation.tasks import decide_in_bulk
from letters.moderator.signals.reasons import Reason
from letters.shared.tokens import make_handle
from letters.shared.traces import hash_browser, hash_domain, hash_network
from tests.conftest import LetterMaker
from tests.people import NOW, Response, add_confirmed, browser_of, words

pytestmark = pytest.mark.django_db

BURST = [Reason.NETWORK_BURST]


def burst(
    letter: Letter, number: int, network: str = "203.0.113.0/24", browser: str = "firefox on linux", **values: Any
) -> list[Signature]:
    """Add signatures that wait, with traces from one network, and the reason of a burst."""
    before = letter.signatures.count()
    add_confirmed(letter, number, state="held", concern="doubtful", **values)
    added = list(letter.signatures.order_by("pk"))[before:]
    common = {"letter": letter, "network": hash_network(letter.pk, network), "browser": hash_browser(browser)}
    domain = hash_domain(letter.pk, "firm.example")
    SigningTrace.objects.bulk_create(SigningTrace(signature=each, at=NOW, domain=domain, **common) for each in added)
    Doubt.objects.bulk_create(Doubt(signature=each, reasons=BURST, scored_at=NOW) for each in added)
    return added


@pytest.fixture
def desk(letter: Letter, moderator: User) -> Client:
    return browser_of(moderator)


def search(desk: Client, person: User, signature: Signature, kind: str = "network", **more: str) -> Response:
    handle = make_handle(f"review:{person.pk}", signature.pk)
    query = {"letter": "night-trains", "burst": f"{kind}:{handle}", **more}
    page: Response = desk.get("/moderate/search/", query)
    return page


def found(page: Response) -> int:
    assert page.status_code == 200
    return page.content.decode().count('class="review-item"')


def test_a_link_beside_a_signature_leads_to_its_burst_and_to_a_bulk_decision(desk: Client, letter: Letter) -> None:
    burst(letter, 12)
    add_confirmed(letter, 1, state="held")
    links = [each for each in desk.get("/moderate/").content.decode().split('"') if "burst=network" in each]
    page = desk.get(links[0].replace("&amp;", "&"))
    assert found(page) == 12
    assert "Only the signatures of one burst: the same network and type of browser." in words(page)
    (bulk,) = [each for each in page.content.decode().split('"') if "/bulk/?" in each]
    preview = desk.get(bulk.replace("&amp;", "&"))
    assert "12 signatures would be rejected." in words(preview)
    assert "Burst the same network and type of browser" in words(preview)
    desk.post(bulk.replace("&amp;", "&"), {"verb": "reject", "code": "not_a_person"})
    decide_in_bulk()
    done = BulkDecision.objects.get()
    assert (done.state, done.decided) == ("done", 12)
    assert "the same network and type of browser" in words(desk.get(f"/moderate/night-trains/bulk/{done.pk}/"))


@pytest.mark.parametrize("kind", ["network", "domain"])
def test_fewer_than_ten_are_not_shown_counted_or_decided_about(
    kind: str, desk: Client, letter: Letter, moderator: User
) -> None:
    first = burst(letter, 9)[0]
    page = search(desk, moderator, first, kind)
    assert found(page) == 0
    assert "Fewer than 10 signatures of this burst show their name." in words(page)
    handle = make_handle(f"review:{moderator.pk}", first.pk)
    preview = words(desk.get("/moderate/night-trains/bulk/", {"burst": f"{kind}:{handle}"}))
    assert "A decision would not change any of the signatures that match." in preview
    burst(letter, 1)
    assert found(search(desk, moderator, first, kind)) == 10


@pytest.mark.parametrize("display", ["nobody", "organizers"])
def test_people_whose_name_is_withheld_are_neither_found_nor_counted(display: str, letter: Letter) -> None:
    warden = User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)
    desk, first = browser_of(warden), burst(letter, 9)[0]
    burst(letter, 5, display=display)
    assert found(search(desk, warden, first)) == 0
    burst(letter, 3)
    assert found(search(desk, warden, first)) == 12


def test_another_criterion_does_not_lower_the_ten(desk: Client, letter: Letter, moderator: User) -> None:
    """The ten are counted in the whole burst, so a narrower search shows only what the whole list shows."""
    first = burst(letter, 9)[0]
    assert found(search(desk, moderator, first, q="Signer")) == 0
    burst(letter, 1)
    assert found(search(desk, moderator, first, q="Signer 3")) == 1


def test_a_burst_is_that_of_a_network_and_a_type_of_browser(desk: Client, letter: Letter, moderator: User) -> None:
    first = burst(letter, 10)[0]
    burst(letter, 2, network="198.51.100.0/24")
    burst(letter, 3, browser="safari on ios")
    assert found(search(desk, moderator, first)) == 10
    assert found(search(desk, moderator, first, "domain")) == 15


def test_a_type_of_browser_is_searched_for_within_an_hour(desk: Client, letter: Letter, moderator: User) -> None:
    first = burst(letter, 10)[0]
    late = burst(letter, 1)[0]
    SigningTrace.objects.filter(signature=late).update(at=NOW + timedelta(minutes=61))
    Doubt.objects.update(reasons=[Reason.BROWSER_BURST])
    assert found(search(desk, moderator, first, "browser")) == 10


def test_nothing_is_found_from_a_signature_that_did_not_come_with_a_burst(
    desk: Client, letter: Letter, published: LetterMaker, moderator: User
) -> None:
    first = burst(letter, 12)[0]
    assert search(desk, moderator, first, "browser").status_code == 404
    assert search(desk, moderator, first, "country").status_code == 404
    Doubt.objects.update(reasons=[Reason.FAST])
    assert search(desk, moderator, first, "network").status_code == 404
    assert search(desk, moderator, first, "domain").status_code == 404
    Doubt.objects.update(reasons=[Reason.THROWAWAY_DOMAIN])
    assert search(desk, moderator, first, "network").status_code == 404
    assert found(search(desk, moderator, first, "domain")) == 12
    Doubt.objects.update(reasons=BURST)
    nameless = burst(letter, 1, display="nobody")[0]
    assert search(desk, moderator, nameless).status_code == 404
    published("other")
    assert search(desk, moderator, first, letter="other").status_code == 404
    SigningTrace.objects.all().delete()
    assert search(desk, moderator, first).status_code == 404


def test_a_link_works_for_one_person(letter: Letter, moderator: User, organizer: User, desk: Client) -> None:
    first = burst(letter, 12)[0]
    assert search(desk, organizer, first).status_code == 404
    assert search(desk, moderator, first).status_code == 200


def test_no_form_takes_a_network_or_a_browser() -> None:
    fields = SearchForm([], QueryDict("")).fields
    assert {name for name, field in fields.items() if not field.widget.is_hidden} == {
        *["q", "letter", "state", "since", "before", "risk", "concern", "domain"]
    }
    assert queries.LEAST_OF_BURST == 10
