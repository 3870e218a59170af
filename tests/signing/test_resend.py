"""If an email did not arrive or was lost, anyone can ask for it again, and nobody learns anything from that."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.base.outbox.mail import SendResult, Verdict
from letters.base.outbox.operations import claim_emails, put_off_email, settle_email
from letters.models import Letter, MailRequest, OutgoingEmail, Signature
from letters.shared.addresses import read_address
from letters.shared.tokens import CheckToken, read_check_token
from letters.signer.signing.operations import (
    confirm_signature,
    disown_signature,
    forget_requests,
    request_mail,
    sign_letter,
    withdraw_signature,
)
from letters.signer.signing.queries import mail_status
from letters.signer.signing.queries.waiting import STEP
from tests.conftest import LetterMaker
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Signer,
    ask_again,
    deliver,
    in_threads,
    sign,
    sign_and_confirm,
    signature_of,
    submitted_form,
    words,
)

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=2)


def ask_for_link(letter: Letter, email: str = "ada@example.org", now: datetime = NOW + LATER) -> list[str]:
    """Ask for the control link; return the subjects of the emails that this brings."""
    address = read_address(email)
    assert address
    before = len(mail.outbox)
    request_mail(letter, address=address, language="en", now=now)
    deliver()
    return [str(message.subject) for message in mail.outbox[before:]]


def time_passes(passed: timedelta = timedelta(days=1)) -> None:
    """Make every stored time of an email this much older."""
    moments = ["created_at", "next_attempt_at", "sent_at", "failed_at", "dropped_at", "put_off_at"]
    OutgoingEmail.objects.update(**{moment: F(moment) - passed for moment in moments})


def sent_to(letter: Letter) -> int:
    return OutgoingEmail.objects.filter(signature__letter=letter, sent_at__isnull=False).count()


# Send again, from the page that is still open


def test_a_repeated_email_has_a_new_code(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter)["Location"]
    deliver()
    first = signer.mailed_code()
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    answer = signer.client.post(check, {"action": "resend"}, headers=FROM_OUR_PAGE)
    # Each page shows the email for which it was opened.
    assert answer.status_code == 303
    assert answer["Location"].endswith("/?again")
    assert answer["Location"] != f"{check}?again"
    deliver()
    assert signer.mailed_code() != first
    assert "asked us to send this email again" in str(mail.outbox[-1].body)
    assert "Otherwise our next email about it contains a new code" in words(signer.get(answer["Location"]))
    page = signer.client.post(check, {"code": signer.mailed_code()}, headers=FROM_OUR_PAGE)
    signer.press(page["Location"])
    assert signature_of(letter).verified == "code"


def test_a_double_click_on_send_again_brings_one_email(letter: Letter) -> None:
    signature = sign(letter)
    for _ in range(5):
        ask_again(signature, now=NOW + LATER)
    deliver()
    assert len(mail.outbox) == 2  # The first email, which had not been sent yet, and another one two hours later.


def test_asking_again_while_the_first_email_waits_brings_one_email(letter: Letter) -> None:
    signature = sign(letter)
    ask_again(signature, now=NOW + timedelta(seconds=20))
    deliver()
    assert len(mail.outbox) == 1


# Lost links


def test_a_signer_who_lost_the_email_gets_the_control_link(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    deliver()
    page = signer.get(f"{letter.get_absolute_url()}link/")
    assert page.status_code == 200
    answer = signer.client.post(
        f"{letter.get_absolute_url()}link/", {"email": "Ada@Example.org "}, headers=FROM_OUR_PAGE
    )
    assert (answer.status_code, answer["Location"]) == (303, f"{letter.get_absolute_url()}link/?asked")
    deliver()
    assert mail.outbox[-1].subject == "The email that you asked for"
    assert b"Your signature" in signer.get(signer.mailed_link(purpose="manage")).content


def test_a_person_who_has_not_confirmed_gets_the_email_to_confirm(letter: Letter) -> None:
    sign(letter)
    deliver()
    assert ask_for_link(letter) == ["The email that you asked for"]


def test_an_address_that_has_not_signed_is_told_so_by_an_email_that_looks_the_same(letter: Letter) -> None:
    assert ask_for_link(letter, "nobody@example.org") == ["The email that you asked for"]
    (message,) = mail.outbox
    assert message.to == ["nobody@example.org"]
    assert "There is no such signature." in message.body
    assert "/signatures/" not in message.body


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_the_answer_does_not_reveal_whether_the_address_has_signed(letter: Letter, signer: Signer, email: str) -> None:
    sign_and_confirm(letter)
    asked = signer.client.post(f"{letter.get_absolute_url()}link/", {"email": email}, headers=FROM_OUR_PAGE)
    assert asked["Location"] == f"{letter.get_absolute_url()}link/?asked"
    page = words(signer.get(asked["Location"]))
    assert "We email that address. If someone signed this letter with it, the email contains the link." in page
    assert "@" not in page


def test_a_closed_letter_still_sends_the_link_and_says_where(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    deliver()
    Letter.objects.update(status="closed", closed_at=NOW)
    assert f'href="{letter.get_absolute_url()}link/"' in signer.get(letter.get_absolute_url()).content.decode()
    assert len(ask_for_link(letter)) == 1


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.org", "ada@example.org, eve@example.org"])
def test_an_invalid_address_gets_a_sentence(letter: Letter, signer: Signer, email: str) -> None:
    answer = signer.client.post(f"{letter.get_absolute_url()}link/", {"email": email}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 422
    assert "email address" in words(answer)


def test_another_site_cannot_ask_for_a_link(letter: Letter, signer: Signer) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = signer.client.post(f"{letter.get_absolute_url()}link/", {"email": "ada@example.org"}, headers=foreign)
    assert answer.status_code == 403


def test_the_link_page_is_in_the_letters_language(letter: Letter, signer: Signer) -> None:
    page = signer.get(f"/it{letter.get_absolute_url()}link/")
    assert b'<html lang="it"' in page.content
    assert signer.get(f"/fr{letter.get_absolute_url()}link/").status_code == 404
    assert signer.get("/letters/no-such-letter/link/").status_code == 404


def test_a_network_that_asks_too_often_is_told_when_to_come_back(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_REQUESTS = parse("2/hour")
    check = signer.sign(letter)["Location"]
    forms = [(check, {"action": "resend"}), (f"{letter.get_absolute_url()}link/", {"email": "ada@example.org"})]
    assert [signer.client.post(*form, headers=FROM_OUR_PAGE).status_code for form in forms] == [303, 303]
    for form in forms:
        answer = signer.client.post(*form, headers=FROM_OUR_PAGE)
        assert answer.status_code == 429
        assert 3500 < int(answer["Retry-After"]) <= 3600
        assert "Try again in about 60 minutes." in words(answer)
    assert OutgoingEmail.objects.filter(kind=OutgoingEmail.Kind.REQUESTED).count() == 2


# Three emails a day


def test_an_address_gets_three_emails_a_day_over_all_letters(published: LetterMaker) -> None:
    for number in range(5):
        sign(published(f"letter-{number}"), now=timezone.now())
    deliver()
    assert len(mail.outbox) == 3
    time_passes()
    deliver()
    assert len(mail.outbox) == 5
    assert len(ask_for_link(Letter.objects.get(slug="letter-3"), now=timezone.now())) == 1


@pytest.fixture
def silenced(published: LetterMaker, letter: Letter) -> Signature:
    """A stranger has signed three letters with Ada's address; now she signs the one that she wants to."""
    for number in range(3):
        sign(published(f"letter-{number}"), now=timezone.now())
    deliver()
    signature = sign(letter, now=timezone.now())
    deliver()
    assert sent_to(letter) == 0
    return signature


