"""One signer uses two windows at the same moment: pages show the signer's last choice, never an older one."""

import re
import time
from collections.abc import Callable
from threading import Event

import pytest
from django.db import connection, transaction

from letters.models import Letter, Signature, SignerContact, Submission
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    Changes,
    change_signature,
    confirm_signature,
    use_submission,
    withdraw_signature,
)
from letters.signer.signing.views import confirming
from tests.people import FROM_OUR_PAGE, NOW, Signer, in_threads, sign_and_confirm, signature_of, submit, words

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for_someone_who_waits() -> None:
    """Wait until a statement waits for a row that this transaction holds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("Nobody waits.")


def overtaken(first: Callable[[], object], second: Callable[[], object]) -> str:
    """Run the second operation before the first is committed, so that it waits. Returns the code of its refusal."""
    begun = Event()

    def work(part: int) -> str:
        if part == 0:
            with transaction.atomic():
                first()
                begun.set()
                wait_for_someone_who_waits()
            return ""
        assert begun.wait(20)
        try:
            second()
        except Refused as refused:
            return refused.code
        return ""

    return in_threads(work, range(2), threads=2)[1]


def test_the_button_does_not_restore_words_that_the_signer_has_just_removed(letter: Letter) -> None:
    typed = submit(letter, affiliation="Secret Society")
    signature = signature_of(letter)
    changes = Changes(display="public", name="Ada L.")
    refused = overtaken(
        lambda: change_signature(signature, changes=changes, now=NOW),
        lambda: confirm_signature(signature_of(letter), submission_id=typed, verified="link", now=NOW),
    )
    signature.refresh_from_db()
    assert refused == "changed"
    assert (signature.state, signature.name, signature.affiliation) == ("pending", "Ada L.", "")


def test_the_button_waits_for_a_change_that_touches_no_words(letter: Letter) -> None:
    """A bounce is stored in the same row."""
    typed = submit(letter)
    refused = overtaken(
        lambda: Signature.objects.update(concern="bounced"),
        lambda: confirm_signature(signature_of(letter), submission_id=typed, verified="link", now=NOW),
    )
    assert (refused, signature_of(letter).state, signature_of(letter).concern) == ("", "confirmed", "")


def test_nobody_is_thanked_if_the_words_changed_while_the_button_was_pressed(
    letter: Letter, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.sign(letter, name="Ada Lovelace")
    link = signer.mailed_link()
    page = signer.get(link)
    take = confirming._take_at_their_word

    def changed_first(signature: Signature, *arguments: object, **more: object) -> None:
        change_signature(signature, changes=Changes(display="organizers", name="Ada L."), now=NOW)
        take(signature, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(confirming, "_take_at_their_word", changed_first)
    seen = re.findall(r'name="seen" value="([0-9a-f]+)"', page.content.decode())[0]
    answer = signer.client.post(link, {"seen": seen}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 409
    assert "Something changed after you opened this page" in words(answer)
    assert "Ada L." in words(answer)
    assert signature_of(letter).state == "pending"


@pytest.mark.parametrize("chosen", ["organizers", "nobody"])
def test_a_name_that_was_just_hidden_is_not_shown_by_another_window(letter: Letter, chosen: str) -> None:
    signature = sign_and_confirm(letter)
    typed = submit(letter, name="Ada Lovelace", affiliation="Society")
    name = "" if chosen == "nobody" else "Ada Lovelace"
    refused = overtaken(
        lambda: change_signature(signature, changes=Changes(display=chosen, name=name), now=NOW),
        lambda: use_submission(signature_of(letter), submission_id=typed, now=NOW),
    )
    signature.refresh_from_db()
    assert refused == "answered"
    assert (signature.display, signature.name, signature.affiliation) == (chosen, name, "")


def test_nothing_is_written_to_a_signature_that_is_withdrawn_at_this_moment(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    overtaken(lambda: withdraw_signature(signature, now=NOW), lambda: submit(letter, name="Ada Byron"))
    signature.refresh_from_db()
    assert signature.state == "withdrawn"
    new = signature_of(letter)
    assert new.pk != signature.pk
    assert list(Submission.objects.values_list("signature", flat=True)) == [new.pk]
    assert list(SignerContact.objects.values_list("pk", flat=True)) == [new.pk]
    assert not signature.outgoing_emails.exists()
