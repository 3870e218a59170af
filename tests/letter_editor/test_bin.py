"""A draft can be deleted.

It stays in the bin for 30 days, where it no longer counts as a draft, and is then deleted for good.
"""

from datetime import timedelta

import pytest

from letters.base.accounts.operations import close_account
from letters.base.audit_log.queries import events_of
from letters.models import (
    AuditEvent,
    Collective,
    DraftLink,
    Letter,
    OutgoingEmail,
    Picture,
    Signature,
    SignerContact,
    State,
    Translation,
    User,
)
from letters.organizer.collectives.operations import leave_collective
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.letter_editor.operations import (
    bin_draft,
    create_draft_link,
    delete_draft,
    empty_bin,
    publish_if_due,
    publish_letter,
    restore_draft,
    schedule_letter,
    write_text,
)
from letters.organizer.letter_editor.queries import letters_due, letters_of
from letters.organizer.updates.operations import UpdateText, write_update
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import people_in
from tests.people import EN, NOW, browser_of

pytestmark = pytest.mark.django_db

DESK = "/organize/letters/night-trains/"
MONTH = timedelta(days=30)


@pytest.fixture
def letter(draft: LetterMaker) -> Letter:
    return draft()


@pytest.fixture
def binned(letter: Letter, organizer: User) -> Letter:
    bin_draft(letter, by=organizer, now=NOW)
    return letter


def test_a_writer_deletes_a_draft_and_undoes_it_beside_the_message(letter: Letter, teammate: User) -> None:
    desk = browser_of(teammate)
    assert "Delete the draft" in desk.get(DESK).content.decode()
    page = desk.post(f"{DESK}delete/", follow=True).content.decode()
    assert f"You have deleted the draft “{EN.title}”." in page
    assert "Undo" in page
    assert desk.get(DESK).status_code == 404
    desk.post("/organize/bin/night-trains/restore/")
    assert desk.get(DESK).status_code == 200
    assert Translation.objects.filter(revision__letter=letter).count() == 2


def test_a_deleted_draft_is_not_listed_as_a_draft(binned: Letter, organizer: User) -> None:
    assert letters_of(organizer) == []
    desk = browser_of(organizer)
    for page in ("", "preview/", "translations/", "settings/", "first-signers/", "draft-links/", "dashboard/"):
        assert desk.get(f"{DESK}{page}").status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        write_text(binned, text=EN, seen="", by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_yours"):
        publish_letter(binned, by=organizer, now=NOW)


def test_a_deleted_draft_is_not_published_by_the_clock(letter: Letter, organizer: User) -> None:
    letter.collective.cleared_at = NOW
    letter.collective.save()
    schedule_letter(letter, at=NOW + timedelta(hours=1), by=organizer, now=NOW)
    bin_draft(letter, by=organizer, now=NOW)
    assert letters_due(NOW + MONTH) == []
    publish_if_due(letter.pk, now=NOW + timedelta(hours=2))
    letter.refresh_from_db()
    assert letter.status == Letter.Status.DRAFT


def test_a_link_to_a_deleted_draft_stops_working(letter: Letter, organizer: User) -> None:
    link = create_draft_link(letter, label="Lawyer", days=30, by=organizer, now=NOW)
    assert DraftLink.objects.active(NOW).filter(pk=link.pk).exists()
    bin_draft(letter, by=organizer, now=NOW)
    assert not DraftLink.objects.active(NOW).filter(pk=link.pk).exists()


def test_a_public_letter_is_not_deleted(letter: Letter, organizer: User) -> None:
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="only_drafts"):
        bin_draft(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="only_drafts"):
        delete_draft(letter, by=organizer, now=NOW)
    assert "Delete the draft" not in browser_of(organizer).get(DESK).content.decode()


def test_after_30_days_nothing_is_left_but_the_audit_log(binned: Letter, organizer: User) -> None:
    assert empty_bin(now=NOW + MONTH - timedelta(seconds=1)) == 0
    assert empty_bin(now=NOW + MONTH) == 1
    assert not Letter.objects.exists()
    assert not Translation.objects.exists()
    assert not Picture.objects.exists()
    assert AuditEvent.objects.filter(verb="delete_draft", object_id=binned.pk, actor=None).exists()