def test_the_fourth_email_of_a_day_waits_until_the_first_is_a_day_old(silenced: Signature) -> None:
    owed = OutgoingEmail.objects.get(signature=silenced)
    first = OutgoingEmail.objects.earliest("sent_at")
    assert first.sent_at
    assert (owed.next_attempt_at, owed.attempts) == (first.sent_at + timedelta(days=1), 0)
    assert owed.put_off_at
    time_passes(timedelta(hours=23))
    deliver()
    assert sent_to(silenced.letter) == 0
    time_passes(timedelta(hours=1))
    deliver()
    assert sent_to(silenced.letter) == 1
    assert len(mail.outbox) == 4


def test_a_postponed_email_confirms(silenced: Signature, signer: Signer) -> None:
    time_passes()
    assert "Thank you for signing" in words(signer.confirm())


def test_the_page_reads_the_same_whether_the_email_is_postponed_or_has_left(
    silenced: Signature, signer: Signer, letter: Letter
) -> None:
    time_passes(timedelta(minutes=6))
    page = just_signed(signer, letter)
    asked = OutgoingEmail.objects.filter(signature=silenced).latest("pk")
    deliver()
    at = asked.created_at.replace(microsecond=0)
    OutgoingEmail.objects.filter(pk=asked.pk).update(put_off_at=at + SECOND)
    answer = words(signer.get(page))
    assert "If we could send you an email about this today, we sent it by" in answer
    assert "we send at most three emails a day to one address" in answer
    OutgoingEmail.objects.filter(pk=asked.pk).update(sent_at=at + timedelta(hours=3))
    assert words(signer.get(page)) == answer


