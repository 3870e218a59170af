"""The emails of signing: readable in any program, without anything that a stranger could have put there."""

import re
from email import message_from_bytes
from email.message import EmailMessage as Message
from email.policy import default as modern

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from letters.base.outbox.built import Drop, DropReason
from letters.models import Collective, Letter, MailRequest, OutgoingEmail, Signature, Submission, User
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.signer.signing.mail import confirm, signed_again
from letters.signer.signing.operations import confirm_signature, disown_signature, forget_requests, withdraw_signature
from letters.tasks import EMAIL_BUILDERS
from tests.people import NOW, deliver, message_of, sign, sign_and_confirm


@pytest.fixture
def outgoing(letter: Letter) -> OutgoingEmail:
    """Return the email of a signing."""
    sign(letter, name="Buy Pills at pills.example", affiliation="https://pills.example")
    return OutgoingEmail.objects.get()


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def test_the_email_goes_to_the_signer_alone(outgoing: OutgoingEmail) -> None:
    message = message_of(outgoing)
    assert message.to == ["ada@example.org"]
    assert (message.cc, message.bcc) == ([], [])
    assert message.subject == "Confirm your signature"


def test_both_halves_of_the_email_hold_the_same_links(outgoing: OutgoingEmail) -> None:
    message = message_of(outgoing)
    links = set(re.findall(rf"{settings.SITE_URL}/signatures/\S+/", str(message.body)))
    assert len(links) == 2
    for link in links:
        assert f'href="{link}"' in html_of(message)
    assert "/letters/night-trains/" in str(message.body)


def test_each_link_is_on_a_line_of_its_own(outgoing: OutgoingEmail) -> None:
    raw = message_from_bytes(message_of(outgoing).message().as_bytes(), _class=Message, policy=modern)
    plain = raw.get_body(("plain",))
    assert plain
    lines = plain.get_content().splitlines()
    assert [line for line in lines if line.startswith(f"{settings.SITE_URL}/signatures/confirm/")]
    # A mail program or a server may break a longer line (RFC 5322, 2.1.1).
    assert max(map(len, message_of(outgoing).message().as_bytes().splitlines())) <= 998


def test_no_email_repeats_what_a_stranger_may_have_typed(outgoing: OutgoingEmail) -> None:
    Letter.objects.update(ask_comment="optional")
    Signature.objects.update(comment="See pills.example", role="Seller of pills")
    raw = str(message_of(outgoing).body) + html_of(message_of(outgoing)) + message_of(outgoing).subject
    assert "pills" not in raw.lower()


def test_the_email_loads_nothing_and_runs_nothing(outgoing: OutgoingEmail) -> None:
    html = html_of(message_of(outgoing))
    assert not re.search(r"<(img|script|link|iframe|video|form)\b|url\(|@import", html)
    assert set(re.findall(r'href="(https?://[^/"]+)', html)) == {settings.SITE_URL}


def test_the_email_is_in_the_language_of_the_signing(letter: Letter) -> None:
    sign(letter)
    Submission.objects.update(language="it")
    message = message_of(OutgoingEmail.objects.get())
    assert '<html lang="it" dir="ltr">' in html_of(message)
    assert "Lasciate correre i treni notturni" in str(message.body)
    assert "Confirm" not in message.subject
    assert f"{settings.SITE_URL}/it/letters/night-trains/" in str(message.body)


def test_an_email_about_a_letter_in_a_language_that_we_do_not_have_is_in_english(
    collective: Collective, organizer: User
) -> None:
    message = about(collective, organizer, Text("pt", "Comboios noturnos", "A todos", "Fiquem."))
    assert message.subject == "Confirm your signature"
    assert '<html lang="en" dir="ltr">' in html_of(message)


def test_a_title_cannot_add_a_header(collective: Collective, organizer: User) -> None:
    message = about(collective, organizer, Text("en", "One\r\nBcc: eve@example.org", "To all", "Stay."))
    raw = message_from_bytes(message.message().as_bytes(), _class=Message, policy=modern)
    assert raw["Bcc"] is None
    assert raw["Subject"] == "Confirm your signature"


# Emails to addresses that anyone may have typed.
OF_SIGNING = [
    *["confirm", "confirm_again", "confirm_requested", "reminder"],
    *["thanks", "signed_already", "link_requested", "link_of_nothing", "reminder_signed"],
]


