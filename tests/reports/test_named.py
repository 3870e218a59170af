"""A person says that a name on the list is theirs, and that they did not sign: what is stored, and who learns what."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from letters.base.outbox.operations import note_complaint
from letters.models import (
    RISK_OF_NAMED,
    HoldFrom,
    Letter,
    MailRequest,
    NameReport,
    OutgoingEmail,
    Report,
    Signature,
    StoppedAddress,
    User,
)
from letters.moderator.live_signals.operations import score_signatures
from letters.moderator.moderation.operations import (
    accept_signatures,
    reject_signatures,
    restore_signatures,
    undo_decision,
)
from letters.moderator.moderation.queries import scope_of, waiting_in
from letters.moderator.reports import operations
from letters.moderator.reports.operations import ADDRESS_KEPT, TOLD_AFTER, settle_name_reports
from letters.moderator.signals.reasons import SIGNALS, Reason
from letters.public.public_pages.tasks import sweep
from letters.shared.addresses import decrypt, hash_address
from letters.signer.signing.operations import disown_signature, withdraw_signature
from tests.people import FROM_OUR_PAGE, Signer, browser_of, deliver, sign, sign_and_confirm, signature_of, words
from tests.signing.test_equal_mails import PADDED, shape_of

pytestmark = pytest.mark.django_db
ADA, BEA = "ada@example.org", "bea@gmail.com"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the emails about decisions: the address and the text."""
    sent: list[str] = []
    monkeypatch.setattr(operations, "mail_to_account", lambda mail: sent.append(f"{mail.to[0]}\n{mail.body}"))
    return sent


@pytest.fixture
def signature(letter: Letter) -> Signature:
    """Number 1: Ada Lovelace of the University of Bologna, confirmed from ada@example.org."""
    sign_and_confirm(letter, ADA, name="Ada Lovelace", affiliation="Università di Bologna")
    sequence()
    OutgoingEmail.objects.all().delete()
    mail.outbox.clear()
    return signature_of(letter, ADA)


def sequence() -> None:
    """Score and number signatures, as the worker does."""
    sweep(now=timezone.now(), score=score_signatures)


def ask(letter: Letter, signer: Signer, email: str = BEA, number: str = "1", **more: str) -> int:
    fields = {"number": number, "email": email, **more}
    return signer.client.post(letter.url_of("report_name"), fields, headers=FROM_OUR_PAGE).status_code


def confirm(letter: Letter, signer: Signer, email: str = BEA) -> int:
    """Ask, open the link in the email, and press the button."""
    assert ask(letter, signer, email) == 303
    deliver()
    link = signer.mailed_link(email, purpose="name-report")
    assert "Ada Lovelace" in words(signer.get(link))
    return signer.press(link).status_code


def test_the_list_leads_to_the_form(signature: Signature, signer: Signer) -> None:
    assert signature.letter.url_of("report_name") in signer.read(signature.letter, "signatures")
    page = words(signer.get(f"{signature.letter.url_of('report_name')}?number=1"))
    assert "My name is here, but I did not sign" in page
    assert "Check your email" in words(signer.get(f"{signature.letter.url_of('report_name')}?sent"))


def test_nothing_about_the_report_is_stored_before_it_is_confirmed(
    signature: Signature, signer: Signer, moderator: User
) -> None:
    assert ask(signature.letter, signer) == 303
    deliver()
    link = signer.mailed_link(BEA, purpose="name-report")
    signer.get(link)
    assert not Report.objects.exists()
    assert waiting_in(scope_of(moderator)) == 0
    before = signature.risk
    signature.refresh_from_db()
    assert (signature.concern, signature.risk) == ("", before)


def test_a_confirmed_report_is_above_every_score_and_a_moderator_decides(
    signature: Signature, signer: Signer, moderator: User
) -> None:
    sign_and_confirm(signature.letter, "doubt@example.org", name="Doubtful Person")
    sequence()
    Signature.objects.exclude(pk=signature.pk).update(concern="doubtful", risk=100)
    before = signer.count(signature.letter)
    assert confirm(signature.letter, signer) == 200
    sequence()
    signature.refresh_from_db()
    assert (signature.state, signature.concern, signature.risk) == ("published", "reported", 101)
    assert signer.count(signature.letter) == before
    page = words(browser_of(moderator).get("/moderate/"))
    assert page.index("Ada Lovelace") < page.index("Doubtful Person")
    assert "Readers reported this signature." in page
    assert BEA not in page
    assert (
        "Someone confirmed an address at a private mailbox and says that they are the person named and did not sign."
        in page
    )