def test_only_the_newest_email_of_a_signature_is_postponed(silenced: Signature) -> None:
    for _ in range(4):
        sign(silenced.letter, now=timezone.now())
        deliver()
        time_passes(timedelta(minutes=30))
        ask_again(silenced, now=timezone.now())
        deliver()
        time_passes(timedelta(minutes=30))
    (waiting,) = OutgoingEmail.objects.owed().filter(signature=silenced)
    assert waiting == OutgoingEmail.objects.filter(signature=silenced).latest("pk")
    time_passes()
    deliver()
    assert sent_to(silenced.letter) == 1
    time_passes()
    deliver()
    assert sent_to(silenced.letter) == 1


def test_an_older_email_that_is_postponed_later_gives_way(silenced: Signature) -> None:
    """A worker died with it, and another has since postponed the newer one."""
    older = OutgoingEmail.objects.get(signature=silenced)
    sign(silenced.letter, now=NOW)
    OutgoingEmail.objects.filter(pk=older.pk).update(
        next_attempt_at=timezone.now() + timedelta(hours=1), put_off_at=None
    )
    deliver()
    OutgoingEmail.objects.filter(pk=older.pk).update(next_attempt_at=NOW)
    deliver()
    older.refresh_from_db()
    assert older.dropped_at
    assert OutgoingEmail.objects.owed().filter(signature=silenced).count() == 1


def test_a_postponed_email_is_dropped_when_another_has_said_the_same(silenced: Signature) -> None:
    time_passes()
    ask_again(silenced, now=timezone.now())
    OutgoingEmail.objects.filter(signature=silenced, kind="confirm").update(next_attempt_at=timezone.now() + LATER)
    deliver()
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)
    deliver()
    assert sent_to(silenced.letter) == 1
    assert not OutgoingEmail.objects.owed().exists()


@pytest.mark.parametrize("end", ["confirmed", "old"])
def test_a_postponed_email_is_dropped_when_it_is_no_longer_true(silenced: Signature, end: str) -> None:
    if end == "confirmed":
        confirm_signature(silenced, verified="link", now=timezone.now())
        OutgoingEmail.objects.filter(kind="thanks").delete()
    time_passes(timedelta(days=15 if end == "old" else 1))
    deliver()
    assert len(mail.outbox) == 3
    assert not OutgoingEmail.objects.owed().exists()


def test_a_flood_is_let_through_by_three_a_day_and_ends(published: LetterMaker) -> None:
    for number in range(60):
        sign(published(f"letter-{number}"), now=timezone.now())
    deliver()
    for day in range(20):
        assert len(mail.outbox) == 3 * min(day + 1, 14)
        time_passes()
        deliver()
    assert not OutgoingEmail.objects.owed().exists()


