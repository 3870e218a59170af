"""Inviting first signatories: who may invite whom and when, one reminder, withdrawing, and what is deleted when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.base.accounts import queries as account_queries
from letters.base.outbox.operations import note_bounce, note_complaint
from letters.models import (
    AuditEvent,
    Letter,
    OutgoingEmail,
    SignatoryList,
    Signature,
    SignerContact,
    Transition,
    User,
)
from letters.organizer.first_signatories.operations import (
    cancel_invitations,
    forget_invitations,
    keep_list,
    remind_invited,
    withdraw_invitation,
)
from letters.organizer.first_signatories.operations import inviting as operations
from letters.organizer.first_signatories.queries import expired_among, list_of, listed, progress
from letters.organizer.letter_editor.operations import close_letter, publish_letter, translate_letter, withdraw_letter
from letters.shared.addresses import decrypt, hash_address, read_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, accept_invitation, withdraw_signature
from letters.signer.signing.queries import texts_to_sign
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import Inviter, invited_by_mail
from tests.people import EN, NOW, deliver, in_threads, signature_of

DAY = timedelta(days=1)


def accept(letter: Letter, email: str = "ada@example.org", *, now: datetime = NOW) -> Signature:
    signature = signature_of(letter, email)
    seen = texts_to_sign(signature)["en"].version
    accept_invitation(signature, changes=Changes(name="Ada King", display="public"), language="en", seen=seen, now=now)
    return signature_of(letter, email)


def withdraw_invitation_of(letter: Letter, email: str, by: User) -> None:
    address = read_address(email)
    assert address
    withdraw_invitation(letter, address=address, by=by, now=NOW)


def reminded(letter: Letter, by: User, *, now: datetime) -> int:
    """Return how many people get an email again, which organizers do not learn."""
    before = invited_by_mail()
    remind_invited(letter, by=by, now=now)
    return invited_by_mail() - before


def sign_anyway(letter: Letter, email: str = "ada@example.org", **changes: Any) -> Signature:
    """Sign as the form does, whatever the letter would refuse."""
    address = read_address(email)
    assert address
    values = {"name": "Ada", "display": "public", "state": "pending", "language": "en", **changes}
    return Signature.objects.create(
        letter=letter,
        revision=letter.revisions.latest("number"),
        address_hash=hash_address(address.canonical),
        salt=bytes(8),
        signed_at=NOW,
        **values,
    )


# Who may invite, and when


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_only_owners_and_editors_invite(
    before: Letter, invite: Inviter, who: str, request: pytest.FixtureRequest
) -> None:
    by = request.getfixturevalue(who)
    invite(before, "Eve <eve@example.org>", now=NOW)
    for act in (
        lambda: invite(before, by=by),
        lambda: keep_list(before, text="a", encoding="", by=by, now=NOW),
        lambda: remind_invited(before, by=by, now=NOW),
        lambda: withdraw_invitation_of(before, "eve@example.org", by),
        lambda: cancel_invitations(before, by=by, now=NOW),
    ):
        with pytest.raises(Refused, match="not_yours"):
            act()
    assert Signature.objects.get().state == "invited"


def test_another_member_may_invite_too(before: Letter, invite: Inviter, teammate: User) -> None:
    assert invite(before, by=teammate) == 1


@pytest.mark.parametrize("state", ["open", "closed", "withdrawn"])
def test_once_the_letter_is_open_nobody_is_invited(
    letter: Letter, invite: Inviter, organizer: User, state: str
) -> None:
    if state == "closed":
        close_letter(letter, by=organizer, now=NOW)
    if state == "withdrawn":
        withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    with pytest.raises(Refused, match=f"letter_{state}"):
        invite(letter)
    with pytest.raises(Refused, match=f"letter_{state}"):
        keep_list(letter, text="a@b.org", encoding="", by=organizer, now=NOW)
    assert not Signature.objects.exists()


def test_people_can_be_invited_to_a_published_letter_that_opens_later(published: LetterMaker, invite: Inviter) -> None:
    assert invite(published(opens_at=NOW + DAY), now=NOW) == 1


# Who can be invited


def test_the_ids_of_the_invited_do_not_reveal_the_order_of_the_list(before: Letter, invite: Inviter) -> None:
    text = "\n".join(f"P{place} <p{place}@example.org>" for place in range(50))
    assert invite(before, text, now=NOW) == 50
    by_id = list(Signature.objects.order_by("pk").values_list("name", flat=True))
    assert sorted(by_id) == sorted(f"P{n}" for n in range(50))
    assert by_id != [f"P{n}" for n in range(50)]
    assert {*Signature.objects.values_list("state", "is_first", "verified")} == {("invited", True, "")}


def test_addresses_are_stored_encrypted(before: Letter, invite: Inviter) -> None:
    invite(before)
    contact = SignerContact.objects.get()
    assert b"example" not in bytes(contact.address)
    assert decrypt(contact.address) == "ada@example.org"


def test_nobody_is_invited_twice_in_any_spelling(before: Letter, invite: Inviter) -> None:
    invite(before, "ada@gmail.com\nA.D.A+x@googlemail.com\n")
    assert invite(before, "ADA@gmail.com") == 0
    assert OutgoingEmail.objects.count() == 1


def test_signers_are_not_invited(before: Letter, invite: Inviter) -> None:
    signature = sign_anyway(before, is_first=True)
    assert invite(before) == 0
    signature.refresh_from_db()
    assert signature.state == "pending"


def test_other_letters_are_not_affected(draft: LetterMaker, invite: Inviter) -> None:
    first, second = draft("first"), draft("second")
    assert (invite(first), invite(second)) == (1, 1)
    assert listed(second) == 1


def test_only_addresses_at_the_letters_domains_are_invited(draft: LetterMaker, invite: Inviter) -> None:
    letter = draft(domains=["university.example"])
    assert invite(letter, "ada@example.org\nbob@cs.university.example\n") == 1


def test_a_disposable_address_is_held_for_a_moderator(before: Letter, invite: Inviter) -> None:
    invite(before, "ada@mailinator.com", now=NOW)
    assert accept(before, "ada@mailinator.com").state == "held"


def test_the_number_of_invited_people_is_limited(
    before: Letter, invite: Inviter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MAX_INVITED", 2)
    invite(before, "a@example.org\nb@example.org")
    with pytest.raises(Refused, match="too_many"):
        invite(before, "c@example.org")
    assert Signature.objects.count() == 2


def test_an_account_invites_a_limited_number_a_day_over_all_its_letters(
    before: Letter, draft: LetterMaker, invite: Inviter, teammate: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", 2)
    invite(before, "a@example.org", now=NOW)
    other = draft("other")
    with pytest.raises(Refused, match="too_many_today"):
        invite(other, "b@example.org\nc@example.org", now=NOW + DAY / 2)
    assert invite(other, "b@example.org", now=NOW + DAY / 2) == 1
    # A known person counts like anyone else: the remaining limit must not reveal who is known.
    with pytest.raises(Refused, match="too_many_today"):
        invite(other, "b@example.org", now=NOW + DAY / 2)
    # Another member has a separate limit.
    assert invite(other, "c@example.org", now=NOW + DAY / 2, by=teammate) == 1
    assert invite(other, "d@example.org", now=NOW + DAY) == 1


def test_withdrawing_invitations_makes_no_room_for_others(
    before: Letter, invite: Inviter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", 1)
    invite(before, "a@example.org", now=NOW)
    cancel_invitations(before, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_today"):
        invite(before, "b@example.org", now=NOW)


@pytest.mark.usefixtures("transactional_db")
def test_two_lists_at_once_are_both_counted(
    before: Letter, draft: LetterMaker, invite: Inviter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", 1)

    def send(letter: Letter) -> int:
        try:
            return invite(Letter.objects.get(pk=letter.pk), now=NOW)
        except Refused:
            return 0

    assert sorted(in_threads(send, [before, draft("other"), draft("third")], threads=3)) == [0, 0, 1]


def test_no_name_is_stored_if_the_letter_shows_none(draft: LetterMaker, invite: Inviter) -> None:
    letter = draft(displays=["nobody"])
    invite(letter)
    assert (signature_of(letter).name, signature_of(letter).display) == ("", "nobody")


def test_a_thousand_more_people_cost_no_more_queries(before: Letter, draft: LetterMaker, invite: Inviter) -> None:
    other = draft("other")
    counts = []
    for letter, number in [(before, 2), (other, 900)]:
        with CaptureQueriesContext(connection) as captured:
            invite(letter, "\n".join(f"p{place}@example.org" for place in range(number)))
        counts.append(len(captured))
    assert counts[0] == counts[1]


# The text


def test_the_first_invitation_fixes_the_text_of_a_draft(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before)
    before.refresh_from_db()
    assert before.status == "draft"
    with pytest.raises(Refused, match="revision_published"):
        translate_letter(before, text=EN, by=organizer, now=NOW)
    publish_letter(before, by=organizer, now=NOW)
    assert signature_of(before).revision == before.current_revision


def test_cancelling_all_invitations_frees_the_text_if_nobody_has_signed(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    invite(before, now=NOW)
    cancel_invitations(before, by=organizer, now=NOW)
    assert signature_of(before).state == "expired"
    translate_letter(before, text=EN, by=organizer, now=NOW)
    assert before.current_revision is None
    cancel_invitations(before, by=organizer, now=NOW)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_cancelling_all_invitations_does_not_free_a_text_that_someone_has_signed(
    before: Letter, invite: Inviter, organizer: User, withdrawn: bool
) -> None:
    invite(before, "ada@example.org\nbob@example.org", now=NOW)
    signature = accept(before)
    if withdrawn:
        withdraw_signature(signature, now=NOW)
    cancel_invitations(before, by=organizer, now=NOW)
    with pytest.raises(Refused, match="revision_published"):
        translate_letter(before, text=EN, by=organizer, now=NOW)


# Reminders and withdrawals


def test_everyone_is_reminded_once(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, "ada@example.org\nbob@example.org")
    deliver()
    accept(before, "bob@example.org", now=timezone.now())
    assert reminded(before, organizer, now=timezone.now()) == 0
    # Pretend that a day has passed.
    Signature.objects.update(signed_at=timezone.now() - DAY)
    assert reminded(before, organizer, now=timezone.now()) == 1
    assert reminded(before, organizer, now=timezone.now()) == 0
    deliver()
    assert [message.subject[:10] for message in mail.outbox if message.to == ["ada@example.org"]] == [
        "Will you b",
        "Reminder: ",
    ]


def test_a_person_whose_invitation_bounced_is_not_reminded(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, "ada@example.org\nbob@example.org", now=NOW)
    first, second = OutgoingEmail.objects.order_by("pk")
    note_bounce(first, at=NOW, now=NOW, error="550")
    note_complaint(second, at=NOW, now=NOW)
    assert reminded(before, organizer, now=NOW + 2 * DAY) == 0
    assert progress(before).bounced == {"550": 1, "complained": 1}
    assert Signature.objects.filter(state="invited").count() == 2


def test_an_email_that_no_server_accepts_is_reported_too(before: Letter, invite: Inviter) -> None:
    invite(before, now=NOW)
    OutgoingEmail.objects.update(failed_at=NOW, error="554")
    assert progress(before).bounced == {"554": 1}


def test_a_fourth_email_in_a_day_is_not_sent_and_no_organizer_learns_of_it(draft: LetterMaker, invite: Inviter) -> None:
    letters = [draft(f"letter-{place}") for place in range(4)]
    for letter in letters:
        invite(letter)
    deliver()
    assert len(mail.outbox) == 3
    assert {(progress(letter).listed, len(progress(letter).bounced)) for letter in letters} == {(1, 0)}


def test_an_invitation_can_be_withdrawn_and_sent_again(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, "Ada <ada@example.org>\nBob <bob@example.org>", now=NOW)
    old = signature_of(before)
    withdraw_invitation_of(before, "ADA@example.org", organizer)
    assert (signature_of(before).state, signature_of(before).name) == ("expired", "")
    assert not SignerContact.objects.filter(signature=old).exists()
    assert not OutgoingEmail.objects.owed().filter(signature=old).exists()
    assert invite(before, "Ada King <ada@example.org>", now=NOW + DAY) == 1
    new = signature_of(before)
    assert (new.pk, new.state, new.name) == (old.pk, "invited", "Ada King")
    assert bytes(new.salt) != bytes(old.salt)
    assert OutgoingEmail.objects.owed().filter(signature=new).count() == 1


def test_a_person_who_signs_while_invited_again_keeps_the_signature(
    before: Letter, invite: Inviter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(before, now=NOW)
    withdraw_invitation_of(before, "ada@example.org", organizer)
    find = expired_among

    def and_then_they_sign(letter: Letter, hashes: Sequence[bytes]) -> dict[bytes, int]:
        found = find(letter, hashes)
        assert Signature.objects.filter(pk__in=found.values()).move(Transition.SIGN_INSTEAD, name="Ada") == 1
        return found

    monkeypatch.setattr(operations, "expired_among", and_then_they_sign)
    salt = bytes(signature_of(before).salt)
    invite(before, "Ada King <ada@example.org>", now=NOW + DAY)
    signature = signature_of(before)
    assert (signature.state, signature.name, bytes(signature.salt)) == ("pending", "Ada", salt)
    assert not OutgoingEmail.objects.owed().filter(signature=signature).exists()


def test_withdrawing_an_answered_invitation_changes_nothing(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, now=NOW)
    accept(before)
    withdraw_invitation_of(before, "ada@example.org", organizer)
    withdraw_invitation_of(before, "nobody@example.org", organizer)
    assert signature_of(before).state == "confirmed"
    # Owners read the record, where the two look the same.
    events = AuditEvent.objects.filter(verb="withdraw_invitation").values_list("details", "reason", "object_id")
    assert list(events) == [({}, "", before.pk)] * 2


# What is stored, and for how long


def test_the_record_contains_only_numbers(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, now=NOW)
    remind_invited(before, by=organizer, now=NOW + DAY)
    withdraw_invitation_of(before, "ada@example.org", organizer)
    cancel_invitations(before, by=organizer, now=NOW)
    events = AuditEvent.objects.filter(object_kind="letter", object_id=before.pk)
    found = dict(events.exclude(verb__contains="letter").values_list("verb", "details"))
    assert found == {
        "invite_first_signers": {"invited": 1},
        "remind_first_signers": {},
        "withdraw_invitation": {},
        "call_off_round": {"text_is_free": True},
    }


def test_after_two_weeks_the_address_is_forgotten(before: Letter, invite: Inviter) -> None:
    invite(before, "ada@example.org\nbob@example.org", now=NOW)
    accept(before, "bob@example.org")
    forget_invitations(now=NOW + 14 * DAY - timedelta(seconds=1))
    assert SignerContact.objects.count() == 2
    forget_invitations(now=NOW + 14 * DAY)
    assert SignerContact.objects.get().signature == signature_of(before, "bob@example.org")
    assert (signature_of(before).state, signature_of(before).name) == ("expired", "")


def test_a_person_who_reported_spam_cannot_be_invited_again(before: Letter, invite: Inviter) -> None:
    invite(before, now=NOW)
    note_complaint(OutgoingEmail.objects.get(), at=NOW, now=NOW)
    forget_invitations(now=NOW + 14 * DAY)
    assert signature_of(before).state == "declined"
    assert invite(before, now=NOW + 15 * DAY) == 0


def test_a_person_who_reported_spam_gets_no_email_even_after_the_invitation_is_withdrawn(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    invite(before, now=NOW)
    note_complaint(OutgoingEmail.objects.get(), at=NOW, now=NOW)
    cancel_invitations(before, by=organizer, now=NOW)
    assert invite(before, now=NOW + DAY) == 0
    signature = signature_of(before)
    assert (signature.state, signature.name, signature.concern) == ("declined", "", "complained")
    assert not SignerContact.objects.exists()


def test_nothing_is_left_of_people_who_did_not_sign_two_weeks_after_the_opening(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    invite(before, "ada@example.org\nbob@example.org", now=NOW)
    accept(before, "bob@example.org")
    forget_invitations(now=NOW + 400 * DAY)
    assert Signature.objects.count() == 2  # A draft may still invite, so it must know whom not to invite.
    publish_letter(before, by=organizer, now=NOW + 400 * DAY)
    forget_invitations(now=NOW + 413 * DAY)
    assert Signature.objects.count() == 2
    forget_invitations(now=NOW + 414 * DAY)
    assert Signature.objects.get() == signature_of(before, "bob@example.org")


def test_a_list_is_kept_encrypted_for_an_hour(before: Letter, organizer: User, teammate: User) -> None:
    keep_list(before, text="ada@example.org", encoding="", by=organizer, now=NOW)
    keep_list(before, text="bob@example.org", encoding="", by=organizer, now=NOW)
    kept = SignatoryList.objects.get()
    assert decrypt(kept.encrypted) == "bob@example.org"
    assert b"example" not in bytes(kept.encrypted)
    assert list_of(before, teammate, NOW) is None
    assert list_of(before, organizer, NOW + timedelta(minutes=59)) == kept
    assert list_of(before, organizer, NOW + timedelta(hours=1)) is None
    forget_invitations(now=NOW + timedelta(hours=1))
    assert not SignatoryList.objects.exists()
