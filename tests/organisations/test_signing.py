"""An organisation signs through a person: what proves it, who learns what, and what stays."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from letters.base.outbox.operations import note_complaint
from letters.models import (
    AuditEvent,
    Letter,
    MailRequest,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    OutgoingEmail,
    Signature,
    Switch,
)
from letters.moderator.organisations.operations import forget_unconfirmed, withdraw_organisation
from letters.moderator.organisations.websites import read_website
from letters.shared.addresses import decrypt
from tests.conftest import LetterMaker
from tests.organisations.conftest import DESK, Sign, SignAndConfirm
from tests.people import FROM_OUR_PAGE, Signer, deliver, turn, words
from tests.signing.test_equal_mails import PADDED, shape_of

pytestmark = pytest.mark.django_db
PUBLISHED, WAITING, PENDING = OrganisationState.PUBLISHED, OrganisationState.WAITING, OrganisationState.PENDING


def test_no_letter_takes_organisations_unless_its_organizers_want_it(published: LetterMaker, signer: Signer) -> None:
    letter = published("other")
    assert not letter.organisations_sign
    assert signer.get(letter.url_of("sign_for_organisation")).status_code == 404
    assert "organisation" not in signer.read(letter).lower()


def test_an_address_at_its_domain_proves_that_an_organisation_signs(
    letter: Letter, signer: Signer, sign_for: Sign
) -> None:
    assert letter.url_of("sign_for_organisation") in signer.read(letter)
    assert "Check your email" in words(signer.get(f"{sign_for().headers['Location']}"))
    link = signer.mailed_link(DESK, purpose="organisation")
    shown = words(signer.get(link))
    assert "Rail Union" in shown
    assert OrganisationSignature.objects.get().state == PENDING, "a mail scanner opens every link"
    assert "The organisation has signed" in words(signer.press(link))
    row = OrganisationSignature.objects.get()
    assert (row.state, row.proof, row.doubt, row.domain) == (PUBLISHED, "address", "", "example.org")
    assert "verified by an address at example.org" in words(signer.get(letter.get_absolute_url()))


@pytest.mark.parametrize(
    ("email", "website"),
    [
        ("desk@elsewhere.example", "example.org"),
        ("desk@notexample.org", "example.org"),
        ("desk@gmail.com", "gmail.com"),
        ("desk@mailinator.com", "mailinator.com"),
        ("desk@other.github.io", "union.github.io"),
    ],
)
def test_no_other_address_proves_anything(
    letter: Letter, signer: Signer, sign_and_confirm: SignAndConfirm, email: str, website: str
) -> None:
    row = sign_and_confirm(email, website=website)
    assert (row.state, row.proof, row.doubt) == (WAITING, "", "address")
    assert "Rail Union" not in signer.read(letter)


@pytest.mark.parametrize("name", ["Union visit-us.example.com", "f*ck the trains", "Friends of the Night Traln"])
def test_the_organizers_look_at_an_odd_name_first(sign_and_confirm: SignAndConfirm, name: str) -> None:
    row = sign_and_confirm(name=name)
    assert (row.state, row.proof, row.doubt) == (WAITING, "address", "name")


def test_a_letter_that_reviews_signatures_reviews_organisations(
    letter: Letter, sign_and_confirm: SignAndConfirm
) -> None:
    Letter.objects.filter(pk=letter.pk).update(reviewed=True)
    assert sign_and_confirm().doubt == "reviewed"


def test_each_domain_signs_once(
    letter: Letter, signer: Signer, sign_for: Sign, sign_and_confirm: SignAndConfirm
) -> None:
    sign_and_confirm()
    assert sign_for("other@example.org", name="Rail Union again").status_code == 303
    page = words(signer.press(signer.mailed_link("other@example.org", purpose="organisation")))
    assert "already on the list" in page
    letter.refresh_from_db()
    assert (letter.organisation_count, OrganisationSignature.objects.published().count()) == (1, 1)


def test_organisations_are_counted_apart_from_people(
    letter: Letter, signer: Signer, sign_and_confirm: SignAndConfirm
) -> None:
    before = signer.count(letter)
    sign_and_confirm()
    after = signer.count(letter)
    assert (before["published"], after["published"]) == (0, 0)
    assert (before["organisations"], after["organisations"]) == (0, 1)
    assert after["version"] == before["version"] + 1
    assert not Signature.objects.exists()


def test_the_public_learns_nothing_about_the_person(
    letter: Letter, signer: Signer, sign_and_confirm: SignAndConfirm
) -> None:
    sign_and_confirm()
    pages = [letter.url_of(name) for name in ("letter", "signatures", "organisations", "count")]
    pages += [letter.url_of(name) for name in ("organisations_csv", "organisations_json")]
    for page in pages:
        shown = signer.get(page).getvalue().decode()
        assert not any(secret in shown for secret in ("Dora Desk", "Chair", "desk@", "rail.example.org")), page


def test_the_answer_and_the_email_are_the_same_for_an_address_that_has_signed(
    signer: Signer, sign_for: Sign, sign_and_confirm: SignAndConfirm
) -> None:
    sign_and_confirm()
    mail.outbox.clear()
    answers = [(answer.status_code, answer.headers["Location"]) for answer in map(sign_for, [DESK, "new@example.org"])]
    assert answers[0] == answers[1]
    deliver()
    known, new = (message for message in mail.outbox if "signed for" not in message.subject)
    assert known.subject == new.subject
    assert shape_of(known) == shape_of(new) == PADDED
    assert "/signatures/organisation-link/" in str(known.body)
    assert "/signatures/organisation/" in str(new.body)


def test_another_spelling_gets_no_control_link(
    signer: Signer, sign_for: Sign, sign_and_confirm: SignAndConfirm
) -> None:
    sign_and_confirm()
    sign_for("desk+x@rail.example.org")
    assert "organisation-link" not in signer.last_mail("desk+x@rail.example.org")


def test_no_email_repeats_what_someone_typed(signer: Signer, sign_and_confirm: SignAndConfirm) -> None:
    sign_and_confirm(name="Buy cheap tickets", role="Insulter")
    for message in mail.outbox:
        text = str(message.message())
        assert "cheap" not in text
        assert "Insulter" not in text
        assert "Dora" not in text


def test_the_person_withdraws_with_the_emailed_link(
    letter: Letter, signer: Signer, sign_and_confirm: SignAndConfirm
) -> None:
    row = sign_and_confirm()
    link = signer.mailed_link(DESK, purpose="organisation-link")
    assert "on the public list" in words(signer.get(link))
    asked = signer.client.post(link, {"action": "ask_withdraw"}, headers=FROM_OUR_PAGE)
    assert "Withdraw this organisation?" in words(asked)
    row.refresh_from_db()
    assert row.state == PUBLISHED
    signer.client.post(link, {"action": "withdraw"}, headers=FROM_OUR_PAGE)
    assert "was withdrawn" in words(signer.get(link))
    row.refresh_from_db()
    letter.refresh_from_db()
    assert (row.state, row.name, row.website, row.domain) == ("withdrawn", "", "", "")
    assert not OrganisationContact.objects.exists()
    assert letter.organisation_count == 0
    assert "Rail Union" not in signer.read(letter)
    event = AuditEvent.objects.get(verb="withdraw_organisation")
    assert (event.actor_kind, event.collective_id) == ("signer", letter.collective_id)
    withdraw_organisation(row, now=timezone.now())
    assert AuditEvent.objects.filter(verb="withdraw_organisation").count() == 1


def test_a_link_is_good_for_one_purpose(signer: Signer, sign_for: Sign) -> None:
    sign_for()
    link = signer.mailed_link(DESK, purpose="organisation")
    assert signer.get(link.replace("organisation", "organisation-link")).status_code == 404
    assert signer.get(link.replace("organisation", "confirm")).status_code == 404
    assert signer.get(f"{link[:-2]}x/").status_code == 404


def test_what_nobody_confirms_is_deleted_with_the_address(sign_for: Sign, sign_and_confirm: SignAndConfirm) -> None:
    kept = sign_and_confirm()
    sign_for("late@example.net", website="example.net")
    assert forget_unconfirmed(now=timezone.now() + timedelta(days=6)) == 0
    assert forget_unconfirmed(now=timezone.now() + timedelta(days=400)) == 1
    assert OrganisationSignature.objects.get() == kept
    assert OrganisationContact.objects.get().organisation_id == kept.pk


def test_the_address_is_encrypted_and_known_by_its_hash(sign_for: Sign) -> None:
    sign_for()
    contact = OrganisationContact.objects.get()
    assert b"desk" not in bytes(contact.address)
    assert decrypt(contact.address) == DESK
    assert (contact.name, contact.role, contact.domain) == ("Dora Desk", "Chair", "example.org")


def test_a_double_click_sends_one_email(sign_for: Sign) -> None:
    assert [sign_for().status_code for _ in range(2)] == [303, 303]
    assert (OrganisationSignature.objects.count(), OutgoingEmail.objects.count(), MailRequest.objects.count()) == (
        1,
        1,
        1,
    )


def test_an_address_whose_owner_complained_gets_no_email(signer: Signer, sign_for: Sign) -> None:
    sign_for()
    deliver()
    note_complaint(OutgoingEmail.objects.get(), at=timezone.now(), now=timezone.now())
    sign_for(name="Another Union", website="another.example.org")
    mail.outbox.clear()
    deliver()
    assert not mail.outbox


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "Enter the name of the organisation."),
        ("name", "desk@example.org", "This looks like an email address."),
        ("website", "not a website", "Enter the address of its website"),
        ("website", "javascript:alert(1)", "Enter the address of its website"),
        ("email", "desk", "email address"),
        ("person", "", "Enter your name."),
        ("role", "", "Enter your role"),
    ],
)
def test_the_form_says_what_is_wrong_and_keeps_the_rest(sign_for: Sign, field: str, typed: str, said: str) -> None:
    answer = sign_for(**{field: typed})
    assert answer.status_code == 422
    assert said in words(answer)
    assert b'value="Chair"' in answer.content or field == "role"
    assert not OrganisationSignature.objects.exists()


def test_nobody_signs_a_text_that_they_have_not_seen(sign_for: Sign) -> None:
    answer = sign_for(text="2")
    assert answer.status_code == 409
    assert "The text has changed" in words(answer)
    assert b'name="text" value="1"' in answer.content


def test_a_closed_letter_takes_no_organisation(letter: Letter, signer: Signer, sign_for: Sign) -> None:
    sign_for()
    link = signer.mailed_link(DESK, purpose="organisation")
    Letter.objects.filter(pk=letter.pk).update(status="closed", closed_at=timezone.now() - timedelta(days=2))
    assert sign_for("b@example.org").status_code == 409
    assert signer.press(link).status_code == 409
    assert OrganisationSignature.objects.get().state == PENDING


def test_the_switches_of_the_site_stop_organisations(sign_for: Sign, signer: Signer) -> None:
    sign_for()
    link = signer.mailed_link(DESK, purpose="organisation")
    turn(Switch.Name.TAKE_SIGNATURES, on=False)
    turn(Switch.Name.PUBLISH, on=False)
    assert "paused" in words(sign_for("b@example.org"))
    assert "paused" in words(signer.press(link))
    assert OrganisationSignature.objects.get().state == PENDING


def test_switching_organisations_off_ends_open_links(letter: Letter, sign_for: Sign, signer: Signer) -> None:
    sign_for()
    link = signer.mailed_link(DESK, purpose="organisation")
    Letter.objects.filter(pk=letter.pk).update(organisations_sign=False)
    assert "not accepting signatures from organisations" in words(signer.press(link))


def test_many_requests_need_a_proof_of_work(sign_for: Sign, letter: Letter, signer: Signer) -> None:
    answers = [sign_for(f"{name}@busy.example.com") for name in (f"a{n}" for n in range(62))]
    assert {answer.status_code for answer in answers} == {303, 422}
    page = next(answer for answer in answers if answer.status_code == 422)
    assert b"data-challenge" in page.content
    assert signer.calculate(page).status_code == 303


@pytest.mark.parametrize(
    ("typed", "url", "domain"),
    [
        ("example.org", "https://example.org/", "example.org"),
        ("http://www.Example.org/a b", "https://www.example.org/ab", "example.org"),
        ("https://münchen.example.de/ü", "https://xn--mnchen-3ya.example.de/%C3%BC", "example.de"),
        ("https://union.github.io/x?y=1#z", "https://union.github.io/x?y=1", "union.github.io"),
        ("https://example.org/%C3%BC", "https://example.org/%C3%BC", "example.org"),
    ],
)
def test_a_website_is_stored_with_https_and_its_domain_in_ascii(typed: str, url: str, domain: str) -> None:
    website = read_website(typed)
    assert website
    assert (website.url, website.domain) == (url, domain)


@pytest.mark.parametrize(
    "typed",
    [
        *[
            "",
            "example",
            "https://",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://example.org:8080/",
            "https:///example.org",
        ],
        *["https://example.org@evil.example/", "ftp://example.org", "data:text/html,x", "co.uk", "a" * 600 + ".org"],
        *["https://exa\u202emple.org/", "https://-example-.org/", "example.123", "https://exa mple.org\x00/"],
    ],
)
def test_anything_else_is_no_website(typed: str) -> None:
    assert read_website(typed) is None
