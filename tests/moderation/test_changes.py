"""Moderators see old and new words, accept the new ones or keep the old, and can undo either."""

from collections.abc import Callable

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, Signature, User
from letters.moderator.moderation.operations import (
    accept_signatures,
    decline_changes,
    reject_signatures,
    restore_signatures,
)
from letters.moderator.moderation.queries import rejected, waiting
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, change_signature
from tests.moderation.conftest import handle_of
from tests.people import NOW, Reader, add_published, browser_of, publish, words

pytestmark = pytest.mark.django_db

QUEUE = "/moderate/night-trains/"


@pytest.fixture
def asking(letter: Letter) -> Signature:
    """A published signature of a reviewed letter, whose signer asks for another name and a role."""
    add_published(letter, 1)
    Letter.objects.update(reviewed=True)
    signature = letter.signatures.get()
    return ask(signature, name="Signer King", role="Painter")


def ask(signature: Signature, **wanted: str) -> Signature:
    change_signature(signature, changes=Changes(**{"name": "Signer 1", "display": "public", **wanted}), now=NOW)
    signature.refresh_from_db()
    return signature


def reads(signature: Signature) -> tuple[str, str, str, bool, bool]:
    signature.refresh_from_db()
    asked = signature.pending_changes is not None, signature.declined_changes is not None
    return (signature.name, signature.role, signature.concern, *asked)


def accept(signature: Signature, by: User) -> int:
    return accept_signatures(signature.letter, [signature.pk], by=by, now=NOW)


def decline(signature: Signature, by: User) -> int:
    return decline_changes(signature.letter, [signature.pk], reason="An advertisement", by=by, now=NOW)


def reject(signature: Signature, by: User) -> int:
    return reject_signatures(signature.letter, [signature.pk], reason="Not a person", by=by, now=NOW)


def restore(signature: Signature, by: User) -> int:
    return restore_signatures(signature.letter, [signature.pk], by=by, now=NOW)


def test_accepting_puts_the_new_words_on_the_page(asking: Signature, moderator: User, reader: Reader) -> None:
    assert "Signer King" not in reader.read(asking.letter)
    assert accept(asking, moderator) == 1
    assert reads(asking) == ("Signer King", "Painter", "", False, False)
    assert "Signer King" in reader.read(asking.letter)
    assert accept(asking, moderator) == 0


def test_rejecting_leaves_the_old_words_published(asking: Signature, moderator: User, reader: Reader) -> None:
    assert decline(asking, moderator) == 1
    publish()
    assert reads(asking) == ("Signer 1", "", "", False, True)
    assert asking.state == "published"
    assert "Signer 1" in reader.read(asking.letter)
    assert waiting(asking.letter).signatures == []
    event = AuditEvent.objects.get(verb="decline_change")
    assert (event.object_id, event.actor, event.reason) == (asking.pk, moderator, "An advertisement")


def test_rejecting_new_words_can_be_undone(asking: Signature, moderator: User) -> None:
    decline(asking, moderator)
    assert rejected(asking.letter).signatures == [asking]
    assert restore(asking, moderator) == 1
    assert reads(asking) == ("Signer 1", "", "changed", True, False)
    assert waiting(asking.letter).signatures == [asking]


def test_undoing_the_rejection_of_a_signature_restores_its_pending_changes(asking: Signature, moderator: User) -> None:
    reject(asking, moderator)
    publish()
    assert restore(asking, moderator) == 1
    publish()
    assert reads(asking) == ("Signer 1", "", "changed", True, False)
    asking.letter.refresh_from_db()
    assert asking.letter.signature_count == 1


def test_rejecting_new_words_does_not_clear_another_concern(asking: Signature, moderator: User) -> None:
    Signature.objects.update(concern="bounced")
    decline(asking, moderator)
    assert reads(asking) == ("Signer 1", "", "bounced", False, True)


def test_rejecting_needs_a_reason(asking: Signature, moderator: User) -> None:
    with pytest.raises(Refused, match="no_reason"):
        decline_changes(asking.letter, [asking.pk], reason=" ", by=moderator, now=NOW)


@pytest.mark.parametrize("decide", [accept, decline])
def test_only_moderators_decide(
    asking: Signature, teammate: User, stranger: User, decide: Callable[[Signature, User], int]
) -> None:
    for person in (teammate, stranger):
        with pytest.raises(Refused, match="not_yours"):
            decide(asking, person)


def test_a_signer_may_ask_again_after_a_rejection(asking: Signature, moderator: User) -> None:
    decline(asking, moderator)
    ask(asking, name="Signer Queen")
    assert (asking.pending_changes, asking.declined_changes, asking.concern) == (
        {"name": "Signer Queen"},
        None,
        "changed",
    )


def test_the_page_shows_old_and_new_words_side_by_side(asking: Signature, moderator: User) -> None:
    page = words(browser_of(moderator).get(QUEUE))
    assert "Shown now Requested Name Signer 1 Signer King" in page
    assert "Painter" in page


def test_the_page_has_a_button_for_each_change(asking: Signature, moderator: User) -> None:
    desk = browser_of(moderator)
    answer = desk.post(QUEUE, {"decline": handle_of(asking), "reason": "An advertisement"}, follow=True)
    assert "1 signature keeps its current words." in words(answer)
    refused = desk.get(f"{QUEUE}rejected/")
    assert "Signer King" in words(refused)
    answer = desk.post(f"{QUEUE}rejected/", {"restore": handle_of(asking)}, follow=True)
    assert "1 signature restored." in words(answer)
    assert b'class="undo"' not in answer.content, "it would reject the published signature"
    desk.post(QUEUE, {"accept": handle_of(asking)})
    assert reads(asking)[0] == "Signer King"


def test_no_words_are_held_back_without_a_reason(asking: Signature, moderator: User) -> None:
    answer = browser_of(moderator).post(QUEUE, {"decline": handle_of(asking)})
    assert answer.status_code == 422
    assert "Enter a reason" in words(answer)


def seen_on(desk: Client) -> list[str]:
    page = desk.get(QUEUE).content.decode()
    return [part.partition('"')[0] for part in page.split('name="seen" value="')[1:]]


@pytest.mark.parametrize("state", ["published", "held"])
def test_nobody_accepts_words_that_changed_since_they_saw_them(asking: Signature, moderator: User, state: str) -> None:
    if state == "held":
        Signature.objects.update(state="held", number=None, published_at=None, counted=False, pending_changes=None)
        Letter.objects.update(signature_count=0, last_number=0)
    desk = browser_of(moderator)
    seen = seen_on(desk)
    assert len(seen) == 1
    ask(asking, name="Buy from Mallory")
    answer = desk.post(QUEUE, {"action": "accept", "ticked": [handle_of(asking)], "seen": seen}, follow=True)
    assert "1 signature was left as it is, because it changed after you opened this page." in words(answer)
    assert "Mallory" in words(answer)
    asking.refresh_from_db()
    assert asking.state == state
    desk.post(QUEUE, {"action": "accept", "ticked": [handle_of(asking)], "seen": seen_on(desk)})
    assert reads(asking)[0] == "Buy from Mallory"


def test_the_reason_is_asked_for_with_a_warning(asking: Signature, moderator: User) -> None:
    page = browser_of(moderator).get(QUEUE).content.decode()
    assert "Do not include names: we keep this permanently." in page
    assert 'aria-describedby="reason_helptext"' in page
