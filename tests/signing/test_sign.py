"""Signing writes one signature for each address, however often it signs, and creates one email."""

from datetime import datetime, timedelta
from threading import Barrier

import pytest
import redis
from django.core.mail import EmailMessage
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from letters.base.switches.queries import is_on
from letters.models import Letter, OutgoingEmail, Signature, SignerContact, Submission, Switch
from letters.shared.addresses import decrypt
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    confirm_signature,
    disown_signature,
    forget_submissions,
    sign_letter,
    withdraw_signature,
)
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Signer,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submitted_form,
    unheard_of,
    words,
)


def test_signing_leads_to_check_your_email(letter: Letter, signer: Signer) -> None:
    answer = signer.sign(letter)
    assert answer.status_code == 303
    assert "Check your email" in words(signer.get(answer.headers["Location"]))


def test_signing_works_without_a_browser(letter: Letter, signer: Signer) -> None:
    fields = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public"}
    assert signer.client.post(letter.url_of("sign"), fields).status_code == 303
    assert signature_of(letter).name == "Ada Lovelace"


def test_signing_needs_no_cookie_and_leaves_none(letter: Letter, signer: Signer) -> None:
    signer.read(letter)
    signer.get(signer.sign(letter).headers["Location"])
    assert not signer.client.cookies


def test_signing_writes_the_signature_its_contact_and_the_outgoing_email(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="Ada Lovelace", affiliation="Analytical Society", updates="on")
    signature = signature_of(letter)
    assert (signature.name, signature.affiliation, signature.display) == (
        "Ada Lovelace",
        "Analytical Society",
        "public",
    )
    assert (signature.state, signature.number, signature.verified) == ("pending", None, "")
    assert (signature.revision_id, signature.language) == (letter.current_revision_id, "en")
    assert decrypt(signature.contact.address) == "ada@example.org"
    assert signature.contact.consent == "Email me updates about this letter"
    assert [outgoing.kind for outgoing in signature.outgoing_emails.all()] == ["confirm"]


def test_a_signature_is_bound_to_the_language_that_its_signer_read(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, language="it")
    assert signature_of(letter).language == "it"


def test_nobody_has_agreed_to_anything_without_ticking_a_box(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    contact = signature_of(letter).contact
    assert (contact.consent, contact.consented_at) == ("", None)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ada   Lovelace\t", "Ada Lovelace"),
        ("Zoe\u0308", "Zoë"),
        ("Ada\u200b Lovelace", "Ada Lovelace"),
        ("<script>alert()</script>", "<script>alert()</script>"),
        ('Ada & Sons, "so-called" O\'Hara', 'Ada & Sons, "so-called" O\'Hara'),
        ("👩\u200d🚀 Ada", "👩\u200d🚀 Ada"),
        ("محمد بن علي", "محمد بن علي"),
        ("{{ name }} {% now 'Y' %}", "{{ name }} {% now 'Y' %}"),
        ("%(name)s %s", "%(name)s %s"),
        ("N" * 200, "N" * 200),
    ],
)
def test_a_name_is_stored_and_shown_as_it_was_typed(letter: Letter, signer: Signer, typed: str, stored: str) -> None:
    signer.sign(letter, name=typed)
    signature = signature_of(letter)
    assert signature.name == stored
    confirm_signature(signature, verified="link", now=NOW)
    publish()
    for page in ("letter", "signatures"):
        answer = signer.get(letter.url_of(page))
        assert f"1 {stored}" in words(answer).replace("\u2068", "") or "<" in stored
        assert "<script>alert" not in answer.content.decode()


def test_the_name_of_a_nameless_signer_is_not_stored_whatever_was_typed(letter: Letter, signer: Signer) -> None:
    letter.ask_role = letter.ask_comment = letter.ask_country = "optional"
    letter.save()
    typed = {"affiliation": "A Ministry", "role": "Clerk", "comment": "They would know me.", "country": "IT"}
    signer.sign(letter, display="nobody", name="Ada Lovelace", updates="on", **typed)
    signature = signature_of(letter)
    assert (signature.name, signature.affiliation, signature.role, signature.comment) == ("", "", "", "")
    assert signature.country == "IT"
    assert signature.contact.consent == ""


def test_a_nameless_signer_need_not_give_a_name(published: LetterMaker, signer: Signer) -> None:
    letter = published(ask_affiliation="required", ask_role="required", ask_comment="required")
    assert signer.send(letter, {"email": "ada@example.org", "display": "nobody"}).status_code == 303