@pytest.mark.parametrize("kind", ["invited", "carry_over", "update"])
def test_no_email_of_an_organizer_delays_the_one_that_confirms(
    letter: Letter, published: LetterMaker, kind: str
) -> None:
    """Otherwise a person with an account could use up the daily limit of someone who wants to sign."""
    for number in range(5):
        other = sign(published(f"letter-{number}"), now=timezone.now())
        OutgoingEmail.objects.filter(signature=other).update(kind=kind, sent_at=timezone.now())
    sign(letter, now=timezone.now())
    deliver()
    assert sent_to(letter) == 1
    time_passes(timedelta(minutes=2))
    # Nor does it count as the requested email, because it says something else.
    ask_again(signature_of(letter), now=timezone.now())
    OutgoingEmail.objects.filter(signature__letter=letter, kind="confirm").update(kind=kind, created_at=timezone.now())
    deliver()
    assert len(mail.outbox) == 2


@pytest.mark.django_db(transaction=True)
def test_two_emails_postponed_at_once_do_not_wait_for_each_other(silenced: Signature) -> None:
    for hour in range(1, 9):
        ask_again(silenced, now=timezone.now() - timedelta(hours=hour))
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)
    with_one_each = claim_emails(now=timezone.now(), most=10)

    def put_off(outgoing: OutgoingEmail) -> None:
        put_off_email(outgoing, until=timezone.now() + LATER, now=timezone.now())

    in_threads(put_off, reversed(with_one_each), threads=8)
    in_threads(put_off, with_one_each, threads=8)
    assert OutgoingEmail.objects.latest("pk").put_off_at
    time_passes()
    deliver()
    assert sent_to(silenced.letter) == 1


def test_the_limit_holds_however_an_email_is_requested(letter: Letter) -> None:
    sign(letter)
    for hour in range(1, 10):
        ask_for_link(letter, now=NOW + timedelta(hours=hour))
        sign(letter, now=NOW + timedelta(hours=hour, minutes=30))
        deliver()
    assert len(mail.outbox) == 3


def test_every_spelling_of_an_address_is_the_same_mailbox(published: LetterMaker) -> None:
    for number, email in enumerate(["ada@gmail.com", "a.d.a@gmail.com", "ADA@googlemail.com", "ada+x@gmail.com"]):
        sign_letter_as(published(f"letter-{number}"), email)
    deliver()
    assert len(mail.outbox) == 3


def sign_letter_as(letter: Letter, email: str) -> None:
    Signer().sign(letter, email=email)


def test_the_thank_you_email_is_not_counted(published: LetterMaker) -> None:
    for number in range(3):
        sign_and_confirm(published(f"letter-{number}"))
    deliver()
    assert [str(message.subject) for message in mail.outbox] == ["Your signature is confirmed. Thank you."] * 3
    sign(published("another"))
    deliver()
    assert len(mail.outbox) == 4


def test_another_address_is_not_delayed(published: LetterMaker) -> None:
    for number in range(5):
        sign(published(f"letter-{number}"))
    sign(published("another"), "eve@example.org")
    deliver()
    assert [message.to for message in mail.outbox][-1] == ["eve@example.org"]


# The state of the email


SOON, SECOND = timedelta(milliseconds=400), timedelta(seconds=1)


def open_page(letter: Letter) -> CheckToken:
    """Sign, and return the token of the page that this opens."""
    opened = read_check_token(sign_letter(letter, submitted=submitted_form(), language=letter.language, now=NOW))
    assert opened
    return opened


