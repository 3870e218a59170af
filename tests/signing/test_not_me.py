""" "It wasn't me": someone typed another person's address."""

import re

import pytest
from django.core import mail

from letters.models import AuditEvent, Letter, MailRequest, OutgoingEmail, Signature, SignerContact, User
from letters.moderator.moderation.operations import reject_signatures
from letters.shared.addresses import hash_spelling
from letters.signer.signing.operations import disown_signature
from tests.people import FROM_OUR_PAGE, NOW, Signer, deliver, publish, signature_of, words

pytestmark = pytest.mark.django_db

NOT_ME_LINK = re.compile(r"https?://[^/\s]+(/signatures/not-me/[^/\s]+/)")


def not_me_link() -> str:
    deliver()
    link = NOT_ME_LINK.search(str(mail.outbox[-1].body))
    assert link
    return link[1]


def test_opening_the_link_deletes_nothing(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = not_me_link()
    for _ in range(20):
        assert signer.get(link).status_code == 200
        assert signer.client.head(link).status_code == 200
    assert signature_of(letter).state == Signature.State.PENDING
    assert SignerContact.objects.exists()


def test_its_button_leaves_nothing_of_a_person(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="Mallory", affiliation="somewhere")
    page = signer.press(not_me_link())
    assert "The signature is deleted" in page.content.decode()
    signature = signature_of(letter)
    assert (signature.state, signature.name, signature.affiliation) == (Signature.State.DISOWNED, "", "")
    assert not SignerContact.objects.exists()
    # One email has been sent. That is kept for a day, without the address.
    assert not OutgoingEmail.objects.exclude(signature=None).exists()
    assert not MailRequest.objects.exclude(address=None).exists()


def test_pressing_the_button_twice_changes_no_page(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = not_me_link()
    assert signer.press(link).status_code == 200
    letter.refresh_from_db()
    version = letter.version
    assert signer.press(link).status_code == 200
    letter.refresh_from_db()
    assert letter.version == version


def test_each_disowned_signature_is_counted_once_and_without_the_address(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = not_me_link()
    for _ in range(2):
        signer.press(link)
    event = AuditEvent.objects.get(verb="disown_signature")
    assert (event.actor_kind, event.actor, event.object_id) == ("signer", None, signature_of(letter).pk)
    assert event.details == {"letter": letter.pk, "confirmed": False}


def test_the_address_gets_no_more_email_about_this_letter(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    signer.press(not_me_link())
    mails = len(mail.outbox)
    assert signer.sign(letter).status_code == 303
    deliver()
    assert len(mail.outbox) == mails
    assert not SignerContact.objects.exists()


def test_a_published_signature_is_taken_out_of_the_count_and_leaves_its_number(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="Mallory")
    link = not_me_link()
    signer.confirm()
    publish()
    signer.press(link)
    publish()
    count = signer.count(letter)
    assert (count["published"], count["withdrawn"]) == (0, 1)
    page = signer.read(letter, "signatures")
    assert "Mallory" not in page
    assert "withdrawn" in page


def test_an_address_that_disowned_gets_no_more_emails_about_the_letter(letter: Letter, signer: Signer) -> None:
    """The page says so, and the form for lost links does not write to such an address."""
    signer.sign(letter)
    page = signer.press(not_me_link())
    assert "We will not email it about this letter again." in words(page)
    mail.outbox.clear()
    signer.client.post(letter.url_of("link"), {"email": "ada@example.org"}, headers=FROM_OUR_PAGE)
    deliver()
    assert mail.outbox == []


def test_the_link_to_confirm_does_not_disown(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    token = signer.mailed_link().rstrip("/").rsplit("/", 1)[1]
    assert signer.press(f"/signatures/not-me/{token}/").status_code == 404
    assert signature_of(letter).state == Signature.State.PENDING


OTHER = "ada+probe@example.org"


def test_the_link_to_another_spelling_ends_once_the_owner_has_confirmed(letter: Letter, signer: Signer) -> None:
    """At some mail servers, another spelling is another person's mailbox."""
    signer.sign(letter, email=OTHER, name="Someone Else")
    link = not_me_link()
    assert signer.get(link).status_code == 200
    signer.sign(letter, email="ada@example.org", name="Ada")
    signer.confirm("ada@example.org")
    publish()
    assert signer.press(link).status_code == signer.get(link).status_code == 404
    assert signature_of(letter, "ada@example.org").state == Signature.State.PUBLISHED


def test_the_link_ends_if_the_owner_confirms_while_the_button_is_pressed(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, email=OTHER, name="Someone Else")
    seen = signature_of(letter, OTHER)
    signer.sign(letter, email="ada@example.org", name="Ada")
    signer.confirm("ada@example.org")
    disown_signature(seen, spelling_hash=hash_spelling(OTHER), now=NOW)
    assert signature_of(letter, "ada@example.org").state == Signature.State.CONFIRMED


@pytest.mark.parametrize("spelled", ["ada@example.org", "ADA@example.org"])
def test_the_link_to_the_spelling_that_was_confirmed_works(letter: Letter, signer: Signer, spelled: str) -> None:
    signer.sign(letter, email=spelled, name="Mallory")
    link = not_me_link()
    signer.press(signer.mailed_link(spelled))
    for _ in range(2):
        assert "The signature is deleted" in signer.press(link).content.decode()
    assert signature_of(letter, "ada@example.org").state == Signature.State.DISOWNED


def test_a_signature_that_a_moderator_removed_can_be_disowned(letter: Letter, signer: Signer, organizer: User) -> None:
    signer.sign(letter, name="Mallory")
    link = not_me_link()
    signer.confirm()
    reject_signatures(letter, [signature_of(letter).pk], reason="Not a person", by=organizer, now=NOW)
    assert "Did someone else sign?" in signer.get(link).content.decode()
    for _ in range(2):
        page = signer.press(link).content.decode()
        assert "The signature is deleted" in page