def test_a_field_that_the_letter_does_not_ask_for_is_ignored(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, role="Countess", comment="Because.", country="GB")
    signature = signature_of(letter)
    assert (signature.role, signature.comment, signature.country) == ("", "", "")


def test_everything_that_a_letter_asks_for_is_kept(published: LetterMaker, signer: Signer) -> None:
    asked = dict.fromkeys(["ask_affiliation", "ask_role", "ask_country", "ask_comment"], "required")
    letter = published(**asked)
    typed = {"affiliation": "Society", "role": "Countess", "country": "GB", "comment": "Trains\r\n run  at night."}
    assert signer.sign(letter, **typed).status_code == 303
    signature = signature_of(letter)
    assert (signature.affiliation, signature.role, signature.country) == ("Society", "Countess", "GB")
    assert signature.comment == "Trains run at night."


def test_a_letter_may_offer_one_kind_of_display_only(published: LetterMaker, signer: Signer) -> None:
    letter = published(displays=["organizers"])
    assert 'type="radio"' not in signer.read(letter)
    assert signer.sign(letter, display="organizers").status_code == 303
    assert signer.sign(letter, email="eve@example.org", display="public").status_code == 422


def test_one_address_may_sign_two_letters(letter: Letter, published: LetterMaker, signer: Signer) -> None:
    other = published(slug="sleeping-cars")
    signer.sign(letter)
    signer.sign(other)
    assert Signature.objects.count() == 2


# The same address again


@pytest.mark.parametrize(
    "again", ["ada@example.org", "ADA@Example.ORG", " ada@example.org ", "ada+letters@example.org"]
)
def test_one_address_signs_once_in_any_spelling(letter: Letter, signer: Signer, again: str) -> None:
    signer.sign(letter, name="Ada Lovelace")
    assert signer.sign(letter, name="Someone Else", email=again).status_code == 303
    assert [signature.name for signature in Signature.objects.all()] == ["Ada Lovelace"]
    assert SignerContact.objects.count() == 1


@pytest.mark.parametrize("before", ["pending", "confirmed", "published", "withdrawn", "disowned"])
def test_the_answer_does_not_reveal_whether_the_address_had_signed(letter: Letter, signer: Signer, before: str) -> None:
    signature = sign(letter, "eve@example.org")
    if before in {"confirmed", "published"}:
        confirm_signature(signature, verified="link", now=NOW)
    if before == "published":
        publish()
    if before == "withdrawn":
        withdraw_signature(signature, now=NOW)
    if before == "disowned":
        disown_signature(signature, now=NOW)
    first = signer.sign(letter, email="ada@example.org")
    second = signer.sign(letter, email="eve@example.org")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(first.headers["Location"]) == len(second.headers["Location"])
    new, known = (signer.get(answer.headers["Location"]) for answer in (first, second))
    token_of = [answer.headers["Location"] for answer in (first, second)]
    assert new.content.replace(token_of[0].encode(), b"") == known.content.replace(token_of[1].encode(), b"")
    assert {**new.headers} == {**known.headers}


