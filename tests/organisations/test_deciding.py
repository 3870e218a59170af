"""The organizers decide about organisations that wait: who may, what is recorded, and how it is undone."""

from collections.abc import Mapping

import pytest
from django.urls import reverse

from letters.models import AuditEvent, Letter, OrganisationSignature, OrganisationState, User
from letters.moderator.organisations.operations import (
    reject_organisation,
    restore_organisation,
    vouch_for_organisation,
    withdraw_organisation,
)
from letters.shared.refused import Refusal, Refused
from tests.organisations.conftest import SignAndConfirm
from tests.people import NOW, Response, Signer, browser_of, words

pytestmark = pytest.mark.django_db
ELSEWHERE = "dora@gmail.com"
PUBLISHED, WAITING, REJECTED = OrganisationState.PUBLISHED, OrganisationState.WAITING, OrganisationState.REJECTED


@pytest.fixture
def waiting(sign_and_confirm: SignAndConfirm) -> OrganisationSignature:
    return sign_and_confirm(ELSEWHERE)


def page_of(letter: Letter) -> str:
    return reverse("organize_organisations", kwargs={"slug": letter.slug})


def decide(person: User, row: OrganisationSignature, verb: str, because: str = "We know them.") -> Response:
    fields: Mapping[str, str] = {"organisation": str(row.pk), "verb": verb, "because": because}
    return browser_of(person).post(page_of(row.letter), fields)


def state_of(row: OrganisationSignature) -> str:
    row.refresh_from_db()
    return row.state


def test_members_see_who_waits_and_why(letter: Letter, waiting: OrganisationSignature, moderator: User) -> None:
    page = words(browser_of(moderator).get(page_of(letter)))
    assert "Rail Union" in page
    assert "Dora Desk, Chair, signed for it." in page
    assert "an address at gmail.com" in page
    assert "not at the domain of the website" in page
    assert ELSEWHERE not in page


@pytest.mark.parametrize("who", ["organizer", "teammate", "moderator"])
def test_each_member_can_vouch_with_a_note_that_is_recorded(
    letter: Letter, waiting: OrganisationSignature, who: str, request: pytest.FixtureRequest, signer: Signer
) -> None:
    person: User = request.getfixturevalue(who)
    assert decide(person, waiting, "vouch", "").status_code == 409
    assert decide(person, waiting, "vouch", "I called their office.").status_code == 302
    assert (state_of(waiting), waiting.proof, waiting.decided_by) == (PUBLISHED, "vouched", person)
    event = AuditEvent.objects.get(verb="vouch_for_organisation")
    assert (event.reason, event.actor, event.collective_id) == ("I called their office.", person, letter.collective_id)
    assert event.details == {"letter": letter.pk, "domain": "example.org"}
    assert "vouched for by the organizers" in words(signer.get(letter.url_of("organisations")))


def test_a_rejection_needs_a_reason_which_the_person_reads(
    waiting: OrganisationSignature, moderator: User, signer: Signer
) -> None:
    assert decide(moderator, waiting, "reject", " ").status_code == 409
    assert decide(moderator, waiting, "reject", "We could not reach you.").status_code == 302
    assert state_of(waiting) == REJECTED
    link = signer.mailed_link(ELSEWHERE, purpose="organisation-link")
    assert "We could not reach you." in words(signer.get(link))


def test_removing_is_undone_by_restoring(
    letter: Letter, sign_and_confirm: SignAndConfirm, moderator: User, signer: Signer
) -> None:
    row = sign_and_confirm()
    decide(moderator, row, "reject", "A mistake of ours.")
    assert state_of(row) == REJECTED
    letter.refresh_from_db()
    assert letter.organisation_count == 0
    assert "Rail Union" not in signer.read(letter)
    decide(moderator, row, "restore")
    assert (state_of(row), row.proof, row.because) == (PUBLISHED, "address", "")
    letter.refresh_from_db()
    assert letter.organisation_count == 1
    assert "Rail Union" in signer.read(letter)