@pytest.mark.parametrize(
    ("email", "domain"),
    [("ada@unibo.it", "unibo.it"), ("a.l@cs.unibo.it", "unibo.it"), (BEA, ""), ("ada@other.example", "")],
)
def test_moderators_read_a_domain_only_if_the_signature_names_its_organization(
    signature: Signature, signer: Signer, moderator: User, email: str, domain: str
) -> None:
    assert confirm(signature.letter, signer, email) == 200
    page = words(browser_of(moderator).get("/moderate/"))
    assert f"an address at {domain or 'a private mailbox'} and says" in page
    assert email not in page
    assert NameReport.objects.get().domain == domain


def test_rescoring_keeps_the_report_and_never_takes_the_signature_off(signature: Signature, signer: Signer) -> None:
    assert confirm(signature.letter, signer) == 200
    for _ in range(2):
        Signature.objects.update(to_score=True)
        sequence()
        signature.refresh_from_db()
        assert (signature.state, signature.risk) == ("published", 101)
        assert "reported" in signature.doubt.reasons


def test_the_address_is_stored_encrypted_and_no_page_or_file_has_it(signature: Signature, signer: Signer) -> None:
    assert confirm(signature.letter, signer) == 200
    stored = NameReport.objects.get()
    assert decrypt(bytes(stored.address or b"")) == BEA
    assert BEA.encode() not in bytes(stored.address or b"")
    assert Report.objects.values("words", "name", "address").get() == {"words": "", "name": "", "address": None}


def test_the_link_works_once_for_each_address(signature: Signature, signer: Signer) -> None:
    assert confirm(signature.letter, signer) == 200
    assert signer.press(signer.mailed_link(BEA, purpose="name-report")).status_code == 200
    assert Report.objects.count() == 1
    assert confirm(signature.letter, signer, "another@gmail.com") == 200
    assert Report.objects.count() == 2


def test_the_link_of_one_signature_confirms_no_other(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer) == 303
    deliver()
    link = signer.mailed_link(BEA, purpose="name-report")
    assert signer.press(link.replace("name-report", "manage")).status_code == 404
    assert signer.press(f"{link[:-5]}AAAA/").status_code == 404
    Signature.objects.update(salt=b"12345678")
    assert signer.press(link).status_code == 404


# Who signed


def test_page_and_email_look_the_same_for_the_address_that_signed(signature: Signature, signer: Signer) -> None:
    seen: dict[str, Any] = {}
    for email in (ADA, "ann@example.org"):
        mail.outbox.clear()
        answer = signer.client.post(
            signature.letter.url_of("report_name"), {"number": "1", "email": email}, headers=FROM_OUR_PAGE
        )
        request = MailRequest.objects.latest("pk")
        outgoing = OutgoingEmail.objects.get(request=request)
        deliver()
        (sent,) = mail.outbox
        seen[email] = (
            (answer.status_code, answer["Location"]),
            (outgoing.kind, outgoing.signature_id, outgoing.spelling_hash, request.letter_id, request.language),
            (sent.subject, sent.from_email, shape_of(sent)),
        )
    assert seen[ADA] == seen["ann@example.org"]
    assert seen[ADA][2][2] == PADDED


def test_the_address_that_signed_gets_its_links_instead(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer, ADA) == 303
    deliver()
    body = str(mail.outbox[-1].body)
    assert "/signatures/manage/" in body
    assert "/signatures/name-report/" not in body
    assert "Ada Lovelace" not in body
    assert signer.press(signer.mailed_link(ADA, purpose="not-me")).status_code == 200
    signature.refresh_from_db()
    assert signature.state == "disowned"


def test_another_spelling_of_the_address_gets_no_link_to_the_signature(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer, "ada+x@example.org") == 303
    deliver()
    body = str(mail.outbox[-1].body)
    assert "/signatures/name-report/" in body
    assert "/signatures/manage/" not in body


def test_the_email_repeats_no_words_of_a_signer(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer) == 303
    deliver()
    assert "Ada Lovelace" not in mail.outbox[-1].message().as_string()


