"""The menu of signed-in people: it leads only to pages that this person may open, and marks the page."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Export, Letter, Signature, State, User
from letters.moderator.moderation.queries import number_waiting, scope_of, waiting_in
from tests.people import NOW, add_confirmed, add_published, browser_of, publish, words

pytestmark = pytest.mark.django_db

LETTER = "/organize/letters/night-trains/"


def menu_of(browser: Client, page: str) -> list[str]:
    found = re.search(r'<nav class="menu".*?</nav>', browser.get(page).content.decode(), re.DOTALL)
    assert found
    return re.findall(r'<a href="([^"]+)"', found[0])


@pytest.mark.parametrize("part", ["organizer", "teammate", "moderator", "stranger"])
@pytest.mark.parametrize("page", [f"{LETTER}dashboard/", "/organize/collectives/night-train/", "/organize/"])
def test_it_leads_only_to_pages_that_the_person_may_open(
    letter: Letter, part: str, page: str, request: pytest.FixtureRequest
) -> None:
    browser = browser_of(request.getfixturevalue(part))
    if browser.get(page).status_code == 404:
        assert part == "stranger"
        return
    links = [link for link in menu_of(browser, page) if link not in ("/accounts/logout/", "/accounts/password/change/")]
    assert len(links) > 3
    assert {link: browser.get(link).status_code for link in links if browser.get(link).status_code != 200} == {}


def test_editors_and_moderators_see_their_own_pages(letter: Letter, teammate: User, moderator: User) -> None:
    editor = menu_of(browser_of(teammate), f"{LETTER}dashboard/")
    reviewer = menu_of(browser_of(moderator), f"{LETTER}dashboard/")
    assert f"{LETTER}settings/" in editor
    assert "/moderate/night-trains/" not in editor
    assert "/moderate/night-trains/" in reviewer
    assert f"{LETTER}settings/" not in reviewer


def test_a_page_below_marks_the_one_above(letter: Letter, organizer: User) -> None:
    page = browser_of(organizer).get(f"{LETTER}updates/new/").content.decode()
    assert f'<a href="{LETTER}updates/" aria-current="true">' in page
    assert page.count('aria-current="page"') == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Live"),
        ({"status": "closed", "closed_at": NOW}, "Closed"),
        ({"status": "withdrawn"}, "Withdrawn"),
        ({"status": "draft"}, "Draft"),
        ({"status": "draft", "publish_at": NOW}, "Scheduled"),
        ({"status": "draft", "publish_at": NOW, "publish_refused": "not_cleared"}, "Delayed"),
    ],
)
def test_the_state_of_the_letter_is_on_every_page(
    letter: Letter, organizer: User, changes: dict[str, object], said: str
) -> None:
    Letter.objects.update(**changes)
    page = browser_of(organizer).get(f"{LETTER}dashboard/").content.decode()
    assert re.search(r'<b class="chip \w+">(\w+)</b>', page)[1] == said  # type: ignore[index]


# Names


def test_a_new_person_is_asked_once_for_a_name(organizer: User) -> None:
    User.objects.update(name="")
    browser, question = browser_of(organizer), "What does your team call you?"
    assert question in words(browser.get("/organize/"))
    page = browser.post("/organize/collectives/", {"asked": "1", "later": "1", "name": "Olga"}, follow=True)
    assert page.redirect_chain == [("/organize/", 302)]
    assert question not in words(page)
    organizer.refresh_from_db()
    assert organizer.name == ""


def test_not_now_holds_in_other_browsers_and_for_three_months(organizer: User) -> None:
    User.objects.update(name="")
    question = "What does your team call you?"
    browser_of(organizer).post("/organize/collectives/", {"asked": "1", "later": "1"})
    assert question not in words(browser_of(organizer).get("/organize/"))
    User.objects.update(put_off_name_at=timezone.now() - timedelta(days=91))
    assert question in words(browser_of(organizer).get("/organize/"))


def test_the_answer_is_their_name(organizer: User) -> None:
    User.objects.update(name="")
    page = browser_of(organizer).post("/organize/collectives/", {"asked": "1", "name": "Olga"}, follow=True)
    assert "What does your team call you?" not in words(page)
    organizer.refresh_from_db()
    assert organizer.name == "Olga"


def test_a_person_with_a_name_is_not_asked(organizer: User) -> None:
    assert "What does your team call you?" not in words(browser_of(organizer).get("/organize/"))


def test_the_page_of_files_shows_nobodys_address(letter: Letter, organizer: User, teammate: User) -> None:
    Export.objects.create(
        letter=letter, asked_by=organizer, kind="signatures", format="csv", created_at=NOW, next_attempt_at=NOW
    )
    for name, said in {"Olga": "Requested by Olga on", "": "Requested on"}.items():
        User.objects.filter(pk=organizer.pk).update(name=name)
        text = words(browser_of(teammate).get(f"{LETTER}exports/"))
        assert said in text
        assert organizer.email not in text
    assert "Requested by you on" in words(browser_of(organizer).get(f"{LETTER}exports/"))


# Sorting


def test_letters_can_be_sorted(letter: Letter, organizer: User) -> None:
    browser = browser_of(organizer)
    for order in ("newest", "title", "signatures", "nonsense"):
        assert "Keep the night trains running" in words(browser.get("/organize/", {"order": order}))


def test_signatures_can_be_listed_from_either_end(letter: Letter, organizer: User) -> None:
    add_published(letter, 60)
    browser, page = browser_of(organizer), f"{LETTER}signatures/"
    numbers = {order: _numbers(browser, f"{page}?order={order}") for order in ("newest", "oldest")}
    assert numbers == {"newest": list(range(60, 10, -1)), "oldest": list(range(1, 51))}
    onward = re.search(r'rel="next" href="([^"]+)"', browser.get(f"{page}?order=oldest").content.decode())
    assert onward
    assert _numbers(browser, page + onward[1].replace("&amp;", "&")) == list(range(51, 61))


def _numbers(browser: Client, page: str) -> list[int]:
    return [int(each) for each in re.findall(r'class="number">(\d+)<', browser.get(page).content.decode())]


@pytest.mark.parametrize("person", ["organizer", "moderator", "warden"])
def test_the_menu_says_how_many_signatures_wait(letter: Letter, request: pytest.FixtureRequest, person: str) -> None:
    who = User.objects.create_user("w@example.org", moderates_site=True)
    desk = browser_of(who if person == "warden" else request.getfixturevalue(person))
    assert "Signatures to review 0" not in words(desk.get("/organize/collectives/"))
    Letter.objects.update(awaiting_review=3)
    assert "Signatures to review 3 3 to review" in words(desk.get("/organize/collectives/"))


def test_nobody_reads_there_how_many_wait_at_letters_of_others(letter: Letter, stranger: User, teammate: User) -> None:
    Letter.objects.update(awaiting_review=3)
    for person in (stranger, teammate):
        assert "to review 3" not in words(browser_of(person).get("/organize/collectives/"))


def test_the_number_of_the_menu_is_that_of_the_review_queue(letter: Letter, organizer: User) -> None:
    """Signatures with a number can wait, too: because a reader reported one, or because it changed."""
    warden = User.objects.create_user("warden@example.org", moderates_site=True)
    add_published(letter, 3)
    add_confirmed(letter, 2, state=State.HELD)
    publish()
    Signature.objects.filter(number=1).update(concern="reported")
    Signature.objects.filter(number=2).update(concern="recheck", state=State.REJECTED)
    for person in (organizer, warden):
        assert waiting_in(scope_of(person)) == 4
        assert "Signatures to review 4" in words(browser_of(person).get("/organize/"))
    assert number_waiting(letter) == 4
    assert "Review 4 4 to review" in words(browser_of(organizer).get(f"{LETTER}dashboard/"))
    assert "4 to review" in words(browser_of(organizer).get("/moderate/"))