@pytest.mark.parametrize("template", OF_SIGNING)
def test_no_subject_names_the_letter_or_who_wrote_it(letter: Letter, template: str) -> None:
    """Subjects are visible on lock screens and to every server on the way, and anyone can cause an email to anyone."""
    texts = {"title": "A title", "letter": letter, "signature": sign(letter), "letter_url": letter.get_absolute_url()}
    subject = render_to_string(f"letters/mail/{template}.subject.txt", texts)
    assert subject == render_to_string(f"letters/mail/{template}.subject.txt", {})
    assert subject.strip()


def test_no_subject_tells_a_mail_server_whether_the_address_had_signed_before() -> None:
    """A person who reads its log could type the addresses of all employees."""
    alike = [
        {"confirm", "confirm_again", "signed_already"},
        {"confirm_requested", "link_requested", "link_of_nothing"},
        {"reminder", "reminder_signed"},
        {"thanks"},
    ]
    subjects = {name: render_to_string(f"letters/mail/{name}.subject.txt") for name in OF_SIGNING}
    assert [len({subjects[name] for name in answers}) for answers in alike] == [1, 1, 1, 1]
    assert len(set(subjects.values())) == len(alike)
    assert set.union(*alike) == set(OF_SIGNING)


def test_the_title_is_escaped_in_html_and_plain_in_text(collective: Collective, organizer: User) -> None:
    message = about(collective, organizer, Text("en", "Trains & <b>buses</b>", "To all", "Stay."))
    assert "Trains & <b>buses</b>" in str(message.body)
    assert "Trains &amp; &lt;b&gt;buses&lt;/b&gt;" in html_of(message)


def about(collective: Collective, organizer: User, text: Text) -> EmailMultiAlternatives:
    """Return the email to a signer of a letter with this text."""
    letter = draft_letter(collective, slug="another", text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    sign(letter)
    return message_of(OutgoingEmail.objects.get())


def test_every_attempt_is_the_same_email_to_a_mail_program(outgoing: OutgoingEmail) -> None:
    first, second = message_of(outgoing), message_of(outgoing)
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.extra_headers["Auto-Submitted"] == "auto-generated"


def test_two_emails_are_not_the_same_to_a_mail_program(letter: Letter) -> None:
    sign(letter, "ada@example.org")
    sign(letter, "eve@example.org")
    deliver()
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 2


# Emails that are no longer true


def test_a_confirmed_signer_is_not_asked_to_confirm(outgoing: OutgoingEmail) -> None:
    confirm_signature(Signature.objects.get(), verified="link", now=NOW)
    assert confirm(outgoing) == Drop(DropReason.SETTLED)


def test_a_deleted_address_gets_no_email(outgoing: OutgoingEmail) -> None:
    Submission.objects.update(address=None)
    assert confirm(outgoing) == Drop(DropReason.NO_ADDRESS)
    assert signed_again(outgoing) == Drop(DropReason.NO_ADDRESS)


@pytest.mark.parametrize("state", ["rejected", "expired"])
def test_an_inactive_signature_brings_no_email(outgoing: OutgoingEmail, state: str) -> None:
    Signature.objects.update(state=state)
    # Privacy: the emails that a typed address causes go to everyone, also after a moderator removed the signature.
    typed = {OutgoingEmail.Kind.REQUESTED, OutgoingEmail.Kind.SIGNED_AGAIN, OutgoingEmail.Kind.REMINDER}
    # These emails belong to a request, which this row has not.
    others = {OutgoingEmail.Kind.NAME_REPORT, OutgoingEmail.Kind.ADDRESS_PROOF} | (
        typed if state == "rejected" else set()
    )
    kinds = EMAIL_BUILDERS.keys() - others
    assert all(isinstance(EMAIL_BUILDERS[kind](outgoing), Drop) for kind in kinds)


def test_no_email_waits_after_a_withdrawal(letter: Letter) -> None:
    withdraw_signature(sign(letter, "ada@example.org"), now=NOW)
    disown_signature(sign_and_confirm(letter, "eve@example.org"), now=NOW)
    deliver()
    assert mail.outbox == []
    assert not OutgoingEmail.objects.owed().exists()
    forget_requests(now=NOW)
    assert not MailRequest.objects.exclude(address=None).exists()


def test_every_kind_of_email_can_be_built() -> None:
    assert set(EMAIL_BUILDERS) == set(OutgoingEmail.Kind)
