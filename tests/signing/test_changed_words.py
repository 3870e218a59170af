"""A moderator has said yes to words, not to whatever their signer makes of them later."""

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
    """A signature that a moderator has said yes to, numbered."""
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
    """Save on the control page, and read the page that comes back."""
    form = {"action": "save", **ADA, **fields}
    return words(signer.client.post(control_link(signature), form, headers=FROM_OUR_PAGE, follow=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", ["letter", "signature"])
def test_words_that_are_changed_while_a_moderator_says_yes_wait_for_another(
    locked: str, published: LetterMaker
) -> None:
    """Race: who changes words must see what has become of the signature, and of the letter, at that moment."""
    letter = published(reviewed=locked == "signature")
    signature = sign_and_confirm(letter, **ADA)
    if locked == "letter":
        publish()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if locked == "letter":
                # An owner asks for moderation at this moment.
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
    """Until another connection stands before a lock that this one holds."""
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


def test_nothing_of_them_is_on_any_page(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    page = save(signer, signature, name="Buy from Mallory")
    assert "A moderator must review your changes" in page
    public = signer.read(reviewed) + signer.read(reviewed, "signatures") + signer.read(reviewed, language="it")
    assert "Mallory" not in public
    assert public.count("Ada Lovelace") == 3


def test_what_is_blanked_is_gone_at_once(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    assert "Analysts" in signer.read(reviewed)
    change(signature, affiliation="")
    assert (signature.affiliation, signature.pending_changes, signature.concern) == ("", None, "")
    assert "Analysts" not in signer.read(reviewed)


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_name_is_hidden_at_once_also_with_other_words(
    reviewed: Letter, moderator: User, signer: Signer, display: str
) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Mallory", display=display)
    assert signature.display == display
    assert "Ada" not in signer.read(reviewed) + signer.read(reviewed, "signatures")


def test_to_be_shown_to_more_people_waits(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator, display="organizers")
    change(signature, display="public")
    assert (signature.display, signature.pending_changes) == ("organizers", {"display": "public"})
    assert "Ada" not in signer.read(reviewed)


def test_who_becomes_nobody_leaves_no_name_among_the_changes(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King")
    assert signature.pending_changes == {"name": "Ada King"}
    change(signature, display="nobody", country="FR")
    assert (signature.name, signature.pending_changes) == ("", {"country": "FR"})
    assert not SignerContact.objects.exists()


def test_the_name_of_nobody_is_first_seen_by_the_organizers(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator, name="", affiliation="", display="nobody")
    change(signature, name="Mallory")
    assert (signature.name, signature.display, signature.concern) == ("Mallory", "organizers", "changed")
    assert signature.pending_changes == {"affiliation": "Analysts", "display": "public"}
    assert "Mallory" not in signer.read(reviewed)


@pytest.mark.parametrize("concern", ["bounced", "complained"])
def test_also_where_only_a_concern_has_a_moderator_look(letter: Letter, concern: str) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    Signature.objects.update(concern=concern)
    change(signature, name="Mallory")
    assert (signature.name, signature.pending_changes, signature.concern) == (
        "Ada Lovelace",
        {"name": "Mallory"},
        concern,
    )


def test_also_where_a_moderator_said_yes_and_the_letter_is_looked_at_no_more(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    Letter.objects.update(reviewed=False)
    change(signature, name="Mallory")
    assert signature.name == "Ada Lovelace"


def test_also_where_the_letter_is_looked_at_only_since_then(letter: Letter) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    Letter.objects.update(reviewed=True)
    change(signature, name="Mallory")
    assert signature.name == "Ada Lovelace"


def test_where_nobody_looks_a_change_is_in_effect_at_once(letter: Letter) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    change(signature, name="Ada King")
    assert (signature.name, signature.pending_changes, signature.concern) == ("Ada King", None, "")


def test_what_still_waits_is_simply_changed(reviewed: Letter) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    change(signature, name="Ada King")
    assert (signature.state, signature.name, signature.concern) == ("held", "Ada King", "")


def test_on_its_way_to_publication_it_goes_back_to_the_moderators(reviewed: Letter, moderator: User) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    change(signature, name="Mallory")
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.concern, signature.number) == ("held", "changed", None)


def test_on_its_way_it_may_lose_words(reviewed: Letter, moderator: User) -> None:
    signature = sign_and_confirm(reviewed, **ADA)
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    change(signature, affiliation="")
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.affiliation) == ("published", "")


def test_a_yes_does_not_outlive_a_mail_that_came_back(letter: Letter, moderator: User) -> None:
    """Accepted in spite of its address; the mail that thanks came back, so it waits to be confirmed once more."""
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


def test_who_asks_again_replaces_what_they_asked_for(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Mallory", role="Painter")
    change(signature, name="Ada King")
    assert signature.pending_changes == {"name": "Ada King"}
    change(signature)
    assert signature.pending_changes is None


def test_the_form_shows_what_was_asked_for_so_that_saving_twice_keeps_it(
    reviewed: Letter, moderator: User, signer: Signer
) -> None:
    signature = accepted(reviewed, moderator)
    for _ in range(2):
        save(signer, signature, name="Ada King")
    page = signer.get(control_link(signature)).content.decode()
    assert re.search('name="name" value="Ada King"', page)
    signature.refresh_from_db()
    assert signature.pending_changes == {"name": "Ada King"}


def test_what_waits_is_part_of_what_is_stored(reviewed: Letter, moderator: User, signer: Signer) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King")
    data = signer.get(f"{control_link(signature)}data.json").json()
    assert data["changes_that_wait_for_a_moderator"] == {"name": "Ada King"}


@pytest.mark.parametrize("column", ["pending_changes", "declined_changes"])
def test_a_withdrawal_leaves_nothing_of_it(reviewed: Letter, moderator: User, column: str) -> None:
    signature = accepted(reviewed, moderator)
    Signature.objects.update(**{column: {"name": "Ada King"}}, concern="changed")
    withdraw_signature(signature, now=NOW)
    signature.refresh_from_db()
    assert (signature.pending_changes, signature.declined_changes) == (None, None)


def test_a_change_of_consent_alone_needs_nobody(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, consent="Write to me")
    assert (signature.pending_changes, signature.concern) == (None, "")
    assert SignerContact.objects.get().consent == "Write to me"


def test_a_deed_of_another_kind_is_no_yes(letter: Letter, moderator: User) -> None:
    signature = sign_and_confirm(letter, **ADA)
    publish()
    record("note_bounce", signature, by=None, now=NOW)
    change(signature, name="Ada King")
    assert signature.name == "Ada King"


def everything(signature: Signature) -> dict[str, Any]:
    found: dict[str, Any] = dict(Signature.objects.values().get(pk=signature.pk))
    return found


def test_saving_the_same_once_more_changes_nothing(reviewed: Letter, moderator: User) -> None:
    signature = accepted(reviewed, moderator)
    change(signature, name="Ada King", affiliation="")
    before = everything(signature)
    change(signature, name="Ada King", affiliation="")
    assert everything(signature) == before
