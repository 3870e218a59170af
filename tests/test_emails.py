"""What a mail gateway, a lock screen or a list of emails shows before anybody opens one names no letter and nobody.

All kinds, in both languages. A kind, a template or an account email that this file does not know makes it fail.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage as Message
from email.policy import default as modern
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from letters.base.accounts.mail import pack, unpack
from letters.base.outbox import composing
from letters.models import OWNING, Collective, Letter, OutgoingEmail, Signature, Update, User
from letters.organizer.collectives.operations import invite_member
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.first_signatories.signatory_import import Person
from letters.organizer.letter_editor import mail as letter_editor_mail
from letters.organizer.letter_editor.mail import tell_members
from letters.organizer.updates.mail import trial_mail
from letters.organizer.updates.operations import UpdateText, send_update, spread_update, write_update
from letters.shared.addresses import read_address
from letters.shared.message_ids import mail_host
from letters.signer.carry_over.operations import ask_to_carry_over
from letters.signer.carry_over.tasks import owe_questions
from letters.signer.signing.operations import confirm_signature, remind_unconfirmed, request_mail
from letters.tasks import EMAIL_BUILDERS
from tests.carry_over.conftest import NOTE, change_text
from tests.conftest import LetterMaker
from tests.people import EN, IT, NOW, ask_again, message_of, publish, sign

TEMPLATES = settings.BASE_DIR / "letters" / "templates"
# Words of the letter, of who publishes it, of who signs it, of what is written to signers; and the letter's address.
TELLING = re.compile(
    r"\b(night|trains?|sleepers?|lasciate|treni|notturni|friends|ada|lovelace|countess|olga|minister\w*|five lines)\b",
    re.IGNORECASE,
)
OPENING = 150
REPLIES = {
    "en": "We do not read replies to this email. A reply does not confirm anything.",
    "it": "Non leggiamo le risposte a questa email. Rispondere non conferma nulla.",
}
# Words that a test letter and its people really have, or the pattern above could never match.
KNOWN = [EN.title, IT.title, "Friends of the Night Train", "Ada Lovelace", "Olga", NOTE, "night-trains"]
TAG, HEAD = re.compile(r"<[^>]*>"), re.compile(r"<head>.*?</head>", re.DOTALL)
UNSEEN = re.compile(r'<div style="display:none.*?</div>', re.DOTALL)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The templates of emails that are rendered."""
    found: set[str] = set()

    def render(name: str, context: dict[str, Any]) -> str:
        found.add(name)
        return render_to_string(name, context)

    monkeypatch.setattr(composing, "render_to_string", render)
    return found


@pytest.fixture
def written(
    letter: Letter, draft: LetterMaker, collective: Collective, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[EmailMultiAlternatives]]:
    """Every email that the site sends about letters and collectives, to somebody who signs in that language."""

    def write(language: str) -> list[EmailMultiAlternatives]:
        Letter.objects.update(closes_at=timezone.now() + timedelta(days=30))
        _of_signing(letter, language)
        _of_organizers(letter, draft("sleepers"), collective, organizer, language)
        owed = OutgoingEmail.objects.owed().order_by("pk")
        emails = [(outgoing.kind, message_of(outgoing)) for outgoing in owed]
        emails += [
            ("update", trial_mail(Update(**{**Update.objects.values()[0], "language": language}), "o@example.org"))
        ]
        assert {kind for kind, _ in emails} == set(OutgoingEmail.Kind) == set(EMAIL_BUILDERS)
        emails += [("", message) for message in _to_members(letter, monkeypatch)]
        return [message for _, message in emails]

    return write


