"""After the months of a letter, addresses and then everything that readers do not see are deleted."""

from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from letters.base.retention import operations, queries
from letters.base.retention.tables import DELETED_WITH_DATA, NOT_ALL_DELETED
from letters.models import (
    AuditEvent,
    Letter,
    Notification,
    OutgoingEmail,
    Signature,
    SignerContact,
    State,
    User,
)
from letters.models.retention import months_after
from letters.models.signature import belonging_to_signatures
from letters.organizer.letter_editor.operations import close_letter, reopen_letter, set_up_letter
from letters.organizer.notifications.tasks import notify
from letters.organizer.retention.tasks import tend_retention
from letters.organizer.updates.operations import unsubscribe
from letters.shared.refused import Refusal, Refused
from letters.signer.signing.operations import change_signature, withdraw_signature
from letters.signer.signing.operations.submitted_form import Changes
from tests.conftest import LetterMaker
from tests.people import NOW, Signer, ask_again, deliver, publish, sign, sign_and_confirm, signature_of
from tests.retention.conftest import ADDRESSES_GO, CLOSED, DATA_GOES, DAY, Clock

pytestmark = pytest.mark.django_db


def tend(letter: Letter, now: datetime) -> None:
    tend_retention(now=now)
    letter.refresh_from_db()


def addresses() -> int:
    return SignerContact.objects.count()


