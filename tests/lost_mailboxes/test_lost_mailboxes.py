"""A signer who left an employer has lost the mailbox: a site moderator acts for the address, and learns nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from letters.models import (
    AuditEvent,
    BlockRule,
    Letter,
    MailRequest,
    OrganisationContact,
    OrganisationSignature,
    Signature,
    SignerContact,
    StoppedAddress,
    User,
)
from letters.moderator.moderation.operations import reject_signatures
from letters.moderator.reports.operations import Notice, dismiss_reports, report_letter
from letters.shared.addresses import encrypt, hash_address, parse_address
from letters.shared.refused import Refused
from letters.signer.lost_mailboxes.operations import MAX_ADDRESSES_A_DAY, Act, act_for_lost_mailbox
from letters.signer.signing.operations import request_mail
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, browser_of, deliver, publish, sign, sign_and_confirm, signature_of, words
from tests.takedowns.conftest import warden

__all__ = ["warden"]

pytestmark = pytest.mark.django_db
PAGE = "/moderate/lost/mailbox/"
PROOF = "A badge, and an old email from this address"
ADA = "ada@company.example"


def act(by: User, act: Act, email: str = ADA, proof: str = PROOF) -> None:
    act_for_lost_mailbox(parse_address(email), act, proof=proof, by=by, now=timezone.now())


def send(by: User, email: str = ADA, act: str = "withdraw", proof: str = PROOF) -> tuple[int, str]:
    answer = browser_of(by).post(PAGE, {"email": email, "act": act, "proof": proof}, follow=True)
    return answer.status_code, words(answer)


def test_all_signatures_of_the_address_are_withdrawn_over_all_letters(
    letter: Letter, published: LetterMaker, warden: User
) -> None:
    other = published("another")
    for each in (letter, other):
        sign_and_confirm(each, ADA)
    sign_and_confirm(letter, "bea@company.example", name="Bea")
    publish()
    act(warden, Act.WITHDRAW, "Ada+news@company.example")
    states = {(each.letter_id, each.name): each.state for each in Signature.objects.all()}
    assert states == {(letter.pk, ""): "withdrawn", (other.pk, ""): "withdrawn", (letter.pk, "Bea"): "published"}
    assert SignerContact.objects.count() == 1


@pytest.mark.parametrize("how", ["nobody", "held", "pending", "rejected"])
def test_it_withdraws_in_every_state(letter: Letter, warden: User, organizer: User, how: str) -> None:
    if how == "pending":
        sign(letter, ADA)
    elif how == "nobody":
        sign_and_confirm(letter, ADA, display="nobody", name="")
    else:
        sign_and_confirm(letter, ADA)
    ids = [signature_of(letter, ADA).pk]
    if how == "held":
        Signature.objects.update(state="held")
    if how == "rejected":
        reject_signatures(letter, ids, reason="Not a person", by=organizer, now=NOW)
    act(warden, Act.WITHDRAW)
    left = Signature.objects.get()
    assert left.state == ("rejected" if how == "rejected" else "withdrawn")
    assert (left.name, SignerContact.objects.count()) == ("", 0)


@pytest.mark.parametrize("state", ["pending", "waiting", "published", "rejected"])
def test_it_withdraws_organisations_for_which_the_address_has_signed(
    letter: Letter, warden: User, reader: Reader, state: str
) -> None:
    text = {"letter": letter, "revision": letter.current_revision, "language": "en", "salt": b"s" * 16}
    moments = {"signed_at": NOW, "confirmed_at": NOW, "published_at": NOW}
    for name, address, its_state in (("Works Council", ADA, state), ("Choir", "bea@choir.example", "published")):
        domain = address.partition("@")[2]
        words_of = {"name": name, "website": f"https://{domain}/", "domain": domain, "proof": "address"}
        row = OrganisationSignature.objects.create(**text, **moments, **words_of, state=its_state)
        contact = {"address": encrypt(address), "address_hash": hash_address(address), "domain": domain}
        OrganisationContact.objects.create(organisation=row, name="Ada", role="Chair", **contact)
    Letter.objects.update(organisation_count=OrganisationSignature.objects.published().count())
    reader.read(letter)
    act(warden, Act.WITHDRAW, "Ada+news@company.example")
    assert OrganisationContact.objects.get().domain == "choir.example"
    left = list(OrganisationSignature.objects.exclude(name="Choir").values_list("state", "name"))
    gone = {"pending": [], "rejected": [("rejected", "")]}
    assert left == gone.get(state, [("withdrawn", "")])
    letter.refresh_from_db()
    assert letter.organisation_count == 1
    assert "Works Council" not in reader.read(letter)


def test_erasing_also_deletes_the_address_elsewhere(letter: Letter, warden: User) -> None:
    request_mail(letter, address=parse_address(ADA), language="en", now=NOW)
    report_letter(letter, notice=Notice(reason="rules", words="Spam", name="Ada", address=ADA), language="en", now=NOW)
    act(warden, Act.ERASE)
    assert MailRequest.objects.get().address is None
    report = letter.reports.get()
    assert (report.name, report.address, report.words) == ("", None, "Spam")
    deliver()
    assert mail.outbox == []


def test_erasing_reaches_every_spelling_in_reports_and_rules(letter: Letter, warden: User) -> None:
    about: dict[str, Any] = {"is_of_site": True, "kind": "address", "effect": "hold", "made_by": warden}
    about |= {"made_at": NOW, "ends_at": timezone.now() + timedelta(days=9), "reason": "Spam", "is_on": True}
    ours = BlockRule.objects.create(digest=hash_address(ADA), **about)
    another = BlockRule.objects.create(digest=hash_address("bea@company.example"), **about)
    for name, address in [("Ada", "Ada+x@company.example"), ("Bea", "bea@company.example"), ("Zoe", "")]:
        notice = Notice(reason="rules", words="Spam", name=name, address=address)
        report_letter(letter, notice=notice, language="en", now=NOW)
    act(warden, Act.ERASE)
    ours.refresh_from_db()
    assert (ours.digest, ours.is_on, ours.is_over(timezone.now())) == (None, False, True)
    another.refresh_from_db()
    assert (bool(another.digest), another.is_on) == (True, True)
    left = letter.reports.order_by("pk").values_list("name", "address")
    assert list(left) == [("", None), ("Bea", "bea@company.example"), ("Zoe", None)]


@pytest.mark.parametrize("spelling", [ADA, "Ada+x@company.example"])
def test_stopping_ends_the_email_about_a_decision_on_a_report(
    letter: Letter, warden: User, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr("letters.moderator.reports.operations.mail_to_account", lambda mail: told.append(mail.to))
    for address in (spelling, "bea@company.example"):
        notice = Notice(reason="rules", words="Spam", address=address)
        newest = report_letter(letter, notice=notice, language="en", now=NOW)
    act(warden, Act.STOP)
    assert dismiss_reports(letter, up_to=newest.pk, by=warden, now=NOW) == 2
    assert told == [["bea@company.example"]]


def test_stopping_ends_every_email_about_letters_and_can_be_undone(
    letter: Letter, published: LetterMaker, warden: User
) -> None:
    sign(letter, ADA, now=timezone.now())
    act(warden, Act.STOP)
    for each in (letter, published("another")):
        request_mail(each, address=parse_address(ADA), language="en", now=timezone.now())
    sign(published("third"), ADA, now=timezone.now())
    deliver()
    assert mail.outbox == []
    assert signature_of(letter, ADA).state == "pending"
    act(warden, Act.RESUME)
    request_mail(letter, address=parse_address(ADA), language="en", now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1


def test_other_addresses_still_get_their_emails(letter: Letter, warden: User) -> None:
    act(warden, Act.STOP)
    sign(letter, "bea@company.example", now=timezone.now())
    deliver()
    assert [each.to for each in mail.outbox] == [["bea@company.example"]]
    assert bytes(StoppedAddress.objects.get().pk) == hash_address(ADA)


# Who may, how often, and what is recorded


@pytest.mark.parametrize("act_name", ["withdraw", "erase", "stop", "resume"])
def test_the_page_says_the_same_whatever_the_address_has_signed(letter: Letter, warden: User, act_name: str) -> None:
    sign_and_confirm(letter, ADA)
    answers = {send(warden, email, act_name) for email in (ADA, "nobody@company.example")}
    assert len(answers) == 1
    ((status, page),) = answers
    assert status == 200
    assert "Done." in page
    assert "company.example" not in page


def test_only_people_who_moderate_the_site_may(letter: Letter, organizer: User, moderator: User) -> None:
    for person in (organizer, moderator):
        assert browser_of(person).get(PAGE).status_code == 404
        with pytest.raises(Refused, match="not_yours"):
            act(person, Act.WITHDRAW)
    assert not AuditEvent.objects.filter(verb="act_for_lost_mailbox").exists()


@pytest.mark.parametrize(
    ("proof", "refusal"),
    [
        (" ", "no_reason"),
        ("x" * 501, "too_long"),
        ("She wrote from ada@company.example", "names_an_address"),
        ("From ada\uff20company.example", "names_an_address"),
        ("From ada\ufe6bcompany.example", "names_an_address"),
    ],
)
def test_a_proof_is_needed_and_holds_no_address(warden: User, proof: str, refusal: str) -> None:
    with pytest.raises(Refused, match=refusal):
        act(warden, Act.WITHDRAW, proof=proof)
    assert send(warden, proof=proof)[0] == 422


def test_nobody_goes_through_a_staff_list(letter: Letter, warden: User) -> None:
    for number in range(MAX_ADDRESSES_A_DAY):
        act(warden, Act.WITHDRAW, f"person-{number}@company.example")
    sign_and_confirm(letter, ADA)
    status, page = send(warden)
    assert status == 422
    assert "You have acted for as many addresses as you can in a day." in page
    assert signature_of(letter, ADA).state == "confirmed"
    tomorrow = timezone.now() + timedelta(days=1, hours=1)
    act_for_lost_mailbox(parse_address(ADA), Act.WITHDRAW, proof=PROOF, by=warden, now=tomorrow)


def test_the_record_has_the_person_the_proof_and_a_hash_that_finds_no_signature(letter: Letter, warden: User) -> None:
    sign_and_confirm(letter, ADA)
    act(warden, Act.WITHDRAW)
    act(warden, Act.STOP)
    first, second = AuditEvent.objects.filter(verb="act_for_lost_mailbox").order_by("pk")
    assert (first.actor, first.reason, first.details["act"]) == (warden, PROOF, "withdraw")
    assert first.details["address"] == second.details["address"]
    assert first.details["address"] != hash_address(ADA).hex()
    assert "company.example" not in f"{first.details} {first.reason}"
