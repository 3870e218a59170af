"""Private notes: who reads them, who deletes them, and that nobody else learns of them."""

import pytest

from letters.base.accounts.operations import close_account
from letters.models import AuditEvent, Collective, Letter, Membership, SiteNote, User
from letters.moderator.site_notes.operations import delete_note, write_note
from letters.moderator.site_notes.queries import handle_of, notes_about
from letters.shared.refused import Refused
from tests.people import NOW, Reader, browser_of, words
from tests.takedowns.conftest import other_warden, warden

__all__ = ["other_warden", "warden"]

pytestmark = pytest.mark.django_db
SECRET = "Third letter against the same ministry."


def test_a_site_moderator_writes_notes_about_a_letter_and_its_collective(
    letter: Letter, warden: User, other_warden: User
) -> None:
    page = f"/site/letters/{letter.slug}/notes/"
    assert page in browser_of(warden).get(f"/site/letters/{letter.slug}/").content.decode()
    browser_of(warden).post(page, {"about": "letter", "words": SECRET})
    browser_of(warden).post(page, {"about": "collective", "words": "Known for spam."})
    shown = words(browser_of(other_warden).get(page))
    assert SECRET in shown
    assert "Known for spam." in shown
    assert "Wanda" in shown
    assert "Delete this note" not in shown


def test_notes_about_an_account_are_behind_a_handle_that_nobody_can_guess(organizer: User, warden: User) -> None:
    page = f"/site/notes/{handle_of(organizer)}/"
    assert browser_of(warden).post(page, {"words": SECRET}).status_code == 302
    assert SECRET in words(browser_of(warden).get(page))
    assert browser_of(warden).get(f"/site/notes/{organizer.pk}/").status_code == 404
    assert browser_of(organizer).get(page).status_code == 404


def test_the_admin_leads_to_the_notes(organizer: User, letter: Letter, admin_client: object) -> None:
    for kind in ("user", "collective"):
        page = admin_client.get(f"/admin/letters/{kind}/").content.decode()  # type: ignore[attr-defined]
        assert "/site/notes/" in page


def test_only_the_author_deletes_a_note_and_nobody_changes_one(
    letter: Letter, warden: User, other_warden: User
) -> None:
    note = write_note(letter, words=SECRET, by=warden, now=NOW)
    page = f"/site/letters/{letter.slug}/notes/"
    with pytest.raises(Refused, match="not_yours"):
        delete_note(note, by=other_warden, now=NOW)
    browser_of(warden).post(page, {"delete": str(note.pk)})
    assert not SiteNote.objects.exists()


def test_a_double_click_writes_one_note(letter: Letter, warden: User) -> None:
    for _ in range(2):
        write_note(letter, words=SECRET, by=warden, now=NOW)
    assert len(notes_about(letter)) == 1


@pytest.mark.parametrize("said", ["", " ", "x" * 2001])
def test_a_note_says_something(letter: Letter, warden: User, said: str) -> None:
    page = f"/site/letters/{letter.slug}/notes/"
    assert browser_of(warden).post(page, {"about": "letter", "words": said}).status_code == 422
    with pytest.raises(Refused):
        write_note(letter, words=said, by=warden, now=NOW)


def test_members_of_the_collective_read_no_note_and_no_record_of_it(
    letter: Letter, collective: Collective, organizer: User, moderator: User, warden: User
) -> None:
    write_note(letter, words=SECRET, by=warden, now=NOW)
    write_note(collective, words=SECRET, by=warden, now=NOW)
    write_note(organizer, words=SECRET, by=warden, now=NOW)
    pages = ["/organize/", f"/organize/letters/{letter.slug}/", f"/organize/collectives/{collective.slug}/"]
    pages += [f"/organize/collectives/{collective.slug}/record/", f"/site/letters/{letter.slug}/notes/", "/accounts/"]
    for person in (organizer, moderator):
        for page in pages:
            assert SECRET not in browser_of(person).get(page, follow=True).content.decode()
        with pytest.raises(Refused, match="not_yours"):
            write_note(letter, words="Mine", by=person, now=NOW)
    assert SECRET not in Reader().read(letter)
    assert not AuditEvent.objects.filter(verb="write_note").exclude(collective=None).exists()
    assert SECRET not in str(list(AuditEvent.objects.values_list("reason", "details")))


def test_closing_an_account_deletes_the_notes_about_it(organizer: User, warden: User) -> None:
    write_note(organizer, words=SECRET, by=warden, now=NOW)
    Membership.objects.filter(user=organizer).delete()
    close_account(organizer, now=NOW)
    assert not SiteNote.objects.exists()
