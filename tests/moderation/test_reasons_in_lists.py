"""A letter's lists of signatures say why the site doubts each of them, as the queue does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.models import BlockRule, Doubt, Letter, User
from letters.moderator.block_rules.operations import RuleWish, make_rule
from letters.moderator.moderation.pages import COARSE
from tests.people import NOW, add_confirmed, add_published, browser_of, ids_of, words

pytestmark = pytest.mark.django_db

WAITING = "/moderate/night-trains/"
PUBLISHED, REJECTED = f"{WAITING}published/", f"{WAITING}rejected/"
LISTS = [(WAITING, "held"), (PUBLISHED, "published"), (REJECTED, "rejected")]
MASH = "The name looks like random keystrokes."


@pytest.fixture
def desk(moderator: User) -> Client:
    """The moderator's browser."""
    return browser_of(moderator)


def add_doubtful(letter: Letter, number: int, *reasons: str, state: str = "held", **values: Any) -> None:
    """Add signatures with these reasons for doubt."""
    if state == "published":
        add_published(letter, number, **values)
    else:
        add_confirmed(letter, number, state=state, **values)
    newest = ids_of(letter)[-number:]
    Doubt.objects.bulk_create(Doubt(signature_id=pk, reasons=list(reasons), scored_at=NOW) for pk in newest)


def rule_of(moderator: User, letter: Letter) -> BlockRule:
    about: dict[str, Any] = {"kind": "name", "text": "Signer", "effect": "hold", "reason": "spam wave"}
    wish = RuleWish(letter=letter, is_of_site=False, ends_at=NOW + timedelta(days=7), **about)
    return make_rule(wish, by=moderator, now=NOW)


@pytest.mark.parametrize(("page", "state"), LISTS)
def test_each_list_says_why_the_site_doubts_a_name(letter: Letter, desk: Client, page: str, state: str) -> None:
    add_doubtful(letter, 2, "keyboard_mash", state=state)
    add_confirmed(letter, 1, state="held")
    assert words(desk.get(page)).count(MASH) == 2


def test_a_reason_that_says_the_same_as_the_concern_is_said_once(letter: Letter, desk: Client) -> None:
    add_doubtful(letter, 1, "throwaway_domain", concern="disposable")
    shown = words(desk.get(WAITING))
    assert "The email address is at a provider of disposable mailboxes." in shown
    assert "Disposable email address" not in shown


@pytest.mark.parametrize(("page", "state"), LISTS)
def test_a_signature_without_a_name_gets_one_coarse_sentence_and_only_before_it_has_a_number(
    letter: Letter, desk: Client, page: str, state: str
) -> None:
    """The lists are in the order of confirmation and show numbers: more would tell when someone signed, and how."""
    add_doubtful(letter, 1, "network_burst", "fast", "unproven", state=state, display="nobody")
    shown = words(desk.get(page))
    assert "no name stored" in shown
    assert [str(each) in shown for each in COARSE.values()] == [False, False, state == "held"]
    assert "network and one type of browser" not in shown


def test_a_numbered_signature_without_a_name_gets_no_reason_when_it_waits_again(letter: Letter, desk: Client) -> None:
    add_doubtful(letter, 1, "reported", state="published", display="nobody")
    letter.signatures.update(concern="reported")
    shown = words(desk.get(WAITING))
    assert "no name stored" in shown
    assert not [each for each in COARSE.values() if str(each) in shown]


def test_a_rule_is_named_to_those_who_may_read_it(letter: Letter, moderator: User, desk: Client) -> None:
    rule = rule_of(moderator, letter)
    add_doubtful(letter, 1, "block_rule", f"rule:{rule.pk}")
    assert "Rule: names like “Signer”, until" in words(desk.get(WAITING))
    BlockRule.objects.update(is_of_site=True)
    shown = words(desk.get(WAITING))
    assert "spam wave" not in shown
    assert "A rule made by moderators holds signatures like this one." in shown


def test_reasons_cost_no_query_for_each_row(letter: Letter, moderator: User, desk: Client) -> None:
    rule = rule_of(moderator, letter)
    counts = []
    for number in (1, 9):
        add_doubtful(letter, number, "keyboard_mash", "block_rule", f"rule:{rule.pk}")
        desk.get(WAITING)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert words(desk.get(WAITING)).count(MASH) >= number
        counts.append(len(queries))
    assert counts[0] == counts[1]
