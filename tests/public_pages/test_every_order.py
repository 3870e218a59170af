"""Whatever happens to signatures, in any order, the counts of a letter match its rows."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from limits import parse
from pytest_django import Settings

from letters.models import (
    CarryOver,
    CarryOverAnswer,
    Letter,
    LetterHour,
    LetterTally,
    Signature,
    Submission,
    User,
    most_private,
)
from letters.moderator.moderation.operations import (
    accept_signatures,
    decline_changes,
    reject_signatures,
    restore_signatures,
)
from letters.organizer.first_signatories.operations import cancel_invitations, forget_invitations, invite_people
from letters.organizer.letter_editor.operations import publish_letter
from letters.public.public_pages.operations import sequence_letter
from letters.shared.refused import Refusal, Refused
from letters.signer.carry_over.operations import answer_carry_over, ask_to_carry_over
from letters.signer.signing.operations import (
    Changes,
    accept_invitation,
    change_signature,
    confirm_signature,
    decline_invitation,
    disown_signature,
    purge_unconfirmed,
    sign_letter,
    use_submission,
    withdraw_signature,
)
from letters.signer.signing.queries import texts_to_sign
from tests.carry_over.conftest import change_text
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import people_in
from tests.people import NOW, submitted_form

PEOPLE = [f"{name}@example.org" for name in ("ada", "berta", "carlo")]
# An id that no submission has.
GONE = 2**62
LATER = NOW + timedelta(days=400)


class Happening:
    """One letter, and everything that may happen to it and to the newest signature of a person."""

    def __init__(self, letter: Letter, organizer: User) -> None:
        self.letter = letter
        self.organizer = organizer
        self.by: dict[str, Any] = {"by": organizer, "now": NOW}

    def happen(self, what: str, who: int) -> None:
        """Run an operation as the site does: a refusal changes nothing."""
        self.letter.refresh_from_db()
        try:
            with transaction.atomic():
                getattr(self, what)(who)
        except Refused:
            pass
        self.letter.refresh_from_db()

    def of(self, who: int) -> Signature:
        found = self.letter.signatures.select_related("letter").order_by("pk")
        rows = list(found)
        if not rows:
            raise Refused(Refusal.NOT_YOURS)
        return rows[who % len(rows)]

    def invite(self, who: int) -> None:
        invite_people(self.letter, people=people_in(f"Someone <{PEOPLE[who % 3]}>"), **self.by)

    def accept_the_invitation(self, who: int) -> None:
        signature = self.of(who)
        text = texts_to_sign(signature)["en"]
        changes = Changes(display="nobody" if who % 2 else "public", name="" if who % 2 else "Ada")
        accept_invitation(signature, changes=changes, language="en", seen=text.version, now=NOW)

    def decline_the_invitation(self, who: int) -> None:
        decline_invitation(self.of(who), now=NOW)

    def call_off(self, who: int) -> None:
        cancel_invitations(self.letter, **self.by)

    def forget(self, who: int) -> None:
        forget_invitations(now=LATER)
        purge_unconfirmed(now=LATER)

    def open(self, who: int) -> None:
        publish_letter(self.letter, **self.by)

    def sign(self, who: int) -> None:
        sign_letter(self.letter, submitted=submitted_form(PEOPLE[who % 3], via="example.org"), language="en", now=NOW)

    def sign_otherwise(self, who: int) -> None:
        """Sign again, with different words and a different choice of who sees the name."""
        display = ["public", "organizers", "nobody"][who % 3]
        name = "" if display == "nobody" else f"Another {who}"
        sign_letter(
            self.letter, submitted=submitted_form(PEOPLE[who % 2], name=name, display=display), language="it", now=NOW
        )

    def confirm(self, who: int) -> None:
        confirm_signature(self.of(who), verified="link", now=NOW)

    def confirm_what_was_typed(self, who: int) -> None:
        """Confirm one of several submissions by its link: its words count, or fewer of them."""
        signature, typed = self.typed(who)
        before, asked = signature.state, [each.display for each in signature.submissions.all()]
        wanted = most_private([signature.display, *asked])
        confirm_signature(signature, submission_id=typed.pk, verified="code", now=NOW)
        signature.refresh_from_db()
        if before == "pending":
            assert signature.state in {"confirmed", "held"}
            assert (signature.display, signature.language) == (wanted, typed.language)
            assert signature.name == ("" if wanted == "nobody" else typed.name)
            assert not signature.submissions.exists()

    def use_what_was_typed(self, who: int) -> None:
        signature, typed = self.typed(who)
        use_submission(signature, submission_id=typed.pk, now=NOW)
        assert not signature.submissions.filter(answered_at=None).exists()

    def confirm_what_is_gone(self, who: int) -> None:
        """Open the link of a submission that another has replaced."""
        signature = self.of(who)
        before = signature.state, signature.name, signature.display
        with suppress(Refused):
            confirm_signature(signature, submission_id=GONE, verified="link", now=NOW)
        signature.refresh_from_db()
        assert (signature.state, signature.name, signature.display) == before

    def typed(self, who: int) -> tuple[Signature, Submission]:
        found = list(Submission.objects.unanswered().filter(signature__letter=self.letter).order_by("pk"))
        if not found:
            raise Refused(Refusal.NO_TEXT)
        typed = found[who % len(found)]
        return Signature.objects.select_related("letter").get(pk=typed.signature_id), typed

    def change(self, who: int) -> None:
        display = ["public", "organizers", "nobody"][who % 3]
        change_signature(self.of(who), changes=Changes(display=display, name=f"Ada {who}"), now=NOW)

    def withdraw(self, who: int) -> None:
        withdraw_signature(self.of(who), now=NOW)

    def disown(self, who: int) -> None:
        disown_signature(self.of(who), now=NOW)

    def accept(self, who: int) -> None:
        accept_signatures(self.letter, [self.of(who).pk], **self.by)

    def decline(self, who: int) -> None:
        decline_changes(self.letter, [self.of(who).pk], reason="Not a name", **self.by)

    def reject(self, who: int) -> None:
        reject_signatures(self.letter, [self.of(who).pk], reason="Not a person", **self.by)

    def restore(self, who: int) -> None:
        restore_signatures(self.letter, [self.of(who).pk], **self.by)

    def revise(self, who: int) -> None:
        if self.letter.status != Letter.Status.PUBLISHED:
            raise Refused(Refusal.LETTER_DRAFT)
        change_text(self.letter, kind="substance" if who % 2 else "correction", body=f"Text {who}")
        ask_to_carry_over(self.letter, **self.by)

    def carry_over(self, who: int) -> None:
        if self.letter.current_revision is None:
            raise Refused(Refusal.LETTER_DRAFT)
        answer_carry_over(self.of(who), carries=bool(who % 2), seen=self.letter.current_revision.number, now=NOW)

    def number(self, who: int) -> None:
        sequence_letter(self.letter.pk, now=NOW)
        assert not self.letter.signatures.filter(counted=True).exclude(state="published").exists()
        assert not self.letter.signatures.filter(counted=False, state="published").exists()

    def look(self) -> None:
        """Count everything by hand."""
        letter, rows = self.letter, list(self.letter.signatures.all())
        counted = [row for row in rows if row.counted]
        assert letter.signature_count == len(counted)
        assert letter.last_number == letter.signature_count + letter.withdrawn_count + letter.removed_count
        assert list(letter.signatures.numbered().values_list("number", flat=True)) == [
            *range(letter.last_number, 0, -1)
        ]
        texts = Counter(row.revision_id for row in counted)
        assert {text.pk: text.signature_count for text in letter.revisions.all() if text.signature_count} == texts
        for kind in ("language", "country"):
            tallied = LetterTally.objects.filter(letter=letter, kind=kind).aggregate(sum=Sum("number"))["sum"]
            assert (tallied or 0) == letter.last_number
        hours = LetterHour.objects.filter(letter=letter).aggregate(more=Sum("published"), less=Sum("taken_out"))
        assert (hours["more"] or 0) - (hours["less"] or 0) == letter.signature_count
        for question in CarryOver.objects.filter(revision__letter=letter):
            said = list(CarryOverAnswer.objects.filter(question=question).values_list("carries", flat=True))
            assert (question.carried, question.stayed) == (said.count(True), said.count(False))
        self.look_for_people(rows)

    def look_for_people(self, rows: list[Signature]) -> None:
        """Check that no personal data is left of people who have withdrawn or disowned."""
        for row in rows:
            if row.state in {"withdrawn", "disowned", "declined", "expired"} or row.is_rejected_and_emptied:
                words = [row.name, row.affiliation, row.role, row.country, row.comment, row.domain, row.via]
                assert ([*filter(None, words)], row.pending_changes, row.declined_changes) == ([], None, None)
                assert not hasattr(row, "contact")
                assert not row.answers.exists()
            if row.display == "nobody" and row.state not in {"pending", "invited"}:
                assert (row.name, hasattr(row, "contact")) == ("", False)


ACTS = [
    name for name in vars(Happening) if not name.startswith(("_", "look")) and name not in {"happen", "of", "typed"}
]
COMMON = [
    "sign",
    "sign_otherwise",
    "confirm_what_was_typed",
    "confirm",
    "number",
    "withdraw",
    "reject",
    "restore",
    "revise",
    "carry_over",
]
STEPS = st.lists(st.tuples(st.sampled_from(ACTS + COMMON * 2), st.integers(0, 5)), min_size=5, max_size=30)
SIGNED = [
    ("open", 0),
    *(pair for who in range(3) for pair in [("sign", who), ("confirm_what_was_typed", 0)]),
    ("number", 0),
]


@given(steps=STEPS, is_open=st.booleans())
@example(is_open=True, steps=[("revise", 1), ("carry_over", 1), ("reject", 1), ("number", 0), ("withdraw", 1)])
@example(is_open=True, steps=[("reject", 0), ("number", 0), ("restore", 0), ("withdraw", 0), ("number", 0)])
@example(is_open=True, steps=[("reject", 1), ("number", 0), ("restore", 1), ("revise", 1), ("carry_over", 1)])
@example(is_open=True, steps=[("withdraw", 0), ("sign", 0), ("sign_otherwise", 2), ("confirm_what_was_typed", 0)])
@example(is_open=True, steps=[("sign_otherwise", 0), ("sign_otherwise", 4), ("use_what_was_typed", 0), ("number", 0)])
@example(is_open=False, steps=[("invite", 0), ("accept_the_invitation", 0), ("number", 0), ("reject", 0), ("open", 0)])
@example(is_open=False, steps=[("invite", 0), ("decline_the_invitation", 0), ("open", 0), ("sign", 0), ("confirm", 0)])
# A failure prints its steps; reducing them would take minutes.
@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])
def test_the_counts_match_the_rows(
    draft: LetterMaker, organizer: User, settings: Settings, *, steps: list[tuple[str, int]], is_open: bool
) -> None:
    settings.LIMIT_CONFIRMATIONS = parse("1000000/day")
    with transaction.atomic():
        happening = Happening(draft("every-order", reviewed=len(steps) % 2 == 0), organizer)
        for what, who in [*(SIGNED if is_open else []), *steps, ("number", 0)]:
            happening.happen(what, who)
            happening.look()
        transaction.set_rollback(True)


def test_the_random_story_covers_every_event() -> None:
    """Otherwise renaming a step could remove it from the test above."""
    assert len(ACTS) == 22
    assert set(COMMON) < set(ACTS)