def test_a_restored_draft_is_not_deleted(binned: Letter, organizer: User) -> None:
    restore_draft(binned, by=organizer, now=NOW)
    assert empty_bin(now=NOW + 2 * MONTH) == 0
    assert letters_of(organizer) == [binned]
    assert events_of(binned).filter(verb="restore_draft").exists()


def test_only_an_owner_deletes_for_good(binned: Letter, teammate: User, moderator: User, organizer: User) -> None:
    for other in (teammate, moderator):
        with pytest.raises(Refused, match="not_yours"):
            delete_draft(binned, by=other, now=NOW)
        assert browser_of(other).post("/organize/bin/night-trains/delete/").status_code == 404
    assert "Delete for good" not in browser_of(teammate).get("/organize/bin/").content.decode()
    assert "Delete for good" in browser_of(organizer).get("/organize/bin/").content.decode()
    browser_of(organizer).post("/organize/bin/night-trains/delete/")
    assert not Letter.objects.exists()


def test_strangers_and_moderators_neither_see_the_bin_nor_use_it(
    binned: Letter, stranger: User, moderator: User
) -> None:
    for other in (stranger, moderator):
        desk = browser_of(other)
        assert EN.title not in desk.get("/organize/bin/").content.decode()
        assert desk.post("/organize/bin/night-trains/restore/").status_code == 404
        with pytest.raises(Refused, match="not_yours"):
            restore_draft(binned, by=other, now=NOW)


# First signatories


@pytest.fixture
def invited(letter: Letter, organizer: User) -> Letter:
    """A draft with one invited person who has signed, and one who has not answered."""
    Collective.objects.update(cleared_at=NOW)
    letter.collective.refresh_from_db()
    invite_people(letter, people=people_in("Ada <ada@example.org>\nGrace <grace@example.org>"), by=organizer, now=NOW)
    Signature.objects.filter(name="Ada").update(state=State.CONFIRMED, confirmed_at=NOW, verified="email")
    return letter


def test_invited_people_who_have_not_answered_are_forgotten_at_once_and_get_no_email(
    invited: Letter, organizer: User
) -> None:
    bin_draft(invited, by=organizer, now=NOW)
    assert not Signature.objects.filter(state=State.INVITED).exists()
    assert SignerContact.objects.count() == 1
    assert not OutgoingEmail.objects.owed().filter(signature__state=State.EXPIRED).exists()


def test_people_who_signed_a_draft_are_deleted_with_it(invited: Letter, organizer: User) -> None:
    write_update(invited, text=UpdateText(title="Soon", body="Soon.", language="en"), by=organizer, now=NOW)
    bin_draft(invited, by=organizer, now=NOW)
    assert Signature.objects.filter(name="Ada", state=State.CONFIRMED).exists()
    empty_bin(now=NOW + MONTH)
    assert not Letter.objects.exists()
    assert not Signature.objects.exists()
    assert not SignerContact.objects.exists()
    assert not OutgoingEmail.objects.filter(kind="invited").exists()


# Leaving


def test_a_draft_keeps_nobody_in_a_collective(letter: Letter, organizer: User) -> None:
    page = browser_of(organizer).get("/organize/collectives/night-train/").content.decode()
    assert "Nobody else can open 1 draft. We delete it" in page
    leave_collective(letter.collective, by=organizer, now=NOW)
    assert empty_bin(now=NOW) == 1


def test_a_draft_keeps_no_account_open(letter: Letter, organizer: User) -> None:
    page = browser_of(organizer).get("/accounts/close/", follow=True)
    assert page.status_code == 200
    close_account(organizer, now=NOW)
    assert empty_bin(now=NOW) == 1


def test_drafts_of_others_stay_when_someone_goes(letter: Letter, teammate: User) -> None:
    close_account(teammate, now=NOW)
    letter.refresh_from_db()
    assert letter.binned_at is None


def test_a_public_letter_still_needs_an_owner(letter: Letter, organizer: User) -> None:
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="last_owner"):
        leave_collective(letter.collective, by=organizer, now=NOW)
    with pytest.raises(Refused, match="owns_letters_alone"):
        close_account(organizer, now=NOW)
