"""A mail log does not show which of the addresses typed into our forms have signed.

The tests compare what such a log holds: when an email arrived, to whom, from whom, its subject, and its size.
"""

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from limits import parse
from pytest_django.fixtures import Settings

from letters.base.outbox.built import Send
from letters.base.outbox.composing import PADDED_LENGTH, PADDED_LINES, compose_email_to, pad_email
from letters.base.outbox.operations import note_bounce, note_complaint
from letters.base.outbox.queries import last_emails_to
from letters.base.site_pages.queries import forget_texts
from letters.models import (
    Collective,
    Letter,
    MailRequest,
    OutgoingEmail,
    Signature,
    SignerContact,
    SitePage,
    Submission,
    User,
)
from letters.moderator.moderation.operations import reject_signatures
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    change_signature,
    confirm_signature,
    request_mail,
    use_submission,
    withdraw_signature,
)
from letters.signer.signing.queries import recipients, words_to_confirm
from letters.signer.signing.tasks import tend_unconfirmed
from letters.tasks import EMAIL_BUILDERS
from tests.interface_languages import ALL
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Signer,
    ask_again,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submit,
    submitted_form,
    words,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
# How the owner of an address had signed before someone types it. The first owner had not.
OWNERS: dict[str, dict[str, str]] = {
    "first": {},
    "public": {"display": "public"},
    "hidden": {"display": "organizers"},
    "nobody": {"display": "nobody", "name": ""},
}


class Shape(NamedTuple):
    """Return what mail servers count: bytes, lines (a line break can be one byte), and lines that Postfix calls
    long.
    """

    length: int
    lines: int
    long_lines: int


PADDED = Shape(PADDED_LENGTH, PADDED_LINES, 0)
# After how many hours, to whom, from whom, the subject, and the size. "how" replaces how an owner signed.
Logged = tuple[int, str, str, str, Shape]


def shape_of(message: object) -> Shape:
    wire: Any = cast("EmailMultiAlternatives", message).message()
    sent = wire.as_bytes(linesep="\r\n")
    lines = sent.split(b"\r\n")
    return Shape(len(sent), len(lines) - 1, sum(len(line) >= 128 for line in lines))


def logged_since(before: int, hour: int, email: str) -> list[Logged]:
    """Return the emails to any spelling of an address."""
    known = read_address(email)
    assert known
    found = []
    for each in mail.outbox[before:]:
        (to,) = each.to
        read = read_address(to)
        if read and read.canonical == known.canonical:
            told = to.replace(known.canonical[6:].partition("@")[0], "how")
            found.append((hour, told, each.from_email, str(each.subject), shape_of(each)))
    return found


def owner_who_had_signed(letter: Letter, how: str) -> str:
    """Return an address of constant length. A week ago its owner signed as `how` says, and confirmed."""
    email = f"owner-{how}@example.org"
    if OWNERS[how]:
        sign_and_confirm(letter, email, now=NOW - timedelta(days=7), **OWNERS[how])
        deliver()
        publish(NOW)
        OutgoingEmail.objects.all().delete()
        mail.outbox.clear()
    return email


def log_of_eighty_hours(letter: Letter, email: str, **typed: str) -> list[Logged]:
    """Let someone type the address; its owner does nothing."""
    found = []
    sign(letter, email, now=NOW, **typed)
    for hour in range(0, 81, 4):
        before = len(mail.outbox)
        tend_unconfirmed(now=NOW + hour * HOUR)
        deliver()
        found += logged_since(before, hour, email)
    return found


@pytest.mark.parametrize("how", ["public", "hidden", "nobody"])
def test_a_second_signing_brings_the_same_emails_as_a_first_one(letter: Letter, how: str) -> None:
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    assert [(hour, subject) for hour, _, _, subject, _ in first] == [
        (0, "Confirm your signature"),
        (24, "A reminder about your signature"),
        (72, "A reminder about your signature"),
    ]
    assert log_of_eighty_hours(letter, owner_who_had_signed(letter, how), name="Someone Else") == first


