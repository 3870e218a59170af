"""A signer answers a question by proving an address at an organization, and moderators read its domain alone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.base.outbox.built import Drop, DropReason
from letters.models import (
    ANSWER_WITHIN,
    AddressProof,
    AuditEvent,
    Letter,
    MailRequest,
    OutgoingEmail,
    Signature,
    SignerQuestion,
    User,
)
from letters.moderator.moderation.operations import ask_signers, queue_answers, undo_decision
from letters.shared.addresses import Address, hash_address, read_address
from letters.shared.codes import LIFETIME
from letters.shared.refused import Refused
from letters.signer.signing.mail import address_proof
from letters.signer.signing.operations import (
    disown_signature,
    forget_proofs,
    forget_requests,
    prove_address,
    send_proof_code,
    withdraw_signature,
)
from tests.moderation.test_questions import morning_after, queue_of
from tests.people import FROM_OUR_PAGE, Reader, browser_of, deliver, sign_and_confirm, words

pytestmark = pytest.mark.django_db

WORK = "ada.lovelace@cs.engines.example"


@pytest.fixture
def asked(letter: Letter, moderator: User) -> Signature:
    """A held signature about which a moderator has asked."""
    letter.reviewed = True
    letter.save()
    signature = sign_and_confirm(letter)
    ask_signers(letter, [signature.pk], by=moderator, now=timezone.now())
    OutgoingEmail.objects.all().delete()
    return signature


def address(text: str = WORK) -> Address:
    found = read_address(text)
    assert found
    return found


def send(signature: Signature, to: str = WORK) -> str:
    """Have a code sent, and return it."""
    mail.outbox.clear()
    send_proof_code(signature, address=address(to), now=timezone.now())
    deliver()
    (message,) = mail.outbox
    assert message.to == [to]
    found = re.search(r"Your code:\s+(\d{3}) (\d{3})", str(message.body))
    assert found
    return "".join(found.groups())


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_proves_the_address_and_moderators_read_its_domain_the_next_day(
    asked: Signature, organizer: User
) -> None:
    prove_address(asked, code=send(asked), now=timezone.now())
    question = SignerQuestion.objects.get()
    assert (question.link, question.domain) == ("", "cs.engines.example")
    morning = morning_after(asked, timezone.now())
    assert queue_of(organizer, morning - timedelta(seconds=1)) == []
    assert queue_answers(now=morning) == 1
    assert queue_of(organizer, morning) == [asked.pk]
    page = browser_of(organizer).get("/moderate/").content.decode()
    assert "The signer proved an address at <bdi><b>cs.engines.example</b></bdi>." in page
    assert "ada.lovelace" not in page
    assert "ada.lovelace" not in str(AuditEvent.objects.values_list("details", flat=True))


def test_after_the_proof_nothing_leads_to_the_address(asked: Signature) -> None:
    prove_address(asked, code=send(asked), now=timezone.now())
    assert not AddressProof.objects.exists()
    request = MailRequest.objects.get()
    assert request.address is None
    stored: list[Any] = [*SignerQuestion.objects.values_list(), *OutgoingEmail.objects.values_list("key", "error")]
    assert "lovelace" not in str(stored)
    assert OutgoingEmail.objects.get().signature_id is None
    # What stays for a week counts the emails to the address, and nothing in it names the signature.
    assert bytes(request.address_hash) == hash_address(address().canonical)


def test_the_address_is_deleted_once_the_email_has_left(asked: Signature) -> None:
    send(asked)
    forget_requests(now=timezone.now())
    assert MailRequest.objects.get().address is None


def test_the_email_names_neither_the_letter_nor_the_signer_and_has_no_link_but_to_the_site(
    asked: Signature, settings: Any
) -> None:
    send(asked)
    (message,) = mail.outbox
    assert message.subject == "The email that you asked for"
    assert "Undersigned" in message.from_email
    assert isinstance(message, EmailMultiAlternatives)
    whole = message.message().as_string() + str(message.body) + str(message.alternatives)
    titles = asked.revision.translations.values_list("title", flat=True)
    for word in (*titles, asked.name, asked.letter.collective.name, asked.letter.slug):
        assert word not in whole
    assert asked.letter.collective.name not in message.from_email
    links = set(re.findall(r"https?://[^\s\"<]+", str(message.body)))
    assert links == {settings.SITE_URL, f"{settings.SITE_URL}/privacy/"}


def test_the_email_is_as_long_as_others(asked: Signature, letter: Letter) -> None:
    send(asked)
    first = len(mail.outbox[0].message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # Django's own
    mail.outbox.clear()
    sign_and_confirm(letter, "eve@example.org")
    deliver()
    others = {len(each.message().as_bytes(linesep="\r\n")) for each in mail.outbox}  # type: ignore[call-arg]
    assert others == {first}


def test_a_wrong_code_counts_and_five_tries_end_it(asked: Signature) -> None:
    code = send(asked)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_proof_code"):
            prove_address(asked, code=other_than(code), now=timezone.now())
    with pytest.raises(Refused, match="wrong_proof_code"):
        prove_address(asked, code=code, now=timezone.now())
    assert AddressProof.objects.get().tries == 5
    prove_address(asked, code=send(asked), now=timezone.now())


def test_a_code_works_for_an_hour_from_its_email(asked: Signature) -> None:
    code = send(asked)
    with pytest.raises(Refused, match="wrong_proof_code"):
        prove_address(asked, code=code, now=timezone.now() + LIFETIME + timedelta(seconds=1))
    prove_address(asked, code=code, now=timezone.now() + LIFETIME - timedelta(minutes=1))


def test_no_code_works_before_its_email_has_left(asked: Signature) -> None:
    send_proof_code(asked, address=address(), now=timezone.now())
    with pytest.raises(Refused, match="wrong_proof_code"):
        prove_address(asked, code="000000", now=timezone.now())


def test_a_new_code_ends_the_old_one(asked: Signature) -> None:
    old = send(asked, "someone.else@engines.example")
    new = send(asked)
    with pytest.raises(Refused, match="wrong_proof_code"):
        prove_address(asked, code=old, now=timezone.now())
    prove_address(asked, code=new, now=timezone.now())
    assert SignerQuestion.objects.get().domain == "cs.engines.example"


def test_one_question_causes_three_emails_at_most(asked: Signature) -> None:
    for name in ("one", "two", "three"):
        send(asked, f"{name}@engines.example")
    with pytest.raises(Refused, match="many_proof_emails"):
        send_proof_code(asked, address=address(), now=timezone.now())


def test_a_double_click_causes_one_email(asked: Signature) -> None:
    for _ in range(2):
        send_proof_code(asked, address=address(), now=timezone.now())
    assert OutgoingEmail.objects.count() == 1


def test_the_email_counts_in_the_daily_limit_of_its_address(letter: Letter, asked: Signature) -> None:
    for name in ("Anna", "Berta", "Cora"):
        other = sign_and_confirm(letter, f"{name.lower()}@example.org")
        ask_signers(letter, [other.pk], by=letter.collective.memberships.get(role="owner").user, now=timezone.now())
        OutgoingEmail.objects.filter(signature=other).delete()
        send(other)
    mail.outbox.clear()
    send_proof_code(asked, address=address(), now=timezone.now())
    deliver()
    assert mail.outbox == []
    assert OutgoingEmail.objects.owed().count() == 1


@pytest.mark.parametrize("leave", [withdraw_signature, disown_signature])
def test_who_leaves_gets_no_code(asked: Signature, leave: Callable[..., None]) -> None:
    send_proof_code(asked, address=address(), now=timezone.now())
    leave(asked, now=timezone.now())
    mail.outbox.clear()
    deliver()
    assert mail.outbox == []
    assert not AddressProof.objects.exists()
    forget_requests(now=timezone.now())
    assert MailRequest.objects.filter(address__isnull=False).count() == 0


def test_undoing_the_question_ends_the_proof(asked: Signature, moderator: User) -> None:
    send_proof_code(asked, address=address(), now=timezone.now())
    undo_decision(SignerQuestion.objects.get().decision, by=moderator, now=timezone.now())
    assert not AddressProof.objects.exists()
    deliver()
    assert mail.outbox == []


def test_an_email_whose_question_was_decided_is_dropped(asked: Signature) -> None:
    send_proof_code(asked, address=address(), now=timezone.now())
    Signature.objects.filter(pk=asked.pk).update(state="confirmed")
    assert address_proof(OutgoingEmail.objects.get()) == Drop(DropReason.SETTLED)


def test_what_nobody_finishes_is_deleted_with_the_end_of_the_question(asked: Signature) -> None:
    send(asked)
    forget_proofs(now=timezone.now() + ANSWER_WITHIN - timedelta(minutes=1))
    assert AddressProof.objects.exists()
    forget_proofs(now=timezone.now() + ANSWER_WITHIN + timedelta(minutes=1))
    assert not AddressProof.objects.exists()


def press(signature: Signature, action: str, **typed: str) -> Any:
    link = signature.link("manage", now=timezone.now())
    return Reader().client.post(link, {"action": action, **typed}, headers=FROM_OUR_PAGE)


def page_of(signature: Signature) -> str:
    return words(Reader().get(signature.link("manage", now=timezone.now())))


def test_the_page_warns_before_it_takes_an_address(asked: Signature) -> None:
    page = page_of(asked)
    assert "Your employer may see that email." in page
    assert "Neither its subject nor its text names this letter or you." in page
    assert "Moderators read only the part after the @" in page


def test_the_page_leads_from_the_address_to_the_answer(asked: Signature) -> None:
    assert press(asked, "send_code", email=WORK).status_code == 303
    deliver()
    page = page_of(asked)
    assert "If your address at cs.engines.example can get an email from us today, a code is on its way." in page
    assert WORK not in page
    assert "That code is wrong or has expired." in words(press(asked, "prove", code="12 34 56"))
    found = re.search(r"Your code:\s+(\d{3}) (\d{3})", str(mail.outbox[-1].body))
    assert found
    assert press(asked, "prove", code=" ".join(found.groups())).status_code == 303
    assert "You proved an address at cs.engines.example . We have not kept the address." in page_of(asked)
    stored = Reader().get(f"{asked.link('manage', now=timezone.now())}data.json").json()
    assert [each["domain"] for each in stored["questions"]] == ["cs.engines.example"]


@pytest.mark.parametrize("email", ["ada@gmail.com", "ada@mailinator.com"])
def test_an_address_that_anyone_can_get_shows_nothing(asked: Signature, email: str) -> None:
    answer = press(asked, "send_code", email=email)
    assert answer.status_code == 422
    assert "Anyone can get an address there" in words(answer)
    assert not MailRequest.objects.exists()


def test_the_page_is_the_same_whether_or_not_the_address_signed_or_complained(asked: Signature, letter: Letter) -> None:
    sign_and_confirm(letter, "signed@engines.example")
    pages = []
    for name in ("signed", "never"):
        AddressProof.objects.all().delete()
        answer = press(asked, "send_code", email=f"{name}@engines.example")
        deliver()
        pages.append((answer.status_code, page_of(asked)))
    assert pages[0] == pages[1]


def test_a_domain_that_can_pass_for_another_is_shown_in_ascii(asked: Signature, organizer: User) -> None:
    SignerQuestion.objects.update(domain="xn--80ak6aa92e.com", answered_at=timezone.now(), reaches_at=timezone.now())
    queue_answers(now=timezone.now())
    page = words(browser_of(organizer).get("/moderate/"))
    assert "The signer proved an address at xn--80ak6aa92e.com ." in page