# What can be reported


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_only_a_name_that_the_list_shows_can_be_reported(letter: Letter, signer: Signer, display: str) -> None:
    sign_and_confirm(letter, ADA, display=display, name="" if display == "nobody" else "Ada")
    sequence()
    assert ask(letter, signer) == 422
    assert not MailRequest.objects.exists()


@pytest.mark.parametrize("number", ["2", "0", "x", ""])
def test_a_number_that_the_list_does_not_show_is_explained(signature: Signature, signer: Signer, number: str) -> None:
    assert ask(signature.letter, signer, number=number) == 422


@pytest.mark.parametrize("email", ["", "bea", "bea@"])
def test_an_address_that_is_none_is_explained(signature: Signature, signer: Signer, email: str) -> None:
    assert ask(signature.letter, signer, email) == 422


def test_a_name_that_was_withdrawn_since_gets_no_email(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer) == 303
    withdraw_signature(signature, now=timezone.now())
    deliver()
    assert mail.outbox == []


# Limits


def test_a_double_click_causes_one_email(signature: Signature, signer: Signer) -> None:
    assert [ask(signature.letter, signer), ask(signature.letter, signer)] == [303, 303]
    deliver()
    assert len(mail.outbox) == 1


def test_an_address_gets_three_emails_a_day_over_all_letters(signature: Signature, signer: Signer) -> None:
    for _ in range(5):
        ask(signature.letter, signer)
        deliver()
    assert len(mail.outbox) == 3


def test_twenty_emails_a_day_leave_about_one_signature(signature: Signature) -> None:
    codes = []
    for number in range(21):
        other = Signer()
        other.client.defaults["REMOTE_ADDR"] = f"198.51.{number}.1"
        codes.append(ask(signature.letter, other, f"person-{number}@mailbox-{number}.example"))
    assert codes == [303] * 20 + [429]


def test_an_owner_who_reported_spam_gets_no_email(signature: Signature, signer: Signer) -> None:
    assert ask(signature.letter, signer) == 303
    deliver()
    note_complaint(OutgoingEmail.objects.get(), at=timezone.now(), now=timezone.now())
    mail.outbox.clear()
    assert ask(signature.letter, signer) == 303
    deliver()
    assert mail.outbox == []


# The decision


def decide(letter: Letter, signature: Signature, verb: str, by: User, at: timedelta = timedelta(0)) -> None:
    ids, now = [signature.pk], timezone.now() + at
    if verb == "accept":
        accept_signatures(letter, ids, by=by, now=now)
    else:
        reject_signatures(letter, ids, reason="Another person", by=by, now=now)


SAID = {
    "accept": "A moderator has reviewed the signature that you reported, and it stays on the list.",
    "reject": "The list no longer shows the name that you reported.",
}


@pytest.mark.parametrize("verb", SAID)
def test_the_reporter_learns_the_decision_and_the_address_is_deleted(
    signature: Signature, signer: Signer, organizer: User, told: list[str], verb: str
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, verb, organizer)
    assert settle_name_reports(now=timezone.now()) == 0
    assert settle_name_reports(now=timezone.now() + TOLD_AFTER) == 1
    (only,) = told
    assert only.startswith(f"{BEA}\n")
    assert SAID[verb] in only
    assert "Ada Lovelace" not in only
    assert not NameReport.objects.exists()
    assert settle_name_reports(now=timezone.now() + TOLD_AFTER) == 0


def test_after_the_decision_the_risk_is_what_it_was_and_the_signature_does_not_return(
    signature: Signature, signer: Signer, organizer: User, moderator: User, told: list[str]
) -> None:
    before = signature.risk
    assert confirm(signature.letter, signer) == 200
    sequence()
    decide(signature.letter, signature, "accept", organizer)
    settle_name_reports(now=timezone.now() + TOLD_AFTER)
    sequence()
    signature.refresh_from_db()
    assert (signature.state, signature.concern, signature.risk) == ("published", "", before)
    assert waiting_in(scope_of(moderator)) == 0


def test_what_a_moderator_accepted_does_not_return_although_its_score_is_high(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, "accept", organizer)
    # A name on the list of well-known people.
    Signature.objects.update(name="Greta Thunberg")
    settle_name_reports(now=timezone.now() + TOLD_AFTER)
    sequence()
    signature.refresh_from_db()
    assert (signature.state, signature.concern) == ("published", "")
    assert HoldFrom.CLEAR <= signature.risk < RISK_OF_NAMED - 1