def test_signing_costs_one_round_trip_for_a_new_and_for_a_known_address(
    letter: Letter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    is_on(Switch.Name.TAKE_SIGNATURES)  # The letter is read once a second, whoever signs.
    for _ in ("new", "known", "known"):
        with django_assert_num_queries(1):
            sign_letter(letter, submitted=submitted_form(), language="en", now=NOW)


def mails_after(letter: Letter, mailoutbox: list[EmailMessage], now: datetime) -> list[str]:
    """Sign again now; return the subjects of the emails that this brings."""
    before = len(mailoutbox)
    sign(letter, now=now)
    deliver()
    return [str(mail.subject) for mail in mailoutbox[before:]]


def test_an_equal_signing_within_five_minutes_brings_no_email_and_then_three_a_day_at_most(
    letter: Letter, mailoutbox: list[EmailMessage]
) -> None:
    assert mails_after(letter, mailoutbox, NOW) == ["Confirm your signature"]
    assert mails_after(letter, mailoutbox, NOW + timedelta(seconds=1)) == []
    assert mails_after(letter, mailoutbox, NOW + timedelta(minutes=4, seconds=59)) == []
    assert mails_after(letter, mailoutbox, NOW + timedelta(minutes=6)) == ["Confirm your signature"]
    assert mails_after(letter, mailoutbox, NOW + timedelta(minutes=10)) == []
    assert len(mails_after(letter, mailoutbox, NOW + timedelta(minutes=20))) == 1
    assert mails_after(letter, mailoutbox, NOW + timedelta(hours=6)) == []
    OutgoingEmail.objects.filter(sent_at__isnull=False).update(sent_at=F("sent_at") - timedelta(days=1))
    assert len(mails_after(letter, mailoutbox, NOW + timedelta(days=1))) == 1


def test_a_second_signing_after_the_confirmation_brings_an_email_that_says_so(
    letter: Letter, mailoutbox: list[EmailMessage]
) -> None:
    sign_and_confirm(letter)
    deliver()
    mailoutbox.clear()
    assert mails_after(letter, mailoutbox, NOW + timedelta(hours=1)) == ["Confirm your signature"]
    assert Signature.objects.count() == 1


def test_a_nameless_signer_signs_once_and_is_forgotten_again(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign_and_confirm(letter, display="nobody", name="")
    deliver()
    assert mails_after(letter, mailoutbox, NOW + timedelta(hours=1)) == ["Confirm your signature"]
    assert Signature.objects.count() == 1
    # But not before its reminders, which every address gets, have ended.
    forget_submissions(now=NOW + timedelta(hours=75))
    assert not Submission.objects.filter(address__isnull=False).exists()
    assert not SignerContact.objects.exists()


def test_an_address_that_disowned_a_signature_gets_no_email_whoever_types_it(
    letter: Letter, mailoutbox: list[EmailMessage]
) -> None:
    disown_signature(sign(letter), now=NOW)
    for day in range(3):
        assert mails_after(letter, mailoutbox, NOW + timedelta(days=day)) == []
    assert Signature.objects.get().state == "disowned"
    assert not SignerContact.objects.exists()


def test_an_address_whose_signature_was_withdrawn_may_sign_again(letter: Letter) -> None:
    withdraw_signature(sign(letter), now=NOW)
    assert sign(letter).state == "pending"
    assert Signature.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "mails"), [("Ada", 1), ("Ada {}", 3)])
def test_fifty_signings_of_one_address_at_once_make_one_signature_and_an_email_for_each_submission(
    letter: Letter, mailoutbox: list[EmailMessage], name: str, mails: int
) -> None:
    """Three emails a day at most: the newest of the others waits."""
    start = Barrier(50)

    def sign_at_once(number: int) -> tuple[int, bytes, int]:
        signer = Signer()
        start.wait()
        answer = signer.sign(letter, name=name.format(unheard_of()))
        return answer.status_code, answer.content, len(answer.headers.get("Location", ""))

    answers = in_threads(sign_at_once, range(50), threads=50)
    assert set(answers) == {answers[0]}
    assert answers[0][0] == 303
    deliver()
    assert Signature.objects.count() == SignerContact.objects.count() == 1
    assert len(mailoutbox) == mails
    assert OutgoingEmail.objects.owed().count() == (mails > 1)


# Refusals, and the wake-up


def test_a_letter_that_closes_while_someone_types_takes_no_signature(published: LetterMaker) -> None:
    letter = published(closes_at=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="letter_closed"):
        sign_letter(letter, submitted=submitted_form(), language="en", now=NOW + timedelta(hours=1))
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    ("moment", "code"),
    [(-1, "letter_not_open_yet"), (0, ""), (3599, ""), (3600, "letter_closed"), (9999, "letter_closed")],
)
def test_a_letter_is_open_from_its_opening_to_its_closing(letter: Letter, moment: int, code: str) -> None:
    letter.opens_at, letter.closes_at = NOW, NOW + timedelta(hours=1)
    assert letter.refusal(NOW + timedelta(seconds=moment)) == code


def test_the_worker_is_woken_once_however_many_sign(
    letter: Letter, valkey: "redis.Redis", django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for number in range(20):
        with django_capture_on_commit_callbacks(execute=True):
            sign(letter, f"signer{number}@example.org")
    assert valkey.llen("confirmations") == 1


def test_nobody_is_woken_before_the_signature_is_committed(
    letter: Letter, valkey: "redis.Redis", django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks():
        sign(letter)
    assert valkey.llen("confirmations") == 0
