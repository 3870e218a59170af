"""The control link: what signers can do later, by themselves, without an account."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from letters.models import Letter, OutgoingEmail, Signature, SignerContact
from letters.shared.refused import Refusal, Refused
from letters.shared.tokens import make_token
from letters.signer.signing.operations import change_signature, disown_signature, withdraw_signature
from letters.signer.signing.views import managing
from tests.people import FROM_OUR_PAGE, NOW, Signer, deliver, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db


def control_link(signature: Signature) -> str:
    token = make_token("manage", signature_id=signature.pk, salt=signature.salt, now=NOW)
    return f"/signatures/manage/{token}/"


@pytest.fixture
def signature(letter: Letter) -> Signature:
    signature = sign_and_confirm(letter, name="Ada Lovelace", affiliation="Analysts")
    publish()
    signature.refresh_from_db()
    return signature


def act(signer: Signer, link: str, action: str, **fields: str) -> int:
    return signer.client.post(link, {"action": action, **fields}, headers=FROM_OUR_PAGE).status_code


def test_the_thank_you_email_leads_to_the_control_page(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    signer.confirm()
    assert "Ada Lovelace" in signer.get(signer.mailed_link(purpose="manage")).content.decode()


def test_only_the_control_page_shows_the_address(letter: Letter, signer: Signer, signature: Signature) -> None:
    page = signer.get(control_link(signature))
    assert "ada@example.org" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert "ada@example.org" not in signer.read(letter) + signer.read(letter, "signatures")


def test_a_new_name_is_on_every_page(letter: Letter, signer: Signer, signature: Signature) -> None:
    assert "Ada Lovelace" in signer.read(letter)
    assert act(signer, control_link(signature), "save", name="A. King", display="public") == 303
    assert "A. King" in signer.read(letter)
    assert "Ada Lovelace" not in signer.read(letter) + signer.read(letter, "signatures")


def test_a_name_can_be_hidden(letter: Letter, signer: Signer, signature: Signature) -> None:
    assert act(signer, control_link(signature), "save", name="Ada Lovelace", display="organizers") == 303
    page = signer.read(letter)
    assert "Ada Lovelace" not in page
    assert "name withheld" in page
    assert signer.count(letter)["published"] == 1


def test_becoming_nameless_deletes_name_and_address(letter: Letter, signer: Signer, signature: Signature) -> None:
    assert act(signer, control_link(signature), "save", name="Ada Lovelace", display="nobody", sure="nobody") == 303
    signature.refresh_from_db()
    assert (signature.name, signature.affiliation) == ("", "")
    assert not SignerContact.objects.exists()
    assert "We have deleted your address" in signer.get(control_link(signature)).content.decode()


def test_the_page_asks_once_before_a_name_is_removed_and_keeps_what_was_typed(
    letter: Letter, signer: Signer, signature: Signature
) -> None:
    before = Signature.objects.values().get()
    fields = {"action": "save", "name": "Ada Lovelace", "display": "nobody"}
    asked = signer.client.post(control_link(signature), fields, headers=FROM_OUR_PAGE)
    assert asked.status_code == 200
    assert "Sign without a name? We delete your name" in words(asked)
    assert Signature.objects.values().get() == before
    assert SignerContact.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.content.decode()))
    sure = {"action": "save", **hidden}
    assert signer.client.post(control_link(signature), sure, headers=FROM_OUR_PAGE).status_code == 303
    signature.refresh_from_db()
    assert (signature.display, signature.name) == ("nobody", "")
    # A person who has answered the question is not asked again.
    assert act(signer, control_link(signature), "save", display="nobody") == 303


def test_the_page_says_that_a_name_is_deleted_at_once_and_the_form_that_it_waits(
    letter: Letter, signer: Signer, signature: Signature
) -> None:
    later, now = "We delete your email address when you confirm.", "We delete your name and your email address."
    page = words(signer.get(control_link(signature)))
    assert now in page
    assert later not in page
    assert later in signer.read(letter)


def test_the_page_asks_once_before_a_withdrawal(letter: Letter, signer: Signer, signature: Signature) -> None:
    link = control_link(signature)
    page = signer.get(link).content.decode()
    assert 'value="ask_withdraw"' in page
    assert 'value="withdraw"' not in page
    before = Signature.objects.values().get()
    asked = signer.client.post(link, {"action": "ask_withdraw"}, headers=FROM_OUR_PAGE)
    assert "Withdraw your signature?" in words(asked)
    assert Signature.objects.values().get() == before
    assert 'name="action" value="withdraw"' in asked.content.decode()
    assert act(signer, link, "withdraw") == 303
    signature.refresh_from_db()
    assert signature.state == "withdrawn"


def test_consent_to_updates_can_be_given_and_withdrawn(signer: Signer, signature: Signature) -> None:
    link = control_link(signature)
    act(signer, link, "save", name="Ada", display="public", updates="on")
    contact = SignerContact.objects.get()
    assert contact.consent
    assert contact.consented_at
    act(signer, link, "save", name="Ada", display="public")
    assert SignerContact.objects.filter(consent="", consented_at=None).exists()


def test_an_error_is_shown_at_its_field_and_nothing_changes(signer: Signer, signature: Signature) -> None:
    link = control_link(signature)
    answer = signer.client.post(
        link, {"action": "save", "name": " ", "affiliation": "New", "display": "public"}, headers=FROM_OUR_PAGE
    )
    assert answer.status_code == 422
    assert "Enter your name." in answer.content.decode()
    assert 'value="New"' in answer.content.decode()
    signature.refresh_from_db()
    assert (signature.name, signature.affiliation) == ("Ada Lovelace", "Analysts")


@pytest.mark.parametrize("action", ["withdraw", "erase"])
def test_a_withdrawal_leaves_a_number_and_nothing_else(
    letter: Letter, signer: Signer, signature: Signature, action: str
) -> None:
    assert act(signer, control_link(signature), action) == 303
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.name, signature.affiliation) == (Signature.State.WITHDRAWN, "", "")
    assert signature.address_hash is None
    assert not SignerContact.objects.exists()
    assert not OutgoingEmail.objects.exclude(signature=None).exists()
    page = signer.read(letter, "signatures")
    assert "Ada" not in page
    assert "withdrawn" in page
    count = signer.count(letter)
    assert (count["published"], count["withdrawn"]) == (0, 1)


def test_withdrawing_twice_counts_once(letter: Letter, signer: Signer, signature: Signature) -> None:
    for _ in range(2):
        act(signer, control_link(signature), "withdraw")
        publish()
    assert signer.count(letter)["withdrawn"] == 1


def test_a_person_who_withdrew_may_sign_again_as_a_new_signature(
    letter: Letter, signer: Signer, signature: Signature
) -> None:
    act(signer, control_link(signature), "withdraw")
    publish()
    again = sign_and_confirm(letter)
    publish()
    again.refresh_from_db()
    assert (again.number, signer.count(letter)["published"]) == (2, 1)


@pytest.mark.parametrize(
    ("leave", "sentence"),
    [
        (withdraw_signature, "This signature has since been withdrawn"),
        (disown_signature, "this address can no longer sign this letter"),
    ],
)
def test_a_withdrawn_signature_cannot_be_filled_in_again_and_what_was_typed_is_kept(
    signer: Signer, signature: Signature, leave: Callable[..., None], sentence: str
) -> None:
    leave(signature, now=NOW)
    fields = {"action": "save", "name": "Ada <i>King</i>", "display": "organizers"}
    answer = signer.client.post(control_link(signature), fields, headers=FROM_OUR_PAGE)
    assert answer.status_code == 409
    assert "Nothing was saved" in words(answer)
    assert sentence in words(answer)
    assert 'value="Ada &lt;i&gt;King&lt;/i&gt;"' in answer.content.decode()
    assert "<button" not in answer.content.decode().split("What you typed")[1].split("</section>")[0]
    assert answer["Cache-Control"] == "no-store"
    signature.refresh_from_db()
    assert signature.name == ""


def test_the_page_says_so_if_the_signature_is_withdrawn_at_this_moment(
    signer: Signer, signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_withdrawn(found: Signature, **values: Any) -> None:
        withdraw_signature(Signature.objects.get(pk=found.pk), now=NOW)
        change_signature(found, **values)

    monkeypatch.setattr(managing, "change_signature", first_withdrawn)
    fields = {"action": "save", "name": "A. King", "display": "public"}
    answer = signer.client.post(control_link(signature), fields, headers=FROM_OUR_PAGE)
    assert answer.status_code == 409
    assert "This signature has since been withdrawn" in words(answer)
    assert 'value="A. King"' in answer.content.decode()


@pytest.mark.parametrize("action", ["save", "withdraw"])
def test_a_refused_change_is_never_said_to_be_saved(
    signer: Signer, signature: Signature, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    def refuse(*args: object, **values: object) -> None:
        raise Refused(Refusal.SIGNATURE_WITHDRAWN)

    monkeypatch.setattr(managing, "change_signature", refuse)
    monkeypatch.setattr(managing, "withdraw_signature", refuse)
    fields = {"action": action, "name": "A. King", "display": "public"}
    answer = signer.client.post(control_link(signature), fields, headers=FROM_OUR_PAGE)
    assert answer.status_code == 409
    assert "cannot change this signature now" in words(answer)
    assert ("A. King" in answer.content.decode()) == (action == "save")


def test_everything_that_is_stored_can_be_downloaded(signer: Signer, signature: Signature) -> None:
    data = signer.get(f"{control_link(signature)}data.json").json()
    assert data["address"] == "ada@example.org"
    assert data["name"] == "Ada Lovelace"
    assert data["number"] == 1


@pytest.mark.parametrize("purpose", ["check", "confirm", "not-me"])
def test_no_other_link_controls_a_signature(signer: Signer, signature: Signature, purpose: str) -> None:
    token = make_token(purpose, signature_id=signature.pk, salt=signature.salt, now=NOW)
    assert signer.get(f"/signatures/manage/{token}/").status_code == 404
    assert signer.get(f"/signatures/manage/{token}/data.json").status_code == 404


def test_opening_the_control_page_changes_nothing(signer: Signer, signature: Signature) -> None:
    before = Signature.objects.values().get(pk=signature.pk)
    for _ in range(10):
        signer.get(control_link(signature))
        signer.client.head(control_link(signature))
    assert Signature.objects.values().get(pk=signature.pk) == before


def test_the_thank_you_email_contains_the_control_link(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    signer.confirm()
    deliver()
    thanks = mail.outbox[-1]
    assert thanks.subject == "Your signature is confirmed. Thank you."
    link = re.search(r"https?://[^/\s]+(/signatures/manage/\S+)", str(thanks.body))
    assert link
    assert signer.get(link[1]).status_code == 200


def test_nameless_signers_get_no_thank_you_email(letter: Letter, signer: Signer) -> None:
    """No address is left to send it to."""
    signer.sign(letter, display="nobody", name="")
    signer.confirm()
    deliver()
    assert len(mail.outbox) == 1


def test_a_withdrawn_name_leaves_the_pages_without_a_worker(
    letter: Letter, signer: Signer, signature: Signature
) -> None:
    assert "Ada Lovelace" in signer.read(letter)
    act(signer, control_link(signature), "withdraw")
    assert "Ada Lovelace" not in signer.read(letter) + signer.read(letter, "signatures")