def test_a_held_signature_brings_the_same_emails(letter: Letter) -> None:
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    Letter.objects.update(reviewed=True)
    letter.refresh_from_db()
    email = owner_who_had_signed(letter, "public")
    assert signature_of(letter, email).state == "held"
    assert log_of_eighty_hours(letter, email) == first


def taken_out(letter: Letter, how: str, organizer: User) -> str:
    """Return the address of an owner whose signature a moderator has removed since."""
    email = owner_who_had_signed(letter, how)
    reject_signatures(letter, [signature_of(letter, email).pk], reason="Not a person", by=organizer, now=NOW)
    publish(NOW)
    return email


@pytest.mark.parametrize("how", ["public", "hidden", "nobody"])
def test_a_moderator_who_removes_signatures_does_not_see_in_the_log_whose_they_were(
    letter: Letter, organizer: User, how: str
) -> None:
    """Otherwise a moderator could remove everyone without a name, type a staff list, and restore them."""
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    email = taken_out(letter, how, organizer)
    assert log_of_eighty_hours(letter, email, name="Else") == first
    removed = [str(each.body) for each in mail.outbox if each.to == [email]]
    assert all("has removed the signature made with this address" in each for each in removed)
    assert not any("/signatures/" in each for each in removed)
    assert signature_of(letter, email).state == "rejected"
    assert Submission.objects.get(signature__state="rejected").address is None


def test_the_log_shows_no_difference_after_the_owner_has_withdrawn(letter: Letter, organizer: User) -> None:
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    email = taken_out(letter, "nobody", organizer)
    withdraw_signature(signature_of(letter, email), now=NOW)
    assert log_of_eighty_hours(letter, email, name="Else") == first


def test_the_log_shows_no_difference_while_an_email_waits_or_after_a_double_click(
    letter: Letter, organizer: User
) -> None:
    logs = []
    for how in ("first", "nobody"):
        email = owner_who_had_signed(letter, how)
        for _ in range(2):
            sign(letter, email, now=NOW, name="Else")
        if how == "nobody":
            ids = [signature_of(letter, email).pk]
            reject_signatures(letter, ids, reason="Not a person", by=organizer, now=NOW)
        log = []
        for hour in range(0, 81, 4):
            before = len(mail.outbox)
            tend_unconfirmed(now=NOW + hour * HOUR)
            deliver()
            log += logged_since(before, hour, email)
        logs.append(log)
    assert [hour for hour, *_ in logs[0]] == [0, 24, 72]
    assert logs[0] == logs[1]


def test_typing_exactly_the_same_again_brings_the_same_emails(letter: Letter) -> None:
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    assert log_of_eighty_hours(letter, owner_who_had_signed(letter, "nobody"), **OWNERS["nobody"]) == first


def answer(signature: Signature, email: str, how: str) -> None:
    if how == "uses":
        use_submission(signature, submission_id=signature.submissions.get().pk, now=NOW)
    else:
        change_signature(signature, changes=submitted_form(email, **OWNERS[how]), now=NOW)


ANSWERS = ["uses", "public", "hidden", "nobody"]


@pytest.mark.parametrize("how", ANSWERS)
def test_an_answer_of_the_owner_changes_no_email(letter: Letter, how: str) -> None:
    first = log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    email = owner_who_had_signed(letter, "public")
    signature, before = sign(letter, email, name="Ada King"), len(mail.outbox)
    deliver()
    log = logged_since(before, 0, email)
    answer(signature, email, how)
    for hour in range(0, 81, 4):
        before = len(mail.outbox)
        tend_unconfirmed(now=NOW + hour * HOUR)
        deliver()
        log += logged_since(before, hour, email)
    assert log == first
    body = [str(each.body) for each in mail.outbox if each.to == [email]][-1]
    assert "You have already answered our earlier email about this, so you do not need to do anything." in body
    assert "/signatures/manage/" in body
    assert not re.search("/signatures/confirm/|Compare and choose|nothing has changed", body)


