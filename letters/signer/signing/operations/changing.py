"""Change a confirmed signature, by its form or by a submission."""

from datetime import datetime

from django.db import transaction
from django.db.models import BinaryField, CharField, F, Func, Q, Value
from django.db.models.functions import Cast

from letters.base.ledger.operations import owe_words
from letters.base.ledger.queries import shown
from letters.base.retention.operations import forget_unneeded_address
from letters.base.retention.queries import is_only_a_number
from letters.base.webhooks.operations import owe_changed, owe_hidden
from letters.models import (
    ACTIVE,
    CONFIRMED_OR_SEALED,
    WORDS,
    Display,
    Letter,
    ReviewDecision,
    Signature,
    SignerContact,
    Submission,
    Transition,
    accepts_code,
    sealed_words,
)
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries
from letters.signer.signing.changes import columns_to_write
from letters.signer.signing.operations.submitted_form import Changes
from letters.signer.signing.operations.tracing import forget_doubts


def check_code(submission_id: int, *, code: str, now: datetime) -> None:
    """Check the code from the email, which proves whose mailbox it is.

    This confirms nothing: a page shows the words before they count.

    Raises Refused("wrong_code") for a code that is wrong or old or has no tries left, and if there never was a code.
    """
    if not accepts_code(code, submission_id=submission_id, now=now):
        raise Refused(Refusal.WRONG_CODE)


def use_submission(signature: Signature, *, submission_id: int, now: datetime) -> None:
    """Change a confirmed signature to what its signer has typed into the form since.

    Raises Refused("signature_withdrawn") if the signature was withdrawn or removed, and Refused("answered") if the
    submission was used already.
    """
    with transaction.atomic():
        # Race: the signer may choose more privacy in another window, so this is read under the lock.
        said = queries.words_to_confirm(_lock_active(signature)[1], submission_id)
        if said.submission_id is None:
            raise Refused(Refusal.ANSWERED)
        words = {name: getattr(said, name) for name in [*WORDS, "display", "consent"]}
        change_signature(signature, changes=Changes(**words), now=now)
    signature.display = said.display


def change_signature(signature: Signature, *, changes: Changes, now: datetime) -> None:
    """Change what a signature shows.

    What the signer removes disappears at once. If moderators review the letter, new words wait for one, and the old
    words stay until then.

    Raises Refused("signature_withdrawn") if the signature was withdrawn or removed, and Refused("data_deleted") if
    nothing but its number is left.
    """
    with transaction.atomic():
        letter, current = _lock_active(signature)
        if is_only_a_number(current):
            raise Refused(Refusal.DATA_DELETED)
        if letter.is_sealed or current.sealed is not None:
            # Nobody reads these words before they appear, so no moderator has judged the old ones.
            changed, is_held = sealed_words(changes.as_shown()), False
        else:
            changed, is_held = columns_to_write(current, changes.as_shown(), is_reviewed=letter.reviewed)
        # The sequencer scores what was confirmed again with the new words.
        changed["to_score"] = current.state in CONFIRMED_OR_SEALED
        shown_before, words_before, in_ledger = current.as_public(), current.fingerprint(), shown(current)
        row = Signature.objects.filter(pk=current.pk)
        for name, value in changed.items():
            setattr(current, name, value)
        stored = {**changed, **current.stored()}
        if is_held:
            row.move(Transition.HOLD_CHANGE, **stored)
        else:
            row.update(**stored)
        if current.number is not None:
            owe_words(letter.pk, [(current.pk, in_ledger, shown(current))])
        # Privacy: the version is public, so it must not increase for an action that changes no public page.
        if current.as_public() != shown_before:
            Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
            _tell_webhooks(current, was_public=bool(shown_before and shown_before[0]), now=now)
        if current.fingerprint() != words_before:
            # Nobody can check these decisions any more.
            ReviewDecision.objects.filter(signature=current.pk).update(words_changed=True)
        transaction.on_commit(lambda: wakeups.wake_sequencer(letter.pk))
        _answer_submissions(current, now)
        contact = SignerContact.objects.filter(pk=signature.pk)
        if changes.display == Display.NOBODY:
            contact.delete()
            forget_doubts(current)
        else:
            consented_at = now if changes.consent else None
            # Privacy: if the signer agreed to the same words before the letter moved, that was for another collective.
            same = Q(consent=changes.consent)
            if letter.moved_at and changes.consent:
                same &= Q(consented_at__gt=letter.moved_at)
            contact.exclude(same).update(consent=changes.consent, consented_at=consented_at)
            forget_unneeded_address(current)


def _tell_webhooks(signature: Signature, *, was_public: bool, now: datetime) -> None:
    """Tell other programs that a public signature shows other words now, or no name any more."""
    number = signature.number
    if number is None or signature.state != signature.State.PUBLISHED:
        return
    if signature.display == Display.PUBLIC:
        owe_changed(signature.letter, [signature.pk], now=now)
    elif was_public:
        owe_hidden(signature.letter, number, now=now)


def _answer_submissions(signature: Signature, now: datetime) -> None:
    """Delete the words of everything that was typed before: the owner of the mailbox has now decided.

    Privacy: address, language and text stay for the reminders, which still come (Submission.answered_at).
    """
    no_words = dict.fromkeys([*WORDS, "via", "concern", "consent"], "")
    encrypted = ["sealed", "entrusted", "entrusted_keys"]
    nothing = {**no_words, **dict.fromkeys([*encrypted, "consented_at", "network", "browser"])}
    # Privacy: the hash of the content would let someone guess a name. So replace it with a unique one that depends on
    # no content.
    unique = Func(Cast("pk", CharField()), function="md5", output_field=CharField())
    of_nothing = Func(unique, Value("hex"), function="decode", output_field=BinaryField())
    waiting = Submission.objects.unanswered().filter(signature_id=signature.pk)
    waiting.update(**nothing, display=Display.PUBLIC, content_hash=of_nothing, answered_at=now)


def _lock_active(signature: Signature) -> tuple[Letter, Signature]:
    """Lock and read letter and signature. Raises Refused("signature_withdrawn").

    Lock order: letter, then signature, like the sequencer.
    """
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    active = Signature.objects.filter(pk=signature.pk, state__in=ACTIVE)
    current = active.select_for_update(no_key=True).first()
    if current is None:
        raise Refused(Refusal.SIGNATURE_WITHDRAWN)
    current.letter = letter
    return letter, current
