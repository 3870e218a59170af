"""Signatures that the public sees without a name are numbered and counted in batches, so that no moment tells whose an
entry is.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from letters.models import Letter, Signature, Switch, User
from letters.moderator.moderation.operations import reject_signatures, restore_signatures
from letters.organizer.dashboard.queries import signatures
from letters.organizer.letter_editor.operations import set_up_letter
from letters.public.public_pages import shared_pages
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.tasks import recount_letters
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, change_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Reader,
    Signer,
    add_confirmed,
    browser_of,
    kept_pages,
    publish,
    sign,
    sign_and_confirm,
    turn,
    unheard_of,
    words,
)

# Noon. The next quarter of the clock is this.
QUARTER_PAST = NOW + timedelta(minutes=15)
SOON = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _ten_together(settings: Settings) -> None:
    settings.BATCH_SIZE = 10


@pytest.fixture
def evening(letter: Letter) -> datetime:
    """Six o'clock of the letter's day."""
    return NOW.astimezone(letter.zone()).replace(hour=18)


def counted(letter: Letter) -> tuple[int, int]:
    """Return the count that everyone reads, and the version of the pages."""
    letter.refresh_from_db()
    return letter.signature_count, letter.version


def listed(letter: Letter, reader: Reader) -> list[tuple[int, str]]:
    """Return numbers and names of the public list as data."""
    found: list[dict[str, Any]] = reader.get(letter.url_of("signatures_json")).json()["signatures"]
    return [(row["number"], row["name"]) for row in found]


# When they come


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_nine_without_a_public_name_wait_and_nothing_public_moves(letter: Letter, reader: Reader, display: str) -> None:
    before = counted(letter), reader.get(letter.get_absolute_url())["ETag"], reader.count(letter)
    add_confirmed(letter, 9, display=display)
    publish(SOON)
    assert (counted(letter), reader.get(letter.get_absolute_url())["ETag"], reader.count(letter)) == before


def test_ten_are_numbered_together_at_the_next_quarter_of_the_clock(letter: Letter) -> None:
    add_confirmed(letter, 10, display="nobody")
    publish(SOON)
    publish(QUARTER_PAST - timedelta(seconds=1))
    assert counted(letter)[0] == 0
    publish(QUARTER_PAST)
    assert counted(letter)[0] == 10
    assert set(letter.signatures.values_list("published_at", flat=True)) == {QUARTER_PAST}


def test_a_public_name_appears_at_once_and_takes_nobody_along(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 9, display="organizers")
    sign_and_confirm(letter, name="Ada Lovelace")
    publish(SOON)
    assert listed(letter, reader) == [(1, "Ada Lovelace")]


def test_at_the_set_hour_however_few_wait(letter: Letter, evening: datetime) -> None:
    add_confirmed(letter, 1, display="nobody")
    publish(SOON)
    publish(evening - timedelta(seconds=1))
    assert counted(letter)[0] == 0
    publish(evening)
    assert counted(letter)[0] == 1


def test_who_comes_after_the_set_hour_waits_for_the_next_day(letter: Letter, evening: datetime) -> None:
    publish(evening)
    add_confirmed(letter, 1, display="nobody", now=evening)
    publish(evening + timedelta(minutes=5))
    publish(evening + timedelta(hours=23))
    assert counted(letter)[0] == 0
    publish(evening + timedelta(days=1))
    assert counted(letter)[0] == 1


def test_the_order_within_a_batch_is_not_that_of_confirming(letter: Letter) -> None:
    add_confirmed(letter, 30, display="organizers")
    publish(SOON)
    publish(QUARTER_PAST)
    by_number = list(letter.signatures.order_by("number").values_list("confirmed_at", flat=True))
    assert by_number != sorted(by_number, key=str)


@pytest.mark.parametrize(("of_letter", "others"), [(20, 19), (2, 9), (None, 9)])
def test_a_letter_can_ask_for_more_than_the_site_and_never_for_fewer(
    letter: Letter, of_letter: int | None, others: int
) -> None:
    Letter.objects.update(batch_size=of_letter)
    add_confirmed(letter, others, display="nobody")
    publish(SOON)
    publish(QUARTER_PAST)
    assert counted(letter)[0] == 0
    add_confirmed(letter, 1, display="nobody", to_score=True)
    publish(QUARTER_PAST)
    publish(QUARTER_PAST + timedelta(minutes=15))
    assert counted(letter)[0] == others + 1


def test_those_who_leave_before_the_batch_do_not_leave_one_person_alone(letter: Letter) -> None:
    """Someone could fill a batch with addresses of their own, and withdraw them before it is due."""
    add_confirmed(letter, 10, display="organizers")
    publish(SOON)
    for own in letter.signatures.order_by("pk")[:9]:
        withdraw_signature(own, now=SOON)
    publish(QUARTER_PAST)
    assert counted(letter)[0] == 0


def test_while_publication_is_off_no_batch_takes_place(letter: Letter, evening: datetime) -> None:
    add_confirmed(letter, 10, display="nobody")
    publish(SOON)
    turn(Switch.Name.PUBLISH, on=False)
    publish(evening)
    assert counted(letter)[0] == 0
    turn(Switch.Name.PUBLISH, on=True)
    publish(evening + timedelta(minutes=15))
    assert counted(letter)[0] == 10


def test_letters_whose_signatures_only_wait_are_not_behind(letter: Letter, evening: datetime) -> None:
    add_confirmed(letter, 3, display="nobody")
    assert letters_behind(now=NOW) == [letter.pk]
    publish(SOON)
    assert letters_behind(now=SOON) == []
    assert letters_behind(now=evening) == [letter.pk]


def test_all_that_waited_appear_with_the_names_of_a_sealed_letter(letter: Letter) -> None:
    add_confirmed(letter, 3, display="nobody")
    Letter.objects.update(names_from=20, named_at=SOON)
    publish(SOON)
    assert counted(letter)[0] == 3


# How they leave


@pytest.fixture
def ten(letter: Letter) -> list[Signature]:
    """Ten that were counted together, and are shown to the organizers alone."""
    add_confirmed(letter, 10, display="organizers")
    publish(SOON)
    publish(QUARTER_PAST)
    assert counted(letter)[0] == 10
    return list(letter.signatures.order_by("number"))


def test_a_withdrawal_deletes_the_words_at_once_and_changes_the_list_with_the_batch(
    letter: Letter, ten: list[Signature], reader: Reader, evening: datetime
) -> None:
    before = counted(letter), listed(letter, reader), reader.read(letter, "signatures")
    withdraw_signature(ten[3], now=QUARTER_PAST)
    publish(QUARTER_PAST + timedelta(minutes=30))
    assert letter.signatures.get(number=4).name == ""
    # Also for a reader whose page no cache has kept.
    assert (counted(letter), listed(letter, Reader()), Reader().read(letter, "signatures")) == before
    publish(evening)
    assert counted(letter)[0] == 9
    assert 4 not in dict(listed(letter, reader))


def test_a_moderator_removes_and_restores_with_the_batch(
    letter: Letter, ten: list[Signature], organizer: User, reader: Reader, evening: datetime
) -> None:
    before = counted(letter), listed(letter, reader)
    reject_signatures(letter, [ten[0].pk], reason="", code="abuse", by=organizer, now=QUARTER_PAST)
    publish(QUARTER_PAST + timedelta(minutes=30))
    assert (counted(letter), listed(letter, reader)) == before
    publish(evening)
    removed = counted(letter), listed(letter, reader)
    assert removed[0][0] == 9
    restore_signatures(letter, [ten[0].pk], by=organizer, now=evening)
    publish(evening + timedelta(minutes=30))
    assert (counted(letter), listed(letter, reader)) == removed
    publish(evening + timedelta(days=1))
    assert counted(letter)[0] == 10


def test_a_name_that_is_withheld_disappears_at_once(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter, name="Ada Lovelace")
    publish(SOON)
    change_signature(signature, changes=Changes(display="organizers", name="Ada Lovelace"), now=SOON)
    assert listed(letter, reader) == [(1, "")]


def test_a_name_that_becomes_public_appears_at_once(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter, name="Ada Lovelace", display="organizers")
    publish(SOON)
    assert listed(letter, reader) == []
    change_signature(signature, changes=Changes(display="public", name="Ada Lovelace"), now=SOON)
    publish(SOON)
    assert listed(letter, reader) == [(1, "Ada Lovelace")]


def test_hiding_a_withheld_name_from_the_organizers_too_changes_nothing_public(
    letter: Letter, ten: list[Signature]
) -> None:
    before = counted(letter)
    change_signature(ten[0], changes=Changes(display="nobody"), now=QUARTER_PAST)
    publish(QUARTER_PAST)
    assert counted(letter) == before


# Organizers


def test_organizers_read_of_nameless_signers_what_everyone_reads(
    letter: Letter, ten: list[Signature], evening: datetime
) -> None:
    for signature in ten:
        change_signature(signature, changes=Changes(display="nobody"), now=QUARTER_PAST)
    withdraw_signature(ten[0], now=QUARTER_PAST)
    publish(QUARTER_PAST + timedelta(minutes=30))
    assert len(signatures(letter, shown="published").signatures) == 10
    assert signatures(letter, shown="withdrawn").signatures == []
    publish(evening)
    assert len(signatures(letter, shown="published").signatures) == 9
    assert [each.number for each in signatures(letter, shown="withdrawn").signatures] == [1]


# Every surface

PAGES = ["letter", "signatures", "history", "feed", "count_history", "organisations"]
FILES = ["signatures_csv", "signatures_json", "all_signatures_json", "count", "count_history_csv", "count_history_json"]


def everything(letter: Letter) -> dict[str, tuple[int, str | None, bytes]]:
    """Return what a stranger gets from each public address of a letter, without what the process remembers."""
    kept_pages().pages.clear()
    addresses = [letter.url_of(name) for name in [*PAGES, *FILES]]
    addresses += ["/", f"/api/v1/letters/{letter.slug}/", f"/api/v1/letters/{letter.slug}/signatures/"]
    found = {}
    for address in addresses:
        response = Reader().get(address)
        found[address] = (response.status_code, response.headers.get("ETag"), response.getvalue())
    return found


def test_no_public_address_answers_differently_before_the_batch(
    letter: Letter,
    ten: list[Signature],
    organizer: User,
    evening: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nor does another process remember.
    monkeypatch.setattr(shared_pages, "find", lambda *_, **__: None)
    before = everything(letter)
    assert {status for status, _, _ in before.values()} <= {200, 202}
    waiting = sign_and_confirm(letter, display="organizers", now=QUARTER_PAST)
    sign_and_confirm(letter, "nobody@gmail.com", display="nobody", now=QUARTER_PAST)
    withdraw_signature(ten[0], now=QUARTER_PAST)
    withdraw_signature(waiting, now=QUARTER_PAST)
    reject_signatures(letter, [ten[1].pk], reason="", code="abuse", by=organizer, now=QUARTER_PAST)
    change_signature(ten[2], changes=Changes(display="nobody"), now=QUARTER_PAST)
    publish(QUARTER_PAST + timedelta(minutes=30))
    assert everything(letter) == before
    publish(evening)
    assert everything(letter) != before


# Numbers of those who wait


def test_how_many_wait_changes_with_the_batch(letter: Letter, reader: Reader, evening: datetime) -> None:
    for _ in range(25):
        sign(letter, f"{unheard_of()}@gmail.com")
    before = counted(letter)
    publish(SOON)
    assert (counted(letter), reader.count(letter)["awaiting_confirmation"]) == (before, 0)
    publish(evening)
    assert reader.count(letter)["awaiting_confirmation"] == 20


def test_a_moderator_reads_at_once_how_many_wait(published: LetterMaker) -> None:
    letter = published(reviewed=True)
    sign_and_confirm(letter, display="nobody")
    publish(SOON)
    letter.refresh_from_db()
    assert letter.awaiting_review == 1


def test_the_counts_still_add_up(letter: Letter, ten: list[Signature], caplog: pytest.LogCaptureFixture) -> None:
    withdraw_signature(ten[0], now=QUARTER_PAST)
    publish(QUARTER_PAST)
    recount_letters()
    assert not caplog.records


# What people are told


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_signers_read_how_many_are_counted_together_and_until_when(
    letter: Letter, signer: Signer, display: str
) -> None:
    said = "together with at least 9 others, so that nobody can tell from the time that it is yours. It is counted at"
    assert said in words(signer.get(letter.get_absolute_url()))
    asked = signer.sign(letter, display=display)
    assert said in words(signer.get(asked["Location"]))
    assert said in " ".join(signer.last_mail().split())
    thanks = signer.confirm()
    if display == "organizers":
        assert said in " ".join(signer.last_mail().split())
        assert said in words(thanks)


def test_who_shows_the_name_reads_no_such_thing_in_the_email(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    assert "together with" not in signer.last_mail()


@pytest.mark.parametrize(("before", "after"), [(None, 9), (None, 101), (50, 20), (50, None)])
def test_organizers_cannot_ask_for_fewer_than_was_said(
    letter: Letter, organizer: User, before: int | None, after: int | None
) -> None:
    Letter.objects.update(batch_size=before)
    with pytest.raises(Refused, match="batch_too_small"):
        set_up_letter(letter, values={"batch_size": after}, by=organizer, now=NOW)


def test_organizers_can_ask_for_more(letter: Letter, organizer: User) -> None:
    set_up_letter(letter, values={"batch_size": 50}, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.batch_size == 50


def test_organizers_set_it_on_the_page_of_settings(letter: Letter, organizer: User) -> None:
    page = words(browser_of(organizer).get(f"/organize/letters/{letter.slug}/settings/"))
    assert "Count withheld names together, at least so many at a time" in page