def test_the_same_day_of_a_later_month() -> None:
    assert months_after(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert months_after(date(2025, 12, 1), 1) == date(2026, 1, 1)
    assert months_after(date(2024, 2, 29), 36) == date(2027, 2, 28)


def test_nothing_is_deleted_before_the_months_are_over(closed: Letter, every_night: Clock) -> None:
    every_night(ADDRESSES_GO - DAY)
    assert addresses() == 3
    assert closed.addresses_deleted_at is None


def test_addresses_of_people_without_updates_are_deleted(closed: Letter, every_night: Clock) -> None:
    every_night(ADDRESSES_GO)
    assert [each.signature.name for each in SignerContact.objects.all()] == ["Mary Jackson"]
    assert closed.signature_count == 4
    assert closed.deletion_on is None


def test_everything_that_readers_do_not_see_is_deleted(closed: Letter, every_night: Clock) -> None:
    every_night(DATA_GOES)
    assert closed.data_deleted_at is not None
    assert addresses() == 0
    ada, *others = closed.signatures.order_by("number")
    assert (ada.name, ada.affiliation, ada.country) == ("Ada Lovelace", "Analytical Engines", "")
    assert {each.state for each in others} == {State.PUBLISHED}
    for each in others:
        assert (each.name, each.affiliation, each.display) == ("", "", "nobody")
        assert each.address_hash is each.spelling_hash is None
    assert not OutgoingEmail.objects.filter(signature__letter=closed).exists()
    assert (closed.signature_count, closed.last_number) == (4, 4)


def test_nobody_can_tell_afterwards_who_showed_the_name_to_organizers(closed: Letter, every_night: Clock) -> None:
    """Privacy: all rows without a public name are equal, but for the number, the day and the text."""
    every_night(DATA_GOES)
    own = {"id", "number", "salt", "signed_at", "confirmed_at", "published_at"}
    rows = [{k: v for k, v in row.items() if k not in own} for row in closed.signatures.exclude(name="").values()]
    withheld = [{k: v for k, v in row.items() if k not in own} for row in closed.signatures.filter(name="").values()]
    assert len(rows) == 1
    assert len(withheld) == 3
    assert all(row == withheld[0] for row in withheld)


def test_only_the_day_of_a_signature_is_left(closed: Letter, every_night: Clock) -> None:
    """Privacy: an old mail log has the moment of each email."""
    days = [closed.day_of(each.published_at) for each in closed.signatures.order_by("number")]
    every_night(DATA_GOES)
    for each, day in zip(closed.signatures.order_by("number"), days, strict=True):
        assert each.published_at == each.confirmed_at == each.signed_at
        assert closed.day_of(each.published_at) == day
        assert each.published_at is not None
        assert each.published_at.astimezone(closed.zone()).hour == 0


def test_public_names_are_withheld_too_if_organizers_choose_so(
    closed: Letter, organizer: User, every_night: Clock
) -> None:
    set_up_letter(closed, values={"withholds_names_later": True}, by=organizer, now=CLOSED)
    every_night(DATA_GOES)
    assert list(closed.signatures.exclude(name="")) == []
    assert closed.signature_count == 4


def test_what_was_never_numbered_is_deleted(letter: Letter, organizer: User) -> None:
    held = sign_and_confirm(letter)
    Signature.objects.filter(pk=held.pk).update(state=State.HELD, concern="doubtful")
    close_letter(letter, by=organizer, now=CLOSED)
    operations.delete_data(letter, now=DATA_GOES)
    assert not letter.signatures.exists()


def test_the_hash_of_who_said_it_was_not_them_stays(letter: Letter) -> None:
    Signature.objects.filter(pk=sign(letter).pk).update(state=State.DISOWNED, name="")
    operations.delete_data(letter, now=DATA_GOES)
    assert signature_of(letter).state == State.DISOWNED


def test_every_table_that_belongs_to_a_signature_is_on_one_of_the_lists() -> None:
    tables = {model for model, _ in belonging_to_signatures()}
    assert tables == {*DELETED_WITH_DATA, *NOT_ALL_DELETED}
    assert not {*DELETED_WITH_DATA} & {*NOT_ALL_DELETED}


def test_organizers_are_told_a_month_before(closed: Letter, organizer: User, every_night: Clock) -> None:
    every_night(ADDRESSES_GO - 31 * DAY)
    assert not Notification.objects.filter(kind="deletion").exists()
    every_night(ADDRESSES_GO - 30 * DAY)
    assert closed.deletion_on == ADDRESSES_GO.date()
    notify(now=ADDRESSES_GO)
    deliver()
    (email,) = [each for each in mail.outbox if each.to == [organizer.email]]
    said = " ".join(str(email.body).split())
    assert "On September 4, 2025, we delete the email addresses of everyone" in said


def test_they_are_told_two_weeks_before_however_late_it_is(closed: Letter, tick: Clock) -> None:
    """Letters that ended before the site deleted anything, and letters whose months were lowered."""
    late = ADDRESSES_GO + 100 * DAY
    tick(late)
    assert closed.deletion_on == (late + 14 * DAY).date()
    tick(late + 13 * DAY)
    assert addresses() == 3
    tick(late + 14 * DAY)
    assert addresses() == 1


def test_a_letter_that_is_reopened_is_not_touched(closed: Letter, organizer: User, every_night: Clock) -> None:
    every_night(ADDRESSES_GO - DAY)
    reopen_letter(closed, by=organizer, now=ADDRESSES_GO - DAY)
    sign_and_confirm(closed, "new@example.org", name="New Person", now=ADDRESSES_GO - DAY)
    publish(ADDRESSES_GO - DAY)
    tend(closed, ADDRESSES_GO)
    assert addresses() == 4
    assert closed.deletion_on is None


def test_a_letter_without_an_end_counts_from_what_readers_saw_last(letter: Letter) -> None:
    assert queries.ended_at(letter) == letter.published_at
    later = NOW + 40 * DAY
    sign_and_confirm(letter, now=later)
    publish(later)
    letter.refresh_from_db()
    assert queries.ended_at(letter) == later


def test_such_a_letter_is_closed_for_good_when_everything_is_deleted(letter: Letter, organizer: User) -> None:
    sign_and_confirm(letter)
    publish(NOW)
    night = NOW + 150 * DAY
    while night < NOW + 1130 * DAY:
        tend(letter, night)
        night += 7 * DAY
    assert letter.status == Letter.Status.CLOSED
    assert letter.data_deleted_at is not None
    with pytest.raises(Refused, match=Refusal.DATA_DELETED):
        reopen_letter(letter, by=organizer, now=night)
    with pytest.raises(Refused, match=Refusal.LETTER_CLOSED):
        sign(letter, "ada@example.org", now=night)


def test_a_letter_that_a_restored_status_opens_again_takes_nobody(letter: Letter) -> None:
    letter.data_deleted_at = NOW
    assert letter.refusal(NOW) == Refusal.LETTER_CLOSED


def test_whoever_signed_is_recognised_after_their_address_is_deleted(
    closed: Letter, organizer: User, every_night: Clock
) -> None:
    every_night(ADDRESSES_GO)
    reopen_letter(closed, by=organizer, now=ADDRESSES_GO)
    sign(closed, "ada@example.org", name="Ada Again", now=ADDRESSES_GO)
    sign(closed, "alan@example.org", name="Alan Again", now=ADDRESSES_GO)
    assert closed.signatures.count() == 4


def test_the_control_link_works_after_the_address_is_deleted(
    closed: Letter, every_night: Clock, signer: Signer
) -> None:
    ada = signature_of(closed)
    every_night(ADDRESSES_GO)
    page = signer.get(ada.link("manage", now=NOW)).content.decode()
    assert "We have deleted your address" in page
    change_signature(signature_of(closed), changes=Changes(name="Ada L.", display="public"), now=ADDRESSES_GO)
    withdraw_signature(signature_of(closed), now=ADDRESSES_GO)
    publish(ADDRESSES_GO)
    closed.refresh_from_db()
    assert (closed.signature_count, closed.withdrawn_count) == (3, 1)


def test_the_control_link_of_a_withheld_name_says_that_nothing_is_left(
    closed: Letter, every_night: Clock, signer: Signer
) -> None:
    grace = signature_of(closed, "grace@example.org")
    link = grace.link("manage", now=NOW)
    every_night(DATA_GOES)
    page = signer.get(link).content.decode()
    assert "we have deleted your name, your address and everything else about you" in page
    with pytest.raises(Refused, match=Refusal.DATA_DELETED):
        change_signature(
            Signature.objects.get(pk=grace.pk), changes=Changes(name="Grace", display="public"), now=DATA_GOES
        )
    withdraw_signature(Signature.objects.get(pk=grace.pk), now=DATA_GOES)
    publish(DATA_GOES)
    closed.refresh_from_db()
    assert (closed.signature_count, closed.withdrawn_count) == (3, 1)


def test_who_ends_updates_later_loses_the_address_at_once(closed: Letter, every_night: Clock) -> None:
    mary = signature_of(closed, "mary@example.org")
    every_night(ADDRESSES_GO)
    unsubscribe(Signature.objects.get(pk=mary.pk), now=ADDRESSES_GO)
    assert addresses() == 0


def test_the_control_link_can_end_updates_too(closed: Letter, every_night: Clock) -> None:
    every_night(ADDRESSES_GO)
    mary = signature_of(closed, "mary@example.org")
    change_signature(mary, changes=Changes(name="Mary Jackson", display="organizers"), now=ADDRESSES_GO)
    assert addresses() == 0


def test_who_agreed_before_the_letter_moved_did_not_agree_with_its_new_collective(closed: Letter) -> None:
    Letter.objects.filter(pk=closed.pk).update(moved_at=CLOSED)
    closed.refresh_from_db()
    operations.delete_addresses(closed, now=ADDRESSES_GO)
    assert addresses() == 0


def test_the_record_holds_only_numbers(closed: Letter, every_night: Clock) -> None:
    every_night(DATA_GOES)
    events = AuditEvent.objects.filter(verb__in=["delete_addresses", "delete_data"]).order_by("pk")
    assert [(event.verb, event.actor_kind, event.details) for event in events] == [
        ("delete_addresses", "system", {"addresses": 2}),
        ("delete_data", "system", {"signatures": 4, "still_counted": 4}),
    ]


def test_a_worker_that_died_is_continued(closed: Letter, tick: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second batch fails; the next night deletes the rest, and nobody could reopen the letter meanwhile."""
    monkeypatch.setattr(queries, "BATCH_SIZE", 1)
    tick(ADDRESSES_GO - 20 * DAY)
    tick(ADDRESSES_GO)
    tick(DATA_GOES - 20 * DAY)
    working = operations._delete_batch
    done = 0

    def dies(*args: object) -> int:
        nonlocal done
        done += 1
        if done == 3:
            raise RuntimeError("killed")
        return working(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(operations, "_delete_batch", dies)
    tick(DATA_GOES)
    assert closed.data_deleted_at is not None
    assert closed.deletion_on is not None
    assert closed.signatures.exclude(display="nobody").count() == 2
    monkeypatch.setattr(operations, "_delete_batch", working)
    tick(DATA_GOES + DAY)
    assert closed.signatures.exclude(display="nobody").count() == 1
    assert closed.deletion_on is None


def test_organizers_shorten_the_months_but_do_not_lengthen_them(letter: Letter, organizer: User) -> None:
    for longer in ({"keep_addresses": 7}, {"keep_data": 37}):
        with pytest.raises(Refused, match=Refusal.KEPT_LONGER):
            set_up_letter(letter, values=longer, by=organizer, now=NOW + timedelta(minutes=1))
    set_up_letter(letter, values={"keep_addresses": 1, "keep_data": 2}, by=organizer, now=NOW + timedelta(minutes=1))
    assert (letter.months_of_addresses, letter.months_of_data) == (1, 2)


def test_names_that_were_to_be_withheld_do_not_stay_after_all(letter: Letter, organizer: User) -> None:
    set_up_letter(letter, values={"withholds_names_later": True}, by=organizer, now=NOW)
    with pytest.raises(Refused, match=Refusal.KEPT_LONGER):
        set_up_letter(letter, values={"withholds_names_later": False}, by=organizer, now=NOW)


def test_a_draft_may_choose_any_months(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    set_up_letter(letter, values={"keep_addresses": 24, "keep_data": 120}, by=organizer, now=NOW)
    assert (letter.months_of_addresses, letter.months_of_data) == (24, 120)


def test_a_longer_setting_of_the_site_changes_nothing_for_letters_that_were_public(
    letter: Letter, settings: Settings
) -> None:
    tend(letter, NOW)
    settings.KEEP_ADDRESSES_MONTHS, settings.KEEP_DATA_MONTHS = 20, 100
    assert (letter.months_of_addresses, letter.months_of_data) == (6, 36)
    settings.KEEP_ADDRESSES_MONTHS_MOST, settings.KEEP_DATA_MONTHS_MOST = 2, 3
    assert (letter.months_of_addresses, letter.months_of_data) == (2, 3)


def test_a_new_link_is_sent_after_the_address_is_deleted(closed: Letter, every_night: Clock, signer: Signer) -> None:
    every_night(ADDRESSES_GO)
    ask_again(signature_of(closed), now=timezone.now())
    deliver()
    assert "/manage/" in signer.mailed_link("ada@example.org", purpose="manage")