@pytest.mark.parametrize(
    ("values", "seconds", "said"),
    [
        ({}, 1, "leaving"),
        ({"sent_at": NOW + SECOND}, 4, "leaving"),
        ({"failed_at": NOW + SECOND, "error": "550"}, 4, "leaving"),
        ({"attempts": 1, "error": "451"}, 4, "leaving"),
        ({}, 20, "leaving"),
        ({"sent_at": NOW + SECOND}, 5, "handed_over 5"),
        ({"dropped_at": NOW + SOON}, 5, "handed_over 5"),
        ({"sent_at": NOW + 5 * SECOND}, 5, "handed_over 5"),
        ({"sent_at": NOW + 5 * SECOND + SOON}, 6, "leaving"),
        ({"sent_at": NOW + 5 * SECOND + SOON}, 10, "handed_over 10"),
        ({"dropped_at": NOW + 9 * SECOND}, 999, "handed_over 10"),
        ({"failed_at": NOW + SECOND, "error": "550"}, 5, "refused 5"),
        ({"failed_at": NOW + 8 * SECOND, "error": "550"}, 9, "leaving"),
        ({"attempts": 1, "error": "451", "next_attempt_at": NOW + timedelta(seconds=170)}, 50, "delayed"),
        ({}, 61, "delayed"),
        ({"sent_at": NOW + 62 * SECOND}, 63, "delayed"),
    ],
)
def test_the_page_gives_the_state_of_the_email_in_steps_of_five_seconds(
    letter: Letter, values: dict[str, object], seconds: int, said: str
) -> None:
    opened = open_page(letter)
    OutgoingEmail.objects.update(**values)
    status = mail_status(opened, letter, now=NOW + timedelta(seconds=seconds))
    at = f" {(status.at - NOW).seconds}" if status.at else ""
    assert f"{status.state}{at}" == said
    assert status.minutes == (2 if values.get("error") == "451" and seconds > 5 else 1 if said == "delayed" else 0)


def test_the_delay_of_a_late_email_is_in_whole_minutes(letter: Letter) -> None:
    opened = open_page(letter)
    OutgoingEmail.objects.update(attempts=1, error="451", next_attempt_at=NOW + timedelta(seconds=170))
    assert mail_status(opened, letter, now=NOW + 50 * SECOND).minutes == 2


def just_signed(signer: Signer, letter: Letter, email: str = "ada@example.org", *, ago: timedelta = 6 * SECOND) -> str:
    """The page "check your email" of a person who signed this long ago."""
    now = timezone.now() - ago
    token = sign_letter(letter, submitted=submitted_form(email), language="en", now=now)
    return f"/signatures/check/{token}/"


SENTENCES = {
    "sent_at": "If we could send you an email about this today, we sent it by",
    "dropped_at": "If we could send you an email about this today, we sent it by",
    "failed_at": "there is no such mailbox",
}


@pytest.mark.parametrize(("field", "sentence"), SENTENCES.items())
def test_the_page_gives_the_delay_in_words(letter: Letter, signer: Signer, field: str, sentence: str) -> None:
    page = just_signed(signer, letter)
    assert "we are sending it now" in words(signer.get(page))
    outgoing = OutgoingEmail.objects.get()
    OutgoingEmail.objects.update(**{field: outgoing.created_at + SECOND})
    assert sentence in words(signer.get(page))


def test_the_page_gives_the_time_of_signing_plus_a_step(letter: Letter, signer: Signer) -> None:
    page = just_signed(signer, letter)
    created_at = OutgoingEmail.objects.get().created_at.replace(microsecond=0)
    OutgoingEmail.objects.update(sent_at=created_at + SECOND)
    assert f'<time datetime="{(created_at + STEP).isoformat()}">' in signer.get(page).content.decode()


def test_the_page_gives_the_delay_of_a_late_email_in_minutes(letter: Letter, signer: Signer) -> None:
    assert "Email is delayed by about 1 minute." in words(
        signer.get(just_signed(signer, letter, ago=timedelta(hours=1)))
    )


def test_a_known_address_reads_the_same(letter: Letter, signer: Signer) -> None:
    """The person signs a second time within five minutes, so that no email is sent, which takes less time."""
    new, known = just_signed(signer, letter), just_signed(signer, letter)
    deliver()
    assert len(mail.outbox) == 1
    for outgoing in OutgoingEmail.objects.all():
        moment = outgoing.created_at.replace(microsecond=0)
        settled = {"sent_at": moment + 2 * SECOND} if outgoing.sent_at else {"dropped_at": moment + SECOND}
        OutgoingEmail.objects.filter(pk=outgoing.pk).update(created_at=moment, **settled)
    pages = [TOKEN.sub("/", MOMENT.sub("", signer.get(page).content.decode())) for page in (new, known)]
    assert pages[0] == pages[1]
    assert "If we could send you an email about this today, we sent it by" in pages[0]