def test_what_was_never_listed_waits_again_after_restoring(waiting: OrganisationSignature, moderator: User) -> None:
    decide(moderator, waiting, "reject", "No answer.")
    decide(moderator, waiting, "restore")
    assert state_of(waiting) == WAITING


def test_a_rejected_domain_does_not_publish_itself_by_signing_again(
    sign_and_confirm: SignAndConfirm, moderator: User
) -> None:
    row = sign_and_confirm()
    reject_organisation(row, because="Not them.", by=moderator, now=NOW)
    withdraw_organisation(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.name, row.domain) == (REJECTED, "", "example.org")
    with pytest.raises(Refused, match=Refusal.ORGANISATION_DECIDED):
        restore_organisation(row, by=moderator, now=NOW)
    again = sign_and_confirm()
    assert (again.state, again.doubt) == (WAITING, "rejected")


def test_two_of_one_domain_are_never_listed(sign_and_confirm: SignAndConfirm, moderator: User) -> None:
    first, second = sign_and_confirm(ELSEWHERE), sign_and_confirm("other@gmail.com")
    vouch_for_organisation(first, because="Known.", by=moderator, now=NOW)
    with pytest.raises(Refused, match=Refusal.ORGANISATION_SIGNED):
        vouch_for_organisation(second, because="Known.", by=moderator, now=NOW)
    reject_organisation(first, because="Mistake.", by=moderator, now=NOW)
    vouch_for_organisation(second, because="Known.", by=moderator, now=NOW)
    with pytest.raises(Refused, match=Refusal.ORGANISATION_SIGNED):
        restore_organisation(first, by=moderator, now=NOW)


def test_a_decision_that_came_too_late_is_refused(waiting: OrganisationSignature, moderator: User) -> None:
    vouch_for_organisation(waiting, because="Known.", by=moderator, now=NOW)
    with pytest.raises(Refused, match=Refusal.ORGANISATION_SIGNED):
        vouch_for_organisation(waiting, because="Known.", by=moderator, now=NOW)
    reject_organisation(waiting, because="No.", by=moderator, now=NOW)
    with pytest.raises(Refused, match=Refusal.ORGANISATION_DECIDED):
        reject_organisation(waiting, because="No.", by=moderator, now=NOW)


def test_strangers_decide_nothing(letter: Letter, waiting: OrganisationSignature, stranger: User) -> None:
    assert browser_of(stranger).get(page_of(letter)).status_code == 404
    assert decide(stranger, waiting, "vouch").status_code == 404
    with pytest.raises(Refused, match=Refusal.NOT_YOURS):
        vouch_for_organisation(waiting, because="x", by=stranger, now=NOW)
    with pytest.raises(Refused, match=Refusal.NOT_YOURS):
        reject_organisation(waiting, because="x", by=stranger, now=NOW)


def test_site_moderators_remove_but_do_not_vouch_and_read_no_person(
    waiting: OrganisationSignature, stranger: User
) -> None:
    stranger.moderates_site = True
    stranger.save()
    browser = browser_of(stranger)
    page = words(browser.get("/moderate/organisations/"))
    assert "Rail Union" in page
    assert "Dora Desk" not in page
    fields = {"organisation": str(waiting.pk), "because": "Spam."}
    assert browser.post("/moderate/organisations/", {**fields, "verb": "vouch"}).status_code == 404
    assert browser.post("/moderate/organisations/", {**fields, "verb": "reject"}).status_code == 302
    assert state_of(waiting) == REJECTED


def test_moderators_find_all_their_waiting_organisations_on_one_page(
    waiting: OrganisationSignature, moderator: User, stranger: User
) -> None:
    page = words(browser_of(moderator).get("/moderate/organisations/"))
    assert "Rail Union" in page
    assert "Dora Desk" in page
    assert "Rail Union" not in words(browser_of(stranger).get("/moderate/organisations/"))
