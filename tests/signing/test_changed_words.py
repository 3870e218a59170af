"""A moderator accepts words, not whatever their signer makes of them later."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from letters.base.audit_log.operations import record
from letters.models import Letter, Signature, SignerContact, User
from letters.moderator.moderation.operations import accept_signatures
from letters.shared.tokens import make_token
from letters.signer.signing.operations import (
    Changes,
    change_signature,
    confirm_signature,
    sign_letter,
    withdraw_signature,
)
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, NOW, Signer, publish, sign_and_confirm, signature_of, submitted_form, words

pytestmark = pytest.mark.django_db

ADA: dict[str, Any] = {"name": "Ada Lovelace", "affiliation": "Analysts", "display": "public"}


@pytest.fixture
def reviewed(published: LetterMaker) -> Letter:
    asked = dict.fromkeys(["ask_role", "ask_country", "ask_comment"], "optional")
    return published(reviewed=True, **asked)


def accepted(letter: Letter, by: User, **entered: Any) -> Signature:
    """A signature that a moderator has accepted, with a number."""
    signature = sign_and_confirm(letter, **{**ADA, **entered})
    accept_signatures(letter, [signature.pk], by=by, now=NOW)
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.concern) == ("published", "")
    return signature


def change(signature: Signature, **wanted: Any) -> Signature:
    change_signature(signature, changes=Changes(**{**ADA, **wanted}), now=NOW)
    signature.refresh_from_db()
    return signature


def control_link(signature: Signature) -> str:
    token = make_token("manage", signature_id=signature.pk, salt=signature.salt, now=NOW)
    return f"/signatures/manage/{token}/"


def save(signer: Signer, signature: Signature, **fields: str) -> str:
    """Save on the control page, and return the page."""
    form = {"action": "save", **ADA, **fields}
    return words(signer.client.post(control_link(signature), form, headers=FROM_OUR_PAGE, follow=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", ["letter", "signature"])
def test_words_changed_while_a_moderator_accepts_wait_for_another_decision(locked: str, published: LetterMaker) -> None:
    """Race: a change of words must see the state of the signature and of the letter at that moment."""
    letter = published(reviewed=locked == "signature")
    signature = sign_and_confirm(letter, **ADA)
    if locked == "letter":
        publish()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if locked == "letter":
                # An owner switches review on at this moment.
                Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
                Letter.objects.filter(pk=letter.pk).update(reviewed=True)
            else:
                Signature.objects.select_for_update(no_key=True).get(pk=signature.pk)
                yes = {"state": "published", "number": 1, "counted": True, "published_at": NOW}
                Signature.objects.filter(pk=signature.pk).update(**yes)
            changed = pool.submit(_changed_elsewhere, signature)
            _wait_until_it_waits()
        changed.result(timeout=10)
    signature.refresh_from_db()
    assert (signature.name, signature.pending_changes) == ("Ada Lovelace", {"name": "Buy from Mallory"})


def _changed_elsewhere(signature: Signature) -> None:
    try:
        change_signature(signature, changes=Changes(**{**ADA, "name": "Buy from Mallory"}), now=NOW)
    finally:
        connections.close_all()


def _wait_until_it_waits() -> None:
    """Wait until another connection waits for a lock that this one holds."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("Nobody waits for the lock.")


@pytest.mark.parametrize(
    "new",
    [
        {"name": "Buy from Mallory"},
        {"affiliation": "Mallory & Sons"},
        {"role": "Advertiser"},
        {"country": "FR"},
        {"comment": "Buy from Mallory"},
        {"domain": "eve.example"},
    ],
)
def test_new_words_wait_while_the_old_ones_stay(reviewed: Letter, moderator: User, new: dict[str, Any]) -> None:
    signature = accepted(reviewed, moderator)
    (field, word), *_ = new.items()
    old = getattr(signature, field)
    change(signature, **new)
    assert (getattr(signature, field), signature.pending_changes, signature.concern) == (old, {field: word}, "changed")


