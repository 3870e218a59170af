""" "Unsubscribe": a page with a button, and the one click of a mail program (RFC 8058)."""

import pytest
from django.core import mail

from letters.models import AuditEvent, Letter, Signature, SignerContact, Update
from letters.organizer.updates.operations import spread_update
from letters.organizer.updates.tasks import carry_on
from letters.signer.signing.operations import withdraw_signature
from tests.people import NOW, Signer, deliver, words
from tests.updates.conftest import UpdateMaker, agree

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def signature(letter: Letter) -> Signature:
    return agree(letter, "ada@example.org")


@pytest.fixture
def link(signature: Signature) -> str:
    return signature.link("unsubscribe", now=NOW)


def agreed() -> bool:
    return SignerContact.objects.exclude(consent="").exists()


def test_opening_the_link_changes_nothing(signer: Signer, link: str) -> None:
    page = signer.get(link)
    assert signer.client.head(link).status_code == 200
    assert "Unsubscribe from updates about this letter?" in words(page)
    assert b'<form method="post"' in page.content
    assert agreed()


def test_the_button_ends_updates_and_the_signature_stays(signer: Signer, link: str, signature: Signature) -> None:
    page = signer.client.post(link, ONE_CLICK)
    assert page.status_code == 200
    assert "You are unsubscribed from updates about this letter" in words(page)
    contact = SignerContact.objects.get()
    assert (contact.consent, contact.consented_at) == ("", None)
    signature.refresh_from_db()
    assert signature.state == "published"


def test_a_mail_provider_needs_neither_cookie_nor_origin(signer: Signer, link: str) -> None:
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    answer = signer.client.post(
        link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded", headers=headers
    )
    assert answer.status_code == 200
    assert not answer.cookies
    assert not agreed()


def test_a_mail_provider_may_post_a_multipart_form(signer: Signer, link: str) -> None:
    assert signer.client.post(link, ONE_CLICK).status_code == 200  # The client's own way is multipart/form-data.
    assert not agreed()


def test_a_post_without_the_one_click_field_changes_nothing(signer: Signer, link: str) -> None:
    assert signer.client.post(link, {"action": "x"}).status_code == 200
    assert agreed()


def test_unsubscribing_twice_changes_nothing(signer: Signer, link: str, sending: UpdateMaker) -> None:
    spread_update(sending().pk, now=NOW)
    deliver()
    for _ in range(2):
        assert "You are unsubscribed" in words(signer.client.post(link, ONE_CLICK))
    assert Update.objects.get().unsubscribed_count == 1
    events = AuditEvent.objects.filter(verb="unsubscribe")
    assert [event.actor_kind for event in events] == ["signer"]


def test_a_waiting_email_is_no_longer_sent(signer: Signer, link: str, sending: UpdateMaker) -> None:
    spread_update(sending().pk, now=NOW)
    signer.client.post(link, ONE_CLICK)
    deliver()
    assert not [message for message in mail.outbox if "List-Id" in message.extra_headers]
    carry_on(now=NOW)
    assert (Update.objects.get().state, Update.objects.get().lapsed_count) == ("sent", 1)


def test_the_answer_gives_no_power_over_the_signature(signer: Signer, link: str) -> None:
    for page in (signer.get(link), signer.client.post(link, ONE_CLICK)):
        assert b"/signatures/manage/" not in page.content
    assert b"/letters/night-trains/link/" in signer.client.post(link, ONE_CLICK).content


def test_unsubscribing_can_be_undone_on_the_control_page(signer: Signer, link: str, signature: Signature) -> None:
    signer.client.post(link, ONE_CLICK)
    manage = signature.link("manage", now=NOW)
    fields = {"action": "save", "name": "Ada Lovelace", "display": "public", "updates": "on"}
    assert signer.client.post(manage, fields).status_code == 303
    assert agreed()


@pytest.mark.parametrize("cut", [slice(0, -3), slice(0, 30)])
def test_a_truncated_link_gets_a_sentence(signer: Signer, link: str, cut: slice) -> None:
    page = signer.get(f"{link[cut]}/")
    assert page.status_code == 404
    assert "This link does not work" in words(page)
    assert agreed()


def test_a_link_for_another_purpose_ends_nothing(signer: Signer, signature: Signature) -> None:
    token = signature.link("confirm", now=NOW).split("/")[-2]
    assert signer.client.post(f"/signatures/unsubscribe/{token}/", ONE_CLICK).status_code == 404
    assert agreed()


def test_the_page_says_after_a_withdrawal_that_no_more_email_comes(
    signer: Signer, link: str, signature: Signature
) -> None:
    withdraw_signature(signature, now=NOW)
    assert "You are unsubscribed from updates about this letter" in words(signer.get(link))
    assert signer.client.post(link, ONE_CLICK).status_code == 200


def test_no_cache_keeps_the_page(signer: Signer, link: str) -> None:
    for answer in (signer.get(link), signer.client.post(link, ONE_CLICK), signer.get("/signatures/unsubscribe/x/")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_other_methods_are_refused(signer: Signer, link: str) -> None:
    assert signer.client.put(link).status_code == 405