def test_a_rejected_signature_that_returns_later_is_no_riskier_than_others_that_were_reported(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    sequence()
    decide(signature.letter, signature, "reject", organizer)
    settle_name_reports(now=timezone.now() + TOLD_AFTER)
    restore_signatures(signature.letter, [signature.pk], by=organizer, now=timezone.now() + 2 * TOLD_AFTER)
    sequence()
    signature.refresh_from_db()
    assert signature.state == "published"
    assert signature.risk <= SIGNALS[Reason.REPORTED].weight


def test_as_long_as_another_person_waits_for_a_decision_the_signature_stays_on_top(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, "accept", organizer)
    assert confirm(signature.letter, signer, "another@gmail.com") == 200
    Signature.objects.update(risk=RISK_OF_NAMED)
    assert settle_name_reports(now=timezone.now() + TOLD_AFTER) == 1
    sequence()
    signature.refresh_from_db()
    assert signature.risk == RISK_OF_NAMED


def test_a_decision_that_is_undone_in_time_is_told_to_nobody(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, "reject", organizer)
    undo_decision(signature.decisions.get(), by=organizer, now=timezone.now())
    assert settle_name_reports(now=timezone.now() + TOLD_AFTER) == 0
    assert told == []


@pytest.mark.parametrize("leave", [withdraw_signature, disown_signature])
def test_a_signer_who_leaves_is_not_told_apart_from_a_removal(
    signature: Signature, signer: Signer, told: list[str], leave: Any
) -> None:
    assert confirm(signature.letter, signer) == 200
    leave(signature, now=timezone.now())
    assert settle_name_reports(now=timezone.now()) == 1
    assert "The list no longer shows the name that you reported." in told[0]


def test_a_reporter_who_has_lost_the_mailbox_since_gets_no_email(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer, "bea+x@gmail.com") == 200
    StoppedAddress.objects.create(address_hash=hash_address(BEA), stopped_at=timezone.now())
    decide(signature.letter, signature, "accept", organizer)
    assert settle_name_reports(now=timezone.now() + TOLD_AFTER) == 1
    assert told == []
    assert not NameReport.objects.exists()


def test_without_a_decision_address_and_domain_are_deleted_after_30_days(
    signature: Signature, signer: Signer, organizer: User, moderator: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer, "ada@unibo.it") == 200
    settle_name_reports(now=timezone.now() + ADDRESS_KEPT - timedelta(minutes=1))
    stored = NameReport.objects.get()
    assert stored.address
    assert stored.domain == "unibo.it"
    settle_name_reports(now=timezone.now() + ADDRESS_KEPT + timedelta(minutes=1))
    assert NameReport.objects.values_list("address", "address_hash", "domain").get() == (None, None, "")
    # The moderator still reads what the report says, and afterwards nobody can be told.
    page = words(browser_of(moderator).get("/moderate/"))
    assert "Someone confirmed an address and says that they are the person named and did not sign." in page
    assert "unibo.it" not in page
    decide(signature.letter, signature, "accept", organizer)
    settle_name_reports(now=timezone.now() + TOLD_AFTER)
    assert told == []
    assert not NameReport.objects.exists()


def test_after_a_decision_the_same_link_brings_nothing_back(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, "accept", organizer, timedelta(seconds=2))
    settle_name_reports(now=timezone.now() + 2 * TOLD_AFTER)
    link = signer.mailed_link(BEA, purpose="name-report")
    assert signer.press(link).status_code == 410
    assert signer.get(link).status_code == 410
    signature.refresh_from_db()
    assert signature.concern == ""


def test_after_a_moderator_accepted_it_one_more_such_report_does_not_bring_it_back(
    signature: Signature, signer: Signer, organizer: User, told: list[str]
) -> None:
    assert confirm(signature.letter, signer) == 200
    decide(signature.letter, signature, "accept", organizer)
    settle_name_reports(now=timezone.now() + TOLD_AFTER)
    # The same person counts once.
    for number, concern in [(0, ""), (0, ""), (0, ""), (1, ""), (2, "reported")]:
        assert confirm(signature.letter, signer, f"person-{number}@gmail.com") == 200
        signature.refresh_from_db()
        assert signature.concern == concern


def test_an_unconfirmed_second_signing_leaves_no_trace_of_a_report(signature: Signature) -> None:
    sign(signature.letter, ADA, name="Someone Else")
    assert not NameReport.objects.exists()