@pytest.mark.parametrize("how", ANSWERS)
def test_an_answered_submission_keeps_no_words_and_its_address_until_the_last_reminder(
    letter: Letter, how: str
) -> None:
    email = owner_who_had_signed(letter, "public")
    office = {"network": "203.0.113.0/24", "browser": "firefox on linux"}
    submit(letter, email=email, name="Ada King", affiliation="Society", consent="Write to me.", **office)
    signature = signature_of(letter, email)
    typed: Any = Submission.objects.values().get()
    answer(signature, email, how)
    kept: Any = Submission.objects.values().get()
    staying = {"id", "signature_id", "revision_id", "language", "submitted_at", "address", "spelling_hash"}
    assert {name: kept[name] for name in staying} == {name: typed[name] for name in staying}
    assert kept["answered_at"] == NOW
    assert bytes(kept["content_hash"]) != bytes(typed["content_hash"])
    emptied = {"sealed", "entrusted", "entrusted_keys", "consented_at", "network", "browser"}
    blank = kept.keys() - staying - emptied - {"answered_at", "content_hash", "display"}
    assert {kept[name] for name in blank} == {""}
    assert {kept[name] for name in emptied} == {None}
    assert kept["display"] == "public"
    deliver()
    tend_unconfirmed(now=NOW + 72 * HOUR)
    deliver()
    tend_unconfirmed(now=NOW + 74 * HOUR)
    assert not Submission.objects.exists()


def test_an_answered_submission_shows_nothing(letter: Letter) -> None:
    """Neither the request for more privacy nor the link in its email."""
    email = owner_who_had_signed(letter, "public")
    signature = sign(letter, email, name="Ada King", display="organizers")
    typed = Submission.objects.get().pk
    answer(signature, email, "public")
    signature.refresh_from_db()
    said = words_to_confirm(signature, typed)
    assert (said.submission_id, said.display, said.is_more_private) == (None, "public", False)
    with pytest.raises(Refused):
        use_submission(signature, submission_id=typed, now=NOW)
    sign(letter, email, name="Ada King", display="organizers")
    assert Submission.objects.unanswered().count() == 1


def test_the_code_of_an_answered_submission_leads_to_no_button(letter: Letter, signer: Signer) -> None:
    email = owner_who_had_signed(letter, "public")
    check = signer.sign(letter, email=email, name="Ada King")["Location"]
    deliver()
    code = re.findall(r"^ +(\d{3} \d{3})$", str(mail.outbox[-1].body), re.MULTILINE)[-1]
    answer(signature_of(letter, email), email, "public")
    answered = signer.client.post(check, {"code": code}, headers=FROM_OUR_PAGE)
    page = signer.get(answered["Location"])
    assert "This link has been used" in words(page)
    assert b"<form" not in page.content


def test_the_reminder_of_a_signer_says_that_there_is_nothing_to_do(letter: Letter) -> None:
    sign(letter, owner_who_had_signed(letter, "public"), name="Ada King")
    deliver()
    tend_unconfirmed(now=NOW + 24 * HOUR)
    deliver()
    body = str(mail.outbox[-1].body)
    assert (
        "You have already signed this letter, so nothing has changed: your signature is confirmed and counted once."
    ) in body
    assert "You do not need to do anything." in body
    assert "Ada King" not in body


def test_the_address_of_a_nameless_signer_is_kept_until_the_last_reminder_and_no_longer(letter: Letter) -> None:
    email = owner_who_had_signed(letter, "nobody")
    log_of_eighty_hours(letter, email, name="Someone Else")
    assert not SignerContact.objects.exists()
    assert Submission.objects.get().address is None


def test_the_address_is_kept_for_one_email_without_reminders(letter: Letter, settings: Settings) -> None:
    settings.REMINDER_HOURS = []
    sign(letter, owner_who_had_signed(letter, "nobody"), name="Someone Else")
    deliver()
    tend_unconfirmed(now=NOW + HOUR)
    assert Submission.objects.get().address is None


# Requested emails


def someone_whose_signature_is(letter: Letter, how: str) -> str:
    """Return the address of an owner who is known in another way, or not at all."""
    if how in OWNERS:
        return owner_who_had_signed(letter, how)
    email = f"owner-{how}@example.org"
    signature = sign(letter, email) if how == "pended" else sign_and_confirm(letter, email)
    publish(NOW)
    deliver()
    if how == "undone":
        withdraw_signature(signature, now=NOW)
    OutgoingEmail.objects.all().delete()
    mail.outbox.clear()
    return email


