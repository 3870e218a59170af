"""The draft of an update can be deleted. It stays in the bin for 30 days, and is then deleted for good."""

from datetime import timedelta

import pytest
from django.test import Client

from letters.base.audit_log.queries import events_of
from letters.models import Letter, Update, UpdateTranslation, User
from letters.organizer.updates.operations import (
    bin_update,
    delete_update,
    empty_bin_of_updates,
    restore_update,
    send_test_mail,
    send_update,
    translate_update,
    writing,
)
from letters.shared.refused import Refused
from tests.people import NOW
from tests.updates.conftest import NEWS, UpdateMaker

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
DESK = "/organize/letters/night-trains/updates/"


@pytest.fixture
def binned(news: UpdateMaker, organizer: User) -> Update:
    update = news()
    bin_update(update, by=organizer, now=NOW)
    return update


def test_a_writer_deletes_a_draft_and_restores_it_on_the_next_page(news: UpdateMaker, desk: Client) -> None:
    update = news()
    assert "Delete the draft" in desk.get(f"{DESK}{update.pk}/").content.decode()
    page = desk.post(f"{DESK}{update.pk}/state/", {"action": "bin"}, follow=True).content.decode()
    assert "You have not written an update yet." in page
    assert "Deleted drafts" in page
    page = desk.post(f"{DESK}{update.pk}/state/", {"action": "restore"}, follow=True).content.decode()
    assert NEWS.title in page
    assert "Deleted drafts" not in desk.get(DESK).content.decode()


def test_a_deleted_draft_does_not_count_as_a_draft(
    binned: Update, news: UpdateMaker, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_UNSENT", 1)
    # The same words again are a new draft, not the one in the bin.
    assert news().pk != binned.pk
    with pytest.raises(Refused, match="too_many_unsent"):
        restore_update(binned, by=organizer, now=NOW)


def test_a_deleted_draft_is_not_sent_from_an_open_page(binned: Update, organizer: User) -> None:
    with pytest.raises(Refused, match="changed_meanwhile"):
        send_update(binned, seen=binned.whole_version, by=organizer, now=NOW)
    binned.refresh_from_db()
    assert binned.state == Update.State.DRAFT


def test_what_another_member_types_at_the_same_time_is_not_lost(binned: Update, desk: Client) -> None:
    form = {"title": "Other words", "body": NEWS.body, "language": "en", "seen": binned.version, "action": "save"}
    assert desk.post(f"{DESK}{binned.pk}/", form).status_code == 302
    binned.refresh_from_db()
    assert (binned.title, binned.binned_at) == ("Other words", None)


def test_an_open_page_says_that_the_draft_is_deleted(binned: Update, desk: Client) -> None:
    assert "This draft is deleted" in desk.get(f"{DESK}{binned.pk}/").content.decode()


def test_a_draft_is_gone_after_30_days_with_its_translations_and_test_emails(
    news: UpdateMaker, organizer: User, letter: Letter
) -> None:
    update = news()
    translate_update(update, language="it", title="T", body="B", seen="", by=organizer, now=NOW)
    send_test_mail(update, by=organizer, now=NOW, language="en")
    bin_update(update, by=organizer, now=NOW)
    empty_bin_of_updates(now=NOW + MONTH - timedelta(seconds=1))
    assert Update.objects.filter(pk=update.pk).exists()
    empty_bin_of_updates(now=NOW + MONTH)
    assert not Update.objects.exists()
    assert not UpdateTranslation.objects.exists()


def test_a_draft_can_be_deleted_for_good_at_once_and_the_record_says_so(binned: Update, organizer: User) -> None:
    delete_update(binned, by=organizer, now=NOW)
    assert not Update.objects.exists()
    assert [event.verb for event in events_of(binned)][-2:] == ["bin_update", "delete_update"]


def test_a_restored_draft_stays(binned: Update, organizer: User) -> None:
    restore_update(binned, by=organizer, now=NOW)
    delete_update(binned, by=organizer, now=NOW)
    empty_bin_of_updates(now=NOW + MONTH)
    assert Update.objects.get().binned_at is None


def test_an_update_that_is_being_sent_cannot_be_deleted(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    with pytest.raises(Refused, match="begun"):
        bin_update(update, by=organizer, now=NOW)


@pytest.mark.parametrize("operation", [bin_update, restore_update, delete_update])
def test_moderators_and_strangers_can_neither_delete_nor_restore(
    operation: object, binned: Update, moderator: User, stranger: User
) -> None:
    for person in (moderator, stranger):
        with pytest.raises(Refused):
            operation(binned, by=person, now=NOW)  # type: ignore[operator]
