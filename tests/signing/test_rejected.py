"""A person whom a moderator rejected can withdraw everything except the rejection: the same address cannot sign
again.
"""

import pytest
from django.core.mail import EmailMessage

from letters.models import Letter, OutgoingEmail, Signature, SignerContact, User
from letters.moderator.moderation.operations import accept_signatures, reject_signatures, restore_signatures
from letters.shared.tokens import make_token
from letters.signer.signing.operations import disown_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, NOW, Signer, browser_of, deliver, publish, sign_and_confirm, signature_of, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature(letter: Letter, moderator: User) -> Signature:
    """A signature that was published, and then rejected."""
    signature = sign_and_confirm(letter, affiliation="Analysts")
    publish()
    reject_signatures(letter, [signature.pk], reason="Not a person", by=moderator, now=NOW)
    publish()
    signature.refresh_from_db()
    return signature


def control_page(signer: Signer, signature: Signature, **fields: str) -> str:
    token = make_token("manage", signature_id=signature.pk, salt=signature.salt, now=NOW)
    url = f"/signatures/manage/{token}/"
    return words(signer.client.post(url, fields, headers=FROM_OUR_PAGE, follow=True) if fields else signer.get(url))


def test_a_withdrawn_rejected_signature_leaves_only_the_hash(letter: Letter, signature: Signature) -> None:
    known_by = signature.address_hash
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert (signature.state, signature.name, signature.affiliation, signature.verified) == ("rejected", "", "", "")
    assert signature.is_rejected_and_emptied
    assert bytes(signature.address_hash or b"") == bytes(known_by or b"") != b""
    assert not SignerContact.objects.exists()
    assert not OutgoingEmail.objects.exclude(signature=None).exists()


def test_the_address_cannot_sign_again_and_the_page_does_not_tell(
    letter: Letter, signature: Signature, signer: Signer, mailoutbox: list[EmailMessage]
) -> None:
    withdraw_signature(signature, now=NOW)
    known = signer.sign(letter)
    new = signer.sign(letter, email="new@example.org")
    assert known.status_code == new.status_code == 303
    pages = [words(signer.get(answer["Location"])) for answer in (known, new)]
    assert pages[0] == pages[1]
    deliver()
    assert [str(each.subject) for each in mailoutbox] == ["Confirm your signature"] * 2
    assert "This address cannot sign this letter again." in " ".join(str(mailoutbox[0].body).split())
    assert "/signatures/" not in mailoutbox[0].message().as_string()
    assert letter.signatures.count() == 2
    assert signature_of(letter).state == "rejected"


def test_the_count_says_removed_and_so_does_the_list(letter: Letter, signature: Signature, signer: Signer) -> None:
    withdraw_signature(signature, now=NOW)
    publish()
    count = signer.count(letter)
    assert (count["published"], count["withdrawn"], count["removed"]) == (0, 0, 1)
    assert "removed" in signer.read(letter, "signatures")


def test_nobody_can_restore_it(letter: Letter, signature: Signature, moderator: User) -> None:
    withdraw_signature(signature, now=NOW)
    assert restore_signatures(letter, [signature.pk], by=moderator, now=NOW) == 0
    assert accept_signatures(letter, [signature.pk], by=moderator, now=NOW) == 0


def test_moderators_see_it_as_withdrawn_and_without_a_button(
    letter: Letter, signature: Signature, moderator: User
) -> None:
    desk = browser_of(moderator)
    assert 'name="restore"' in desk.get("/moderate/night-trains/rejected/").content.decode()
    withdraw_signature(signature, now=NOW)
    page = desk.get("/moderate/night-trains/rejected/")
    assert "withdrawn by the signer" in words(page)
    assert 'name="restore"' not in page.content.decode()
    assert 'name="ticked"' not in page.content.decode()


def test_the_signer_reads_what_is_kept_and_why(signature: Signature, signer: Signer) -> None:
    before = control_page(signer, signature)
    assert "This signature is not published" in before
    kept = "We keep it because a moderator removed this signature: the same address cannot sign this letter again."
    assert kept in before
    after = control_page(signer, signature, action="withdraw")
    assert "We have deleted your name, your address and everything else about you." in after
    assert kept in after
    assert "sign again at any time" not in after


def test_nothing_can_be_written_into_it(signature: Signature, signer: Signer) -> None:
    page = control_page(signer, signature, action="save", name="Mallory", display="public")
    assert "You cannot change this signature now" in page
    assert "Saved" not in page


def test_withdrawing_it_twice_changes_nothing(signature: Signature) -> None:
    withdraw_signature(signature, now=NOW)
    before = Signature.objects.values().get()
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    withdraw_signature(signature, now=NOW)
    assert Signature.objects.values().get() == before


def test_a_signature_rejected_while_its_signer_withdraws_is_rejected(letter: Letter, moderator: User) -> None:
    seen = sign_and_confirm(letter)
    reject_signatures(letter, [seen.pk], reason="Not a person", by=moderator, now=NOW)
    withdraw_signature(seen, now=NOW)
    seen.refresh_from_db()
    assert seen.is_rejected_and_emptied


def test_the_same_holds_before_the_signature_has_a_number(published: LetterMaker, moderator: User) -> None:
    letter = published(reviewed=True)
    signature = sign_and_confirm(letter)
    reject_signatures(letter, [signature.pk], reason="Not a person", by=moderator, now=NOW)
    signature.refresh_from_db()
    withdraw_signature(signature, now=NOW)
    assert restore_signatures(letter, [signature.pk], by=moderator, now=NOW) == 0


def test_it_was_not_me_still_works_on_a_rejected_signature(signature: Signature) -> None:
    disown_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert (signature.state, signature.name) == ("disowned", "")
    assert signature.address_hash