def test_pending_words_are_on_no_page(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    page = save(signer, signature, name="Buy from Mallory")
    assert "A moderator must review your changes" in page
    public = signer.read(reviewed) + signer.read(reviewed, "signatures") + signer.read(reviewed, language="it")
    assert "Mallory" not in public
    assert public.count("Ada Lovelace") == 3


def test_an_emptied_field_is_gone_at_once(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    assert "Analysts" in signer.read(reviewed)
    change(signature, affiliation="")
    assert (signature.affiliation, signature.pending_changes, signature.concern) == ("", None, "")
    assert "Analysts" not in signer.read(reviewed)


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_name_is_hidden_at_once_even_if_other_words_wait(
    reviewed: Letter, moderator: User, signer: Signer, display: str
) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Mallory", display=display)
    assert signature.display == display
    assert "Ada" not in signer.read(reviewed) + signer.read(reviewed, "signatures")


def test_a_more_public_display_waits(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator, display="organizers")
    change(signature, display="public")
    assert (signature.display, signature.pending_changes) == ("organizers", {"display": "public"})
    assert "Ada" not in signer.read(reviewed)


def test_a_signer_who_becomes_nameless_leaves_no_name_among_the_changes(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King")
    assert signature.pending_changes == {"name": "Ada King"}
    change(signature, display="nobody", country="FR")
    assert (signature.name, signature.pending_changes) == ("", {"country": "FR"})
    assert not SignerContact.objects.exists()


def test_a_new_name_of_a_nameless_signer_waits_for_a_moderator(
    reviewed: Letter, moderator: User, signer: Signer
) -> None:
    signature = accepted(reviewed, moderator, name="", affiliation="", display="nobody")
    change(signature, name="Mallory")
    assert (signature.name, signature.display, signature.concern) == ("Mallory", "organizers", "changed")
    assert signature.pending_changes == {"affiliation": "Analysts", "display": "public"}
    assert "Mallory" not in signer.read(reviewed)


@pytest.mark.parametrize("concern", ["bounced", "complained"])
def test_changes_wait_if_a_concern_alone_made_a_moderator_review(letter: Letter, concern: str) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    Signature.objects.update(concern=concern)
    change(signature, name="Mallory")
    assert (signature.name, signature.pending_changes, signature.concern) == (
        "Ada Lovelace",
        {"name": "Mallory"},
        concern,
    )


def test_changes_wait_if_a_moderator_accepted_and_review_ended_since(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    Letter.objects.update(reviewed=False)
    change(signature, name="Mallory")
    assert signature.name == "Ada Lovelace"


def test_changes_wait_if_review_began_after_the_signature(letter: Letter) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    Letter.objects.update(reviewed=True)
    change(signature, name="Mallory")
    assert signature.name == "Ada Lovelace"


def test_a_change_takes_effect_at_once_on_a_letter_without_review(letter: Letter) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    change(signature, name="Ada King")
    assert (signature.name, signature.pending_changes, signature.concern) == ("Ada King", None, "")


def test_a_signature_that_still_waits_is_changed_directly(reviewed: Letter) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    change(signature, name="Ada King")
    assert (signature.state, signature.name, signature.concern) == ("held", "Ada King", "")


def test_a_change_before_the_number_takes_a_signature_back_to_the_moderators(reviewed: Letter, moderator: User) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    change(signature, name="Mallory")
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.concern, signature.number) == ("held", "changed", None)


def test_words_can_be_removed_before_the_number(reviewed: Letter, moderator: User) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    change(signature, affiliation="")
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.affiliation) == ("published", "")


def test_a_bounce_ends_an_acceptance(letter: Letter, moderator: User) -> None:
    """Accepted despite its address; the thank-you email bounced, so the signature waits for its confirmation again."""
    sign_letter(letter, submitted=submitted_form(**{**ADA, "concern": "disposable"}), language="en", now=NOW)
    signature = signature_of(letter)
    confirm_signature(signature, verified="link", now=NOW)
    accept_signatures(letter, [signature.pk], by=moderator, now=NOW)
    Signature.objects.update(state="pending", confirmed_at=None, verified="", concern="bounced")
    signature.outgoing_emails.all().delete()
    change(signature, name="Mallory")
    confirm_signature(signature, verified="link", now=NOW)
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.concern) == ("held", "changed")


def test_a_second_change_replaces_the_first(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Mallory", role="Painter")
    change(signature, name="Ada King")
    assert signature.pending_changes == {"name": "Ada King"}
    change(signature)
    assert signature.pending_changes is None


def test_the_form_shows_pending_words_so_that_saving_twice_keeps_them(
    reviewed: Letter, moderator: User, signer: Signer
) -> None:
    signature = accepted(reviewed, moderator)
    for _ in range(2):
        save(signer, signature, name="Ada King")
    page = signer.get(control_link(signature)).content.decode()
    assert re.search('name="name" value="Ada King"', page)
    signature.refresh_from_db()
    assert signature.pending_changes == {"name": "Ada King"}


def test_pending_words_are_among_the_stored_data(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King")
    data = signer.get(f"{control_link(signature)}data.json").json()
    assert data["changes_that_wait_for_a_moderator"] == {"name": "Ada King"}


@pytest.mark.parametrize("column", ["pending_changes", "declined_changes"])
def test_a_withdrawal_deletes_pending_words(reviewed: Letter, moderator: User, column: str) -> None:
    signature = accepted(reviewed, moderator)
    Signature.objects.update(**{column: {"name": "Ada King"}}, concern="changed")
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert (signature.pending_changes, signature.declined_changes) == (None, None)


def test_a_change_of_consent_alone_needs_no_moderator(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, consent="Write to me")
    assert (signature.pending_changes, signature.concern) == (None, "")
    assert SignerContact.objects.get().consent == "Write to me"


def test_an_event_of_another_kind_is_no_acceptance(letter: Letter, moderator: User) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    record("note_bounce", signature, by=None, now=NOW)
    change(signature, name="Ada King")
    assert signature.name == "Ada King"


def everything(signature: Signature) -> dict[str, Any]:
    found: dict[str, Any] = dict(Signature.objects.values().get(pk=signature.pk))
    return found


def test_saving_the_same_again_changes_nothing(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King", affiliation="")
    before = everything(signature)
    change(signature, name="Ada King", affiliation="")
    assert everything(signature) == before