def _to_members(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> list[EmailMultiAlternatives]:
    """What those who work on a letter are told."""
    sent: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(letter_editor_mail, "mail_to_account", sent.append)
    tell_members(letter, "letter_withdrawn", roles=OWNING, until=NOW)
    tell_members(letter, "publication_waits", roles=OWNING, reason="not_cleared")
    return sent


def _of_signing(letter: Letter, language: str) -> None:
    """Each signature with the mails that it brings, pending and confirmed."""
    who = {"name": "Ada Lovelace", "affiliation": "Countess of Lovelace", "consent": "Write to me"}
    now = timezone.now()
    confirm_signature(sign(letter, "ada.signed@example.org", now=now - timedelta(days=3)), verified="link", now=now)
    stranger = read_address("ada.stranger@example.org")
    assert stranger
    request_mail(letter, address=stranger, language=language, now=now)
    pending = sign(letter, "ada@example.org", now=now - timedelta(days=2), **who)
    sign(letter, "ada@example.org", now=now, **who)
    for email in ("ada.waits@example.org", "ada.signed@example.org"):
        sign(letter, email, now=now - timedelta(days=2), **who)
    sign(letter, "ada.asks@example.org", now=now, **who)
    ask_again(Signature.objects.latest("pk"), "ada.asks@example.org", now=now)
    spelled = sign(letter, "ada.spelled@example.org", now=now - timedelta(days=3))
    confirm_signature(spelled, verified="link", now=now)
    sign(letter, "ada.spelled+other@example.org", now=now - timedelta(days=2), **who)
    remind_unconfirmed(now=now)
    for email in ("ada.thanks@example.org", "ada.again@example.org", "ada.link@example.org"):
        confirm_signature(sign(letter, email, now=now - timedelta(days=1), **who), verified="link", now=now)
    sign(letter, "ada.again@example.org", now=now, **who)
    ask_again(Signature.objects.latest("pk"), "ada.link@example.org", now=now)
    # Not the mails to confirm of those who have.
    OutgoingEmail.objects.filter(kind="confirm").exclude(signature__state="pending").delete()
    publish(now)
    Signature.objects.update(language=language)
    assert pending.pk


def _of_organizers(letter: Letter, before: Letter, collective: Collective, organizer: User, language: str) -> None:
    now = timezone.now()
    letter.refresh_from_db()
    text = UpdateText(title="The minister has asked us in", body="On **Friday**, with Ada.", language="en")
    update = write_update(letter, text=text, by=organizer, now=now)
    send_update(update, seen=update.version, by=organizer, now=now)
    spread_update(update.pk, now=now)
    change_text(letter, now=now)
    letter.refresh_from_db()
    ask_to_carry_over(letter, by=organizer, now=now)
    owe_questions(now=now)
    invited = read_address("ada.first@example.org")
    assert invited
    people = [Person(line=1, address=invited, name="Ada Lovelace")]
    invite_people(before, people=people, by=organizer, now=now)
    Signature.objects.filter(letter=before).update(language=language)
    again = OutgoingEmail.objects.get(kind="invited")
    OutgoingEmail.objects.create(
        kind="invited",
        signature=again.signature,
        key=f"invited_again:{again.signature_id}",
        created_at=now,
        next_attempt_at=now,
    )
    address = read_address("teammate@example.org")
    assert address
    invite_member(collective, address=address, role="editor", by=organizer, now=now)


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def seen(html: str) -> str:
    """As a mail program tells it beside the subject."""
    return " ".join(unescape(TAG.sub(" ", HEAD.sub("", html))).split())


def opening_of(text: str) -> str:
    return " ".join(text.split())[:OPENING]


def raw_of(message: EmailMessage) -> Message:
    return message_from_bytes(message.message().as_bytes(), _class=Message, policy=modern)


def test_every_email_says_that_no_person_has_sent_it(written: Callable[[str], list[EmailMultiAlternatives]]) -> None:
    """And the way through the broker, which emails to organizers take, loses no part of it."""
    for message in written("en"):
        assert raw_of(message)["Auto-Submitted"] == "auto-generated"
        arrived = unpack(pack(message))
        assert isinstance(arrived, EmailMultiAlternatives)
        assert arrived.extra_headers == message.extra_headers
        assert [str(arrived.body), html_of(arrived)] == [str(message.body), html_of(message)]


@pytest.mark.parametrize("words", KNOWN)
def test_what_would_be_telling_is_found(words: str) -> None:
    assert TELLING.search(words)


@pytest.mark.parametrize("language", ["en", "it"])
def test_no_email_tells_of_which_letter_it_is_before_it_is_opened(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str, used: set[str]
) -> None:
    for message in written(language):
        html = html_of(message)
        shown = [str(message.subject), opening_of(str(message.body)), opening_of(seen(html))]
        # A program that leaves out what is hidden begins with what is not.
        shown += [opening_of(seen(UNSEEN.sub("", html))), *re.findall(r"<title>(.*?)</title>", html)]
        assert len(shown) == 5
        assert [found for text in shown for found in TELLING.findall(text)] == [], shown
    subjects = {f"letters/mail/{path.name}" for path in (TEMPLATES / "letters/mail").glob("*.subject.txt")}
    assert subjects <= used


@pytest.mark.parametrize("language", ["en", "it"])
def test_no_header_tells_of_which_letter_it_is(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str
) -> None:
    for message in written(language):
        headers = {name: value for name, value in raw_of(message).items() if name != "To"}
        assert headers["From"] == settings.DEFAULT_FROM_EMAIL
        assert [found for value in headers.values() for found in TELLING.findall(str(value))] == []


def test_news_of_all_letters_is_one_list_to_a_mail_program(
    written: Callable[[str], list[EmailMultiAlternatives]],
) -> None:
    found = {raw_of(message)["List-Id"] for message in written("en")}
    assert found == {None, f"<news.{mail_host()}>"}


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_email_says_that_a_reply_confirms_nothing(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str
) -> None:
    for message in written(language):
        spoken = re.findall(r'<html lang="(\w+)"', html_of(message))[0]
        assert REPLIES[spoken] in str(message.body)
        assert REPLIES[spoken] in seen(UNSEEN.sub("", html_of(message)))


# Emails about accounts


def account_emails() -> list[Path]:
    """Those that allauth knows, by the names of its templates."""
    found = find_spec("allauth")
    assert found
    assert found.origin
    theirs = (Path(found.origin).parent / "templates").glob("*/email/*_message.*")
    return sorted({TEMPLATES / path.parents[1].name / "email" / f"{path.stem}.txt" for path in theirs})


def test_every_email_about_an_account_is_in_our_words() -> None:
    ours = {path for app in ("account", "mfa") for path in (TEMPLATES / app / "email").glob("*_message.txt")}
    missing = {path.name for path in account_emails() if path.parent.parent.name in {"account", "mfa"}}
    # The first includes one of ours; the second brings a link, and this site sends codes.
    unused = {"base_message.txt", "email_confirmation_signup_message.txt", "password_reset_key_message.txt"}
    assert missing - {path.name for path in ours} <= unused


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("app", ["account", "mfa"])
def test_no_email_about_an_account_names_anybody_before_it_is_opened(app: str, language: str, organizer: User) -> None:
    context = {
        "user": organizer,
        "email": "ada@example.org",
        "code": "123456",
        "ip": "192.0.2.1",
        "user_agent": "",
        "timestamp": NOW,
        "SITE_URL": settings.SITE_URL,
        "name": "Ada",
        "collective": "Friends",
        "title": EN.title,
        "current_site": {"name": "Undersigned"},
        "from_email": "o@example.org",
        "to_email": "p@example.org",
    }
    messages = sorted((TEMPLATES / app / "email").glob("*_message.txt"))
    assert messages
    for path in messages:
        with translation.override(language):
            text = render_to_string(f"{app}/email/{path.name}", context)
            subject_name = path.name.replace("_message", "_subject")
            subject = render_to_string(f"{app}/email/{subject_name}", context) if path.stem != "base_message" else ""
        assert TELLING.findall(subject + opening_of(text)) == [], path.name
        assert REPLIES[language] in text
