"""The public account of moderation: true in the large, and silent about one signature."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from letters.models import Letter, ModerationAccount, ReviewDecision, Signature, StoredAccount, User
from letters.moderator.moderation.operations import accept_signatures, hold_signatures, reject_signatures
from letters.moderator.moderation.operations import restore_signatures as restore
from letters.moderator.public_account.operations import renew_account, signatures_moved
from letters.moderator.public_account.queries import letters_to_renew
from letters.moderator.public_account.tasks import renew_accounts
from letters.shared.numbers import up_to_step
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_confirmed, add_published, ids_of, publish, words

pytestmark = pytest.mark.django_db

Remove = Callable[..., None]


@pytest.fixture
def remove(letter: Letter, moderator: User) -> Remove:
    """Remove published signatures, from the `first` on, for a reason."""

    def removing(number: int, code: str, *, first: int = 0) -> None:
        ids = list(letter.signatures.filter(state="published").order_by("pk").values_list("pk", flat=True))
        reject_signatures(letter, ids[first : first + number], reason="", code=code, by=moderator, now=NOW)
        publish()

    return removing


def renewed(letter: Letter, **when: Any) -> ModerationAccount:
    renew_account(letter, now=NOW + timedelta(**when))
    letter.refresh_from_db()
    return letter.account


def reasons(account: ModerationAccount) -> dict[str, int]:
    return {each.code: each.at_least for each in account.reasons}


# Why signatures were removed


def test_reasons_are_said_in_tens_and_rare_ones_not_at_all(letter: Letter, remove: Remove) -> None:
    add_published(letter, 60)
    remove(23, "twice")
    remove(11, "abuse")
    remove(9, "not_a_person")
    account = renewed(letter)
    assert reasons(account) == {"twice": 20, "abuse": 10}
    assert account.removed == 43 == Letter.objects.get().removed_count


def test_nobody_learns_the_reason_of_the_one_signature_that_was_removed_today(letter: Letter, remove: Remove) -> None:
    """The number for the reason would grow from 10 to 20, beside one number that lost its name."""
    add_published(letter, 60)
    remove(19, "twice")
    before = renewed(letter)
    remove(1, "twice")
    letter.refresh_from_db()
    version = letter.version
    assert renewed(letter, days=1) == before
    assert letter.version == version
    remove(8, "abuse")
    assert renewed(letter, days=2) == before, "nine have moved"
    remove(1, "abuse")
    assert reasons(renewed(letter, days=3)) == {"twice": 20}
    assert letter.account.removed == 29


def test_a_restored_signature_moves_nothing_by_itself(letter: Letter, moderator: User, remove: Remove) -> None:
    add_published(letter, 40)
    remove(20, "twice")
    before = renewed(letter)
    gone = letter.signatures.filter(state="rejected").first()
    assert gone
    restore(letter, [gone.pk], by=moderator, now=NOW)
    publish()
    assert renewed(letter, days=1) == before


def test_a_removed_signature_that_its_signer_empties_moves_nothing(letter: Letter, remove: Remove) -> None:
    add_published(letter, 40)
    remove(20, "twice")
    before = renewed(letter)
    gone = letter.signatures.filter(state="rejected").first()
    assert gone
    withdraw_signature(gone, now=NOW)
    publish()
    assert renewed(letter, days=1) == before


def test_signatures_off_the_list_for_now_have_no_reason(letter: Letter, moderator: User, remove: Remove) -> None:
    add_published(letter, 40)
    remove(12, "twice")
    left = list(letter.signatures.filter(state="published").values_list("pk", flat=True))
    hold_signatures(letter, left[:10], by=moderator, now=NOW)
    publish()
    account = renewed(letter)
    assert reasons(account) == {"twice": 10}
    assert account.removed == 22 == Letter.objects.get().removed_count


def test_a_reason_that_a_moderator_wrote_is_not_named(letter: Letter, moderator: User) -> None:
    add_published(letter, 20)
    reject_signatures(letter, ids_of(letter), reason="Ada asked us to", by=moderator, now=NOW)
    publish()
    assert renewed(letter).reasons == ()


NUMBERS = st.dictionaries(st.sampled_from(["twice", "abuse", "", "other"]), st.integers(0, 30))


@given(NUMBERS, NUMBERS)
def test_so_many_signatures_must_have_moved(before: dict[str, int], after: dict[str, int]) -> None:
    """Undo the difference one signature at a time: each comes to a reason, leaves one, or both."""
    least, now = signatures_moved(before, after), dict(before)
    for _ in range(least):
        more = [code for code in after if after[code] > now.get(code, 0)]
        less = [code for code in now if now[code] > after.get(code, 0)]
        for code in more[:1]:
            now[code] = now.get(code, 0) + 1
        for code in less[:1]:
            now[code] -= 1
    assert {code: number for code, number in now.items() if number} == {
        code: number for code, number in after.items() if number
    }


# How long people wait


def test_the_longest_wait_is_in_days_and_leaves_out_nine(published: LetterMaker) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 9, state="held", now=NOW - timedelta(days=200))
    add_confirmed(letter, 1, state="held", now=NOW - timedelta(days=2, hours=1))
    publish()
    assert renewed(letter).longest_wait_days == 3
    assert renewed(letter, hours=20).longest_wait_days == 3
    assert renewed(letter, days=1).longest_wait_days == 7, "in a few steps, so that no age is exact"


def test_nobody_learns_that_the_signature_that_waited_longest_was_decided(
    published: LetterMaker, moderator: User
) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 1, state="held", now=NOW - timedelta(days=12))
    add_confirmed(letter, 30, state="held", now=NOW - timedelta(days=2))
    publish()
    before = renewed(letter)
    accept_signatures(letter, ids_of(letter)[:1], by=moderator, now=NOW)
    publish()
    assert renewed(letter) == before


def test_nothing_is_said_about_fewer_than_ten_that_wait(published: LetterMaker) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 9, state="held", now=NOW - timedelta(days=200))
    publish()
    version = letter.version
    assert renewed(letter).longest_wait_days is None
    assert letter.moderation_account is None
    assert letter.version == version


def test_the_median_is_that_of_at_least_twenty_decisions(published: LetterMaker, moderator: User) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 30, state="held")
    ids = ids_of(letter)
    accept_signatures(letter, ids[:11], by=moderator, now=NOW + timedelta(hours=4, minutes=30))
    reject_signatures(letter, ids[11:19], reason="", code="twice", by=moderator, now=NOW + timedelta(days=3))
    assert renewed(letter, days=3).half_within_hours is None
    accept_signatures(letter, ids[19:20], by=moderator, now=NOW + timedelta(days=3))
    assert renewed(letter, days=3).half_within_hours == 6
    assert renewed(letter, days=100).half_within_hours is None, "old decisions say nothing about today"


def test_a_decision_that_was_undone_does_not_count(published: LetterMaker, moderator: User) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 20, state="held")
    accept_signatures(letter, ids_of(letter), by=moderator, now=NOW)
    one = ReviewDecision.objects.first()
    assert one
    ReviewDecision.objects.filter(pk=one.pk).update(undone_at=NOW, undone_by=moderator)
    assert renewed(letter).half_within_hours is None


@pytest.mark.parametrize(("number", "step"), [(0, 1), (1, 1), (1.01, 3), (3, 3), (4, 7), (8, 7)])
def test_a_number_is_rounded_up_to_a_step(number: float, step: int) -> None:
    assert up_to_step(number, [1, 3, 7]) == step


# Where it is said


@pytest.fixture
def accounted(letter: Letter, remove: Remove) -> Letter:
    add_published(letter, 60)
    remove(23, "twice")
    add_confirmed(letter, 12, state="held", now=NOW - timedelta(days=5))
    publish()
    renew_accounts(now=NOW)
    letter.refresh_from_db()
    return letter


@pytest.mark.parametrize("page", ["letter", "history"])
def test_the_page_says_it(accounted: Letter, reader: Reader, page: str) -> None:
    said = words(reader.get(accounted.url_of(page)))
    assert "Removed: Signed more than once at least 20" in said
    assert "Longest wait for a moderator up to 7 days" in said
    assert "The reasons were counted among 23 removed signatures." in said
    assert "We update these numbers at most once a day" in said


def test_the_page_says_it_in_italian(accounted: Letter, reader: Reader) -> None:
    said = words(reader.get(accounted.get_absolute_url("it")))
    assert "almeno 20" in said
    assert "Signed more than once" not in said


def test_the_data_says_the_same_with_the_same_version(accounted: Letter, reader: Reader) -> None:
    count = reader.count(accounted)
    assert count["moderation"] == {
        "removed_for": [{"reason": "twice", "label": "Signed more than once", "at_least": 20}],
        "reasons_counted_among": 23,
        "longest_wait_days": 7,
        "half_of_decisions_within_hours": None,
        "decisions_checked": 0,
        "decisions_wrong": 0,
    }
    assert f'data-version="{count["version"]}"' in reader.get(accounted.get_absolute_url()).content.decode()


def test_no_exact_number_is_public(accounted: Letter, reader: Reader) -> None:
    assert StoredAccount.from_json(accounted.moderation_account).counted == {"twice": 23}
    for page in ("letter", "history", "count"):
        assert '"counted"' not in reader.get(accounted.url_of(page)).content.decode()


def test_the_account_costs_the_page_no_query(accounted: Letter, reader: Reader) -> None:
    def cost(version: int) -> int:
        Letter.objects.update(version=version)
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(accounted.get_absolute_url()).status_code == 200
        return len(queries)

    with_account = cost(1000)
    Letter.objects.update(moderation_account=None)
    assert cost(1001) == with_account


def test_a_letter_without_moderation_says_nothing_and_costs_nothing(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    assert letters_to_renew(now=NOW) == []
    assert "Longest wait" not in words(reader.get(letter.get_absolute_url()))


def test_an_unchanged_account_keeps_the_version(accounted: Letter) -> None:
    before = accounted.version
    renew_account(accounted, now=NOW)
    accounted.refresh_from_db()
    assert accounted.version == before


def test_drafts_have_no_account(published: LetterMaker) -> None:
    letter = published()
    add_confirmed(letter, 12, state="held")
    publish()
    assert letters_to_renew(now=NOW) == [letter]
    Letter.objects.update(status="draft")
    assert letters_to_renew(now=NOW) == []
    assert Signature.objects.count() == 12