TOKEN = re.compile(r"/signatures/check/[^/]+/")
# The two have not signed in the same second.
MOMENT = re.compile(r"<time[^>]*>[^<]*</time>")


@pytest.mark.parametrize("end", [withdraw_signature, disown_signature])
def test_a_withdrawn_signature_reads_like_any_other(letter: Letter, signer: Signer, end: Callable[..., None]) -> None:
    page = just_signed(signer, letter)
    created_at = OutgoingEmail.objects.get().created_at
    OutgoingEmail.objects.update(sent_at=created_at + SECOND)
    before = TOKEN.sub("/", signer.get(page).content.decode())
    end(signature_of(letter), now=timezone.now())
    assert not OutgoingEmail.objects.exclude(signature=None).exists()
    assert TOKEN.sub("/", signer.get(page).content.decode()) == before
    assert "If we could send you an email about this today, we sent it by" in before


def test_the_email_is_on_its_way_at_first_even_if_the_signature_is_gone(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter)["Location"]
    disown_signature(signature_of(letter), now=timezone.now())
    assert "If we have an email for you about this signature, we are sending it now" in words(signer.get(check))


def test_the_page_does_not_reveal_when_someone_else_asks(letter: Letter, signer: Signer) -> None:
    """A person who signed with another's address must not see when its owner signs, or asks for the link."""
    page = just_signed(signer, letter, ago=timedelta(minutes=10))
    OutgoingEmail.objects.update(sent_at=OutgoingEmail.objects.get().created_at + SECOND)
    before = TOKEN.sub("/", signer.get(page).content.decode())
    sign(letter, now=timezone.now() - timedelta(minutes=2))
    assert ask_for_link(letter, now=timezone.now() - timedelta(minutes=1))
    assert TOKEN.sub("/", signer.get(page).content.decode()) == before


# Withdrawals


def test_a_withdrawal_does_not_free_the_three_emails_of_a_day(letter: Letter) -> None:
    """Otherwise a stranger could fill a mailbox by signing, withdrawing and signing again."""
    for _ in range(5):
        signature = sign(letter, now=timezone.now())
        deliver()
        withdraw_signature(signature, now=timezone.now())
    assert len(mail.outbox) == 3
    time_passes()
    sign(letter, now=timezone.now())
    deliver()
    assert len(mail.outbox) == 4


@pytest.mark.parametrize("end", [withdraw_signature, disown_signature])
def test_the_hash_of_a_withdrawn_address_is_gone_after_a_day(letter: Letter, end: Callable[..., None]) -> None:
    signature = sign(letter, now=timezone.now())
    deliver()
    end(signature, now=timezone.now())
    kept = MailRequest.objects.get()
    assert (kept.address, OutgoingEmail.objects.get().signature) == (None, None)
    forget_requests(now=timezone.now() + timedelta(hours=23))
    assert MailRequest.objects.exists()
    forget_requests(now=timezone.now() + timedelta(hours=25))
    assert not MailRequest.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_an_email_that_leaves_while_its_signer_withdraws_counts(letter: Letter) -> None:
    signature = sign(letter, now=timezone.now())
    (leaving,) = claim_emails(now=timezone.now(), most=1)
    withdraw_signature(signature, now=timezone.now())
    settle_email(leaving, SendResult(Verdict.SENT), now=timezone.now())
    for _ in range(3):
        withdraw_signature(sign(letter, now=timezone.now()), now=timezone.now())
        sign(letter, now=timezone.now())
        deliver()
    assert len(mail.outbox) == 2


def test_that_email_is_not_sent_again_if_its_worker_crashed(letter: Letter) -> None:
    signature = sign(letter, now=timezone.now())
    claim_emails(now=timezone.now(), most=1)
    withdraw_signature(signature, now=timezone.now())
    OutgoingEmail.objects.update(next_attempt_at=NOW)
    deliver()
    assert OutgoingEmail.objects.get().dropped_at
    assert not mail.outbox