@pytest.mark.parametrize("how", ["public", "hidden", "nobody", "pended", "undone"])
def test_the_form_for_lost_links_sends_everyone_the_same(letter: Letter, how: str) -> None:
    logs = []
    for each in ("first", how):
        email = someone_whose_signature_is(letter, each)
        address, before = read_address(email), len(mail.outbox)
        assert address
        request_mail(letter, address=address, language="en", now=timezone.now())
        deliver()
        logs.append(logged_since(before, 0, email))
    assert logs[0] == logs[1]
    assert [line[3:] for line in logs[0]] == [("The email that you asked for", PADDED)]


def test_a_person_whose_signature_was_removed_gets_the_emails_too(letter: Letter, organizer: User) -> None:
    email = owner_who_had_signed(letter, "public")
    reject_signatures(letter, [signature_of(letter, email).pk], reason="Not a person", by=organizer, now=NOW)
    ask_again(signature_of(letter, email), email, now=timezone.now())
    deliver()
    assert "There is no such signature." in str(mail.outbox[-1].body)


def test_a_nameless_signer_gets_a_lost_link_and_the_address_is_deleted(letter: Letter, signer: Signer) -> None:
    email = owner_who_had_signed(letter, "nobody")
    asked = signer.client.post(f"{letter.get_absolute_url()}link/", {"email": email}, headers=FROM_OUR_PAGE)
    assert asked.status_code == 303
    assert b"Your signature" in signer.get(signer.mailed_link(email, purpose="manage")).content
    assert [request.address for request in MailRequest.objects.all()] == [None]
    assert not SignerContact.objects.exists()
    tend_unconfirmed(now=timezone.now() + timedelta(days=8))
    assert not MailRequest.objects.exists()


@pytest.mark.parametrize("how", ["first", "public", "nobody"])
def test_an_email_that_never_leaves_leaves_no_address_behind(letter: Letter, how: str) -> None:
    email = owner_who_had_signed(letter, how)
    address = read_address(email)
    assert address
    request_mail(letter, address=address, language="en", now=NOW)
    OutgoingEmail.objects.owed().update(dropped_at=NOW)
    tend_unconfirmed(now=NOW)
    assert not MailRequest.objects.filter(address__isnull=False).exists()


@pytest.mark.parametrize("how", ["public", "hidden", "nobody"])
def test_send_again_on_the_page_brings_everyone_an_email(letter: Letter, signer: Signer, how: str) -> None:
    """A stranger types the address and keeps the page open.

    Its owner then confirms, does not confirm, or never signed.
    """
    logs, pages = [], []
    for each in ("first", how):
        email = f"owner-{each}@example.org"
        check = signer.sign(letter, email=email, **{"name": "Ada", **OWNERS[each]})["Location"]
        signature = signature_of(letter, email)
        deliver()
        if each != "first":
            confirm_signature(signature, verified="link", submission_id=Submission.objects.latest("pk").pk, now=NOW)
            deliver()
        OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(minutes=5))
        before = len(mail.outbox)
        answer = signer.client.post(check, {"action": "resend"}, headers=FROM_OUR_PAGE)
        deliver()
        assert mail.outbox[-1].to == [email]
        logs.append(logged_since(before, 0, email))
        pages.append((len(check), len(answer["Location"]), len(signer.get(answer["Location"]).content)))
    assert logs[0] == logs[1]
    assert len(logs[0]) == 1
    assert pages[0] == pages[1]
    assert SignerContact.objects.count() == (1 if how == "nobody" else 2)


