"""The pages about rules: a moderator makes one, reads what it would have done, and switches it on."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import BlockRule, Doubt, Letter, ReviewClaim, Signature, User
from letters.moderator.signals.reasons import Reason
from letters.shared.addresses import canonical, hash_address
from letters.shared.tokens import make_handle
from tests.block_rules.test_rules import crowd, signed
from tests.live_signals.conftest import _shares_are_counted_afresh, run_sequencer
from tests.live_signals.test_reasons import OFFICE, several
from tests.people import Response, browser_of, words

__all__ = ["_shares_are_counted_afresh"]

pytestmark = pytest.mark.django_db

NEW = "/moderate/rules/new/"


@pytest.fixture
def desk(letter: Letter, moderator: User) -> Client:
    return browser_of(moderator)


def post(client: Client, url: str = NEW, **fields: str) -> Response:
    last_day = (timezone.now() + timedelta(days=7)).date().isoformat()
    given = {"where": "letter:night-trains", "kind": "name", "about": "Ilse Marwick", "effect": "hold"}
    return client.post(url, {**given, "reason": "spam wave", "last_day": last_day, **fields}, follow=True)


def test_a_moderator_makes_a_rule_reads_what_it_would_have_done_and_switches_it_on(
    desk: Client, letter: Letter
) -> None:
    signed(letter, affiliation="University of Bremen")
    run_sequencer()
    page = words(post(desk))
    assert "Hold: names like “Ilse Marwick”" in page
    assert "It would have held 1" in page
    assert "Ilse Marwick University of Bremen" in page
    made = BlockRule.objects.get()
    assert not made.is_on
    url = f"/moderate/rules/{made.pk}/"
    assert "The rule is on." in words(desk.post(url, {"action": "on"}, follow=True))
    assert "Hold: names like “Ilse Marwick” On spam wave" in words(desk.get("/moderate/rules/"))
    assert "The rule is off." in words(desk.post(url, {"action": "off"}, follow=True))
    assert "The rule has ended." in words(desk.post(url, {"action": "end"}, follow=True))
    assert b"<button class" not in desk.get(url).content.partition(b"<main")[2]
    assert desk.post(url, {"action": "dance"}).status_code == 404


@pytest.mark.parametrize(("number", "said"), [(9, "fewer than 10"), (10, "at least 10"), (19, "at least 10")])
def test_a_rule_about_a_domain_shows_tens_and_no_name(number: int, said: str, desk: Client, letter: Letter) -> None:
    people = crowd(letter, number)
    run_sequencer()
    page = words(post(desk, kind="domain", about="@Firm.example"))
    assert "Hold: domain firm.example" in page
    assert f"It would have held {said}" in page
    assert not any(each.name in page for each in people)


def test_the_number_is_counted_once_so_that_nobody_watches_it_grow(desk: Client, letter: Letter) -> None:
    crowd(letter, 9)
    run_sequencer()
    post(desk, kind="domain", about="firm.example")
    crowd(letter, 1)
    run_sequencer()
    page = words(desk.get(f"/moderate/rules/{BlockRule.objects.get().pk}/"))
    assert "It would have held fewer than 10" in page


def test_the_page_about_one_address_is_the_same_whether_it_has_signed(letter: Letter, warden: User) -> None:
    signed(letter, "ilse@posteo.de")
    run_sequencer()
    desk = browser_of(warden)
    pages = [
        words(post(desk, where="site", kind="address", about=address)) for address in ("ilse@posteo.de", "no@posteo.de")
    ]
    assert pages[0] == pages[1]
    assert "the site shows no numbers" in pages[0]
    assert "posteo" not in pages[0]
    newest = BlockRule.objects.order_by("pk")[0]
    assert bytes(newest.digest or b"") == hash_address(canonical("ilse@posteo.de"))


def test_a_moderator_of_a_collective_cannot_enter_an_address_or_the_site(desk: Client) -> None:
    assert "email address" not in words(desk.get(NEW)).partition("What the rule is about")[2]
    for fields in ({"kind": "address", "about": "ilse@posteo.de"}, {"where": "site"}, {"where": "letter:other"}):
        assert post(desk, **fields).status_code == 422
    assert not BlockRule.objects.exists()


def test_a_rule_about_an_address_is_for_the_site(warden: User, letter: Letter) -> None:
    desk = browser_of(warden)
    assert post(desk, where="letter", letter="nowhere", kind="name").status_code == 422
    assert (
        post(desk, where="letter", letter="https://example.org/letters/night-trains/", kind="name").status_code == 200
    )
    made = BlockRule.objects.get()
    assert (made.letter, made.is_of_site) == (letter, True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"about": ""}, "Enter what the rule is about."),
        ({"about": "*"}, "This would match too many people."),
        ({"about": "a*b*c"}, "Use at most one * in each word."),
        ({"kind": "domain", "about": "firm"}, "Enter a domain like example.org."),
        ({"kind": "domain", "about": "co.uk"}, "Enter a domain like example.org."),
        ({"kind": "domain", "about": "gmail.com"}, "This is a large provider."),
        ({"reason": ""}, "Enter a reason."),
        ({"last_day": "2020-01-01"}, "Enter today or a later day."),
        ({"last_day": ""}, "Enter the last day of the rule"),
    ],
)
def test_the_form_says_what_is_wrong(fields: dict[str, str], said: str, desk: Client) -> None:
    page = post(desk, **fields)
    assert (page.status_code, said in words(page)) == (422, True)


def test_a_rule_about_the_network_of_a_burst_begins_at_one_of_its_signatures(
    desk: Client, letter: Letter, moderator: User, warden: User
) -> None:
    several(letter, 6, **OFFICE)
    run_sequencer()
    burst = Signature.objects.filter(doubt__reasons__contains=[Reason.NETWORK_BURST]).order_by("pk")[0]
    Signature.objects.filter(pk=burst.pk).update(concern="doubtful")
    assert f"{NEW}?burst=" not in desk.get("/moderate/").content.decode()
    assert desk.get(f"{NEW}?burst={make_handle(f'review:{moderator.pk}', burst.pk)}").status_code == 404
    ReviewClaim.objects.all().delete()
    site = browser_of(warden)
    (link,) = [each for each in site.get("/moderate/").content.decode().split('"') if each.startswith(f"{NEW}?burst=")]
    assert "from the same network and type of browser as the burst" in words(site.get(link))
    page = words(post(site, link))
    assert "Hold: the network of a burst" in page
    assert "the site shows no numbers" in page
    made = BlockRule.objects.get()
    assert (made.kind, made.letter, made.is_of_site) == ("network", letter, True)


def test_a_signature_without_a_burst_has_no_network(letter: Letter, warden: User) -> None:
    quiet = signed(letter, **OFFICE)
    run_sequencer()
    assert not Doubt.objects.filter(pk=quiet.pk, reasons__contains=[Reason.NETWORK_BURST]).exists()
    handle = make_handle(f"review:{warden.pk}", quiet.pk)
    more: dict[str, Any] = {"url": f"{NEW}?burst={handle}"}
    page = post(browser_of(warden), **more)
    assert (page.status_code, "This signature is not part of a burst" in words(page)) == (422, True)