@pytest.mark.parametrize("email", ["a@b.example", f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"])
def test_the_url_of_the_page_has_one_length_and_names_nobody(letter: Letter, signer: Signer, email: str) -> None:
    check = signer.sign(letter, email=email)["Location"]
    assert len(check) == len("/signatures/check/") + 412 + 1
    assert "example" not in check
    assert email not in signer.get(check).content.decode()


def test_an_email_whose_signature_is_gone_does_not_block_another(letter: Letter) -> None:
    """A server has deferred it, and it will never be sent. It must not count as an email on its way."""
    email, now = "ada@example.org", timezone.now()
    signature, address = sign(letter, email, now=now), read_address("ada@example.org")
    assert address
    OutgoingEmail.objects.update(attempts=1, error="450", next_attempt_at=now + HOUR)
    withdraw_signature(signature, now=now)
    request_mail(letter, address=address, language="en", now=now)
    deliver()
    assert [each.to for each in mail.outbox] == [[email]]


# Another spelling of the address


@pytest.mark.parametrize("how", ["public", "hidden", "nobody"])
def test_the_form_writes_to_the_spelling_that_was_typed(letter: Letter, how: str) -> None:
    logs = [
        log_of_eighty_hours(letter, owner_who_had_signed(letter, each).replace("@", "+Probe@"), name="Else")
        for each in ("first", how)
    ]
    assert logs[0] == logs[1]
    assert [line[1] for line in logs[0]] == ["owner-how+Probe@example.org"] * 3


@pytest.mark.parametrize("how", ["public", "hidden", "nobody", "pended", "undone"])
@pytest.mark.parametrize("spelled", ["owner-{}+probe@example.org", "Owner-{}@example.org"])
def test_the_form_for_lost_links_writes_to_the_spelling_that_was_typed(letter: Letter, how: str, spelled: str) -> None:
    logs = []
    for each in ("first", how):
        someone_whose_signature_is(letter, each)
        address = read_address(spelled.format(each))
        assert address
        request_mail(letter, address=address, language="en", now=timezone.now())
        deliver()
        logs.append(logged_since(0, 0, spelled.format(each)))
        mail.outbox.clear()
    assert logs[0] == logs[1]
    assert [line[1] for line in logs[0]] == [spelled.format("how")]


@pytest.mark.parametrize("how", ["public", "hidden", "nobody"])
def test_another_spelling_of_a_confirmed_address_gets_no_link_to_the_signature(letter: Letter, how: str) -> None:
    email = owner_who_had_signed(letter, how)
    other = email.replace("@", "+probe@")
    log_of_eighty_hours(letter, other, name="Else")
    ask_again(signature_of(letter, email), other, now=timezone.now())
    OutgoingEmail.objects.filter(sent_at__isnull=False).update(sent_at=NOW)
    deliver()
    assert [each.to for each in mail.outbox] == [[other]] * 4
    assert not any("/signatures/" in each.message().as_string() for each in mail.outbox)
    # Upper and lower case aside: no mail server distinguishes these.
    OutgoingEmail.objects.all().delete()
    ask_again(signature_of(letter, email), email.upper(), now=timezone.now())
    deliver()
    assert "/signatures/manage/" in str(mail.outbox[-1].body)


def test_the_signers_address_is_the_one_whose_email_was_answered(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, email="ada+probe@example.org", name="Someone Else")
    signer.sign(letter, email="ada@example.org", name="Ada")
    signer.press(signer.mailed_link("ada@example.org"))
    deliver()
    assert mail.outbox[-1].to == ["ada@example.org"]
    assert "/signatures/manage/" in str(mail.outbox[-1].body)
    assert signature_of(letter, "ada@example.org").name == "Ada"
    ask_again(signature_of(letter, "ada@example.org"), "ada+probe@example.org", now=timezone.now())
    deliver()
    assert "There is no such signature." in str(mail.outbox[-1].body)


@pytest.mark.parametrize("how", ["first", "public", "nobody"])
def test_a_bounce_from_another_spelling_does_not_affect_the_signer(letter: Letter, how: str) -> None:
    email = owner_who_had_signed(letter, how)
    sign(letter, email.replace("@", "+none@"), name="Else")
    deliver()
    note_bounce(OutgoingEmail.objects.latest("pk"), at=NOW, now=NOW)
    if how != "first":
        assert signature_of(letter, email).concern == ""
    # No reminder for the one that bounced, and both for the one that did not.
    sign(letter, email, name="Else", now=NOW + HOUR)
    deliver()
    mail.outbox.clear()
    for hour in (25, 73):
        tend_unconfirmed(now=NOW + hour * HOUR)
        deliver()
    assert [line[1] for line in logged_since(0, 0, email)] == ["owner-how@example.org"] * 2


def test_one_form_with_two_spellings_makes_two_submissions(letter: Letter) -> None:
    for email in ("ada@example.org", "ada+probe@example.org", "Ada@example.org"):
        sign(letter, email)
    assert Submission.objects.count() == 2


# The language


@pytest.mark.parametrize("how", ["public", "hidden", "nobody", "pended", "undone"])
def test_a_requested_email_is_in_the_language_of_the_form(letter: Letter, how: str) -> None:
    logs = []
    for each in ("first", how):
        email, before = someone_whose_signature_is(letter, each), len(mail.outbox)
        address = read_address(email)
        assert address
        # The letter's only text is English.
        request_mail(letter, address=address, language="it", now=timezone.now())
        deliver()
        logs.append(logged_since(before, 0, email))
    assert logs[0] == logs[1]
    assert [line[3] for line in logs[0]] == ["L\N{RIGHT SINGLE QUOTATION MARK}email che hai chiesto"]


# Limits


def test_a_stranger_gets_three_a_day_over_all_letters_and_a_double_click_is_one(published: Any) -> None:
    address = read_address("stranger@example.org")
    assert address
    for number in range(6):
        letter = published(f"letter-{number}")
        for _ in range(3):
            request_mail(letter, address=address, language="en", now=timezone.now())
    deliver()
    assert len(mail.outbox) == 3
    OutgoingEmail.objects.filter(sent_at__isnull=False).update(sent_at=timezone.now() - timedelta(days=1))
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)
    deliver()
    assert len(mail.outbox) == 6


def test_one_postponed_email_waits_for_each_letter_of_a_stranger(published: Any) -> None:
    address = read_address("stranger@example.org")
    assert address
    for number in range(3):
        sign(published(f"letter-{number}"), "stranger@example.org", now=timezone.now())
    deliver()
    for number in range(3, 5):
        letter = published(f"letter-{number}")
        for _ in range(4):
            request_mail(letter, address=address, language="en", now=timezone.now())
            deliver()
    assert len(mail.outbox) == 3
    assert OutgoingEmail.objects.owed().count() == 2


def test_a_person_who_reports_spam_gets_no_more_email(letter: Letter, published: Any) -> None:
    address = read_address("stranger@example.org")
    assert address
    request_mail(letter, address=address, language="en", now=timezone.now())
    deliver()
    note_complaint(OutgoingEmail.objects.get(), at=timezone.now(), now=timezone.now())
    long_ago = timezone.now() - timedelta(days=30)
    OutgoingEmail.objects.update(created_at=long_ago, sent_at=long_ago)
    tend_unconfirmed(now=timezone.now())
    for each in (letter, published("another")):
        request_mail(each, address=address, language="en", now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1


def test_many_requests_for_links_from_one_network_need_a_proof(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_NETWORK_SOFT, settings.LIMIT_UNPROVEN = parse("2/hour"), parse("1/hour")
    url = f"{letter.get_absolute_url()}link/"

    def ask(**more: str) -> Any:
        return signer.client.post(url, {"email": "stranger@example.org", **more}, headers=FROM_OUR_PAGE)

    assert [ask().status_code for _ in range(3)] == [303, 303, 422]
    page = ask()
    assert "your browser runs a short check" in words(page)
    assert signer.calculate(page).status_code == 303
    assert [ask(proof="none").status_code for _ in range(2)] == [303, 429]


def test_many_requests_for_links_to_one_company_need_a_proof(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_DOMAIN = parse("2/day")
    url = f"{letter.get_absolute_url()}link/"
    answers = [
        signer.client.post(url, {"email": f"a{number}@company.example"}, headers=FROM_OUR_PAGE) for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [303, 303, 422]


# One size


def message_of(length: int) -> EmailMultiAlternatives:
    parts = {"subject.txt": "Confirm your signature", "txt": "Hello\n", "html": f"<p>{'x' * 50}\n</p>" * (length // 60)}
    message = compose_email_to(parts, to="ada@example.org")
    message.extra_headers["Message-ID"] = "<mark@example.org>"
    return message


@pytest.mark.parametrize("length", range(100, 21_000, 900))
def test_every_email_is_padded_to_the_byte_and_to_the_line(length: int) -> None:
    message = message_of(length)
    message.body = "x\n" * (length % 77)
    assert shape_of(pad_email(message)) == PADDED


# Titles that look like links are the longest: an invisible character goes before and after each of their dots.
LONGEST_TITLES = [
    "ц" * 200,
    "漢" * 200,
    "🕊" * 200,
    "www." + "." * 196,
    "www。" + "。" * 196,
    "a.example" + "\uff20" * 191,
]


# Arabic letters are the longest in quoted-printable. In the other languages, the words around a title differ little.
@pytest.mark.parametrize(
    ("title", "language"),
    [
        *[(title, language) for title in LONGEST_TITLES for language in ("en", "ar")],
        *[(LONGEST_TITLES[-1], language) for language in ALL if language not in {"en", "ar"}],
    ],
)
def test_every_email_of_signing_has_one_size_for_the_longest_title_too(
    collective: Collective, organizer: User, settings: Settings, title: str, language: str
) -> None:
    settings.SITE_URL = f"https://{'offene-briefe.' * 16}example"
    settings.DEFAULT_FROM_EMAIL = f"{'Offene Briefe ' * 4}<{'letters' * 9}@example.org>"
    settings.OPERATOR, contact = "漢" * 200, f"https://{'a' * 60}.example/{'b' * 120}"
    settings.OPERATOR_CONTACT = {"url": contact, "shown": contact}
    for name in SitePage.Name:
        SitePage.objects.create(name=name, language="en", number=1, markdown="Ours", saved_at=NOW, saved_by=organizer)
    forget_texts()
    Collective.objects.update(name="🕊" * 200)
    text = Text(language=language, title=title, addressee="To all", summary="", body="Text")
    letter = draft_letter(collective, slug="l" * 80, text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    letter.refresh_from_db()
    Letter.objects.update(closes_at=timezone.now() + timedelta(days=365))
    log_of_eighty_hours(letter, owner_who_had_signed(letter, "first"))
    ask_again(signature_of(letter, "owner-first@example.org"), "owner-first@example.org", now=timezone.now())
    log_of_eighty_hours(letter, owner_who_had_signed(letter, "public"), name="Another")
    ask_again(signature_of(letter, "owner-public@example.org"), "stranger@example.org", now=timezone.now())
    log_of_eighty_hours(letter, taken_out(letter, "hidden", organizer), name="Another")
    sizes = set()
    for outgoing in OutgoingEmail.objects.filter(kind__in=["confirm", "signed_again", "requested", "reminder"]):
        OutgoingEmail.objects.exclude(pk=outgoing.pk).update(dropped_at=None, sent_at=NOW, created_at=NOW)
        built = EMAIL_BUILDERS[outgoing.kind](outgoing)
        if isinstance(built, Send):
            sizes.add(shape_of(built.message))
    # The long line is the Message-ID, because the site's own name is as long.
    assert sizes == {PADDED._replace(long_lines=1)}


def test_no_mail_server_has_to_encode_an_email_again(letter: Letter) -> None:
    """Relays turn 8-bit parts into ASCII for servers that need it.

    Then each kind of email would have a length of its own.
    """
    log_of_eighty_hours(letter, owner_who_had_signed(letter, "public"))
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        wire = cast("EmailMultiAlternatives", message).message()
        assert {part["Content-Transfer-Encoding"] for part in wire.walk()} == {None, "quoted-printable"}
        assert wire.as_bytes().isascii()


# Bounces, complaints, and a letter that is closed for an hour


def asked_for_the_link(letter: Letter, email: str, now: datetime) -> OutgoingEmail:
    address = read_address(email)
    assert address
    request_mail(letter, address=address, language="en", now=now)
    deliver()
    return OutgoingEmail.objects.latest("pk")


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_an_email_that_bounced_before_ends_no_reminders(letter: Letter, how: str) -> None:
    logs = []
    for each in ("first", how):
        email = owner_who_had_signed(letter, each)
        note_bounce(asked_for_the_link(letter, email, NOW - HOUR), at=NOW, now=NOW)
        mail.outbox.clear()
        logs.append(log_of_eighty_hours(letter, email, name="Else"))
    assert [hour for hour, *_ in logs[0]] == [0, 24, 72]
    assert logs[0] == logs[1]


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_a_first_email_that_bounced_a_week_ago_looks_the_same_for_everyone(letter: Letter, how: str) -> None:
    logs = []
    for each in ("first", how):
        email = owner_who_had_signed(letter, each)
        sign(letter, email, now=NOW - timedelta(days=8), name="Before")
        deliver()
        note_bounce(OutgoingEmail.objects.latest("pk"), at=NOW - timedelta(days=8), now=NOW - timedelta(days=8))
        tend_unconfirmed(now=NOW)
        mail.outbox.clear()
        logs.append(log_of_eighty_hours(letter, email, name="Else"))
    assert logs[0] == logs[1]


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_closing_a_letter_for_three_hours_reveals_nobody(
    letter: Letter, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, logs = Letter.objects.select_related("collective"), []
    monkeypatch.setattr(recipients, "_signed_letter_in_second", lambda pk, _second: fresh.get(pk=pk))
    for each in ("first", how):
        email = owner_who_had_signed(letter, each)
        sign(letter, email, now=NOW, name="Else")
        deliver()
        log = []
        for hour in (24, 71, 72, 73, 74, 75):
            is_closed = 71 <= hour < 74
            Letter.objects.update(
                status="closed" if is_closed else "published", closed_at=NOW + 71 * HOUR if is_closed else None
            )
            before = len(mail.outbox)
            tend_unconfirmed(now=NOW + hour * HOUR)
            deliver()
            log += logged_since(before, hour, email)
        logs.append(log)
    assert logs[0] == logs[1]


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_a_stopped_clock_reveals_nobody(letter: Letter, how: str) -> None:
    logs = []
    for each in ("first", how):
        email = owner_who_had_signed(letter, each)
        sign(letter, email, now=NOW, name="Else")
        deliver()
        before = len(mail.outbox)
        tend_unconfirmed(now=NOW + 74 * HOUR)
        deliver()
        logs.append(logged_since(before, 74, email))
    assert len(logs[0]) == 1
    assert logs[0] == logs[1]


@pytest.mark.parametrize("how", ["public", "nobody"])
def test_a_complaint_without_a_mark_counts_by_the_address(letter: Letter, published: Any, how: str) -> None:
    """A provider reports complaints like this for emails sent through its SMTP server."""
    other, logs = published("another"), []
    for each in ("first", how):
        email = owner_who_had_signed(letter, each)
        asked_for_the_link(letter, email, timezone.now())
        for complained_about in last_emails_to(email, complained=True):
            note_complaint(complained_about, at=timezone.now(), now=timezone.now())
        before = len(mail.outbox)
        for each_letter in (letter, other):
            asked_for_the_link(each_letter, email, timezone.now())
        sign(letter, email, name="Else", now=timezone.now())
        deliver()
        logs.append(logged_since(before, 0, email))
    assert logs == [[], []]


def test_a_complaint_about_an_email_of_thanks_ends_none_that_a_form_caused(letter: Letter) -> None:
    email = owner_who_had_signed(letter, "public")
    thanks = OutgoingEmail.objects.create(
        kind="thanks", key="thanks:again", signature=signature_of(letter, email), created_at=NOW, next_attempt_at=NOW,
        sent_at=NOW,
    )  # fmt: skip
    sign(letter, email, name="Else", now=timezone.now())
    note_complaint(thanks, at=timezone.now(), now=timezone.now())
    deliver()
    assert mail.outbox[-1].subject == "Confirm your signature"
