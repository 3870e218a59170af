"""What a mail gateway, a lock screen or a list of emails shows before an email is opened names no letter and no person.

This covers all kinds, in both languages. It fails for a kind, a template or an account email that this file does not
know.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage as Message
from email.policy import default as modern
from email.utils import parseaddr
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from letters.adapters import AccountAdapter
from letters.base.accounts import members
from letters.base.accounts.mail import pack, unpack
from letters.base.accounts.members import tell_members
from letters.base.collective_domains.mail import code_email, owner_emails
from letters.base.outbox import composing
from letters.base.outbox.composing import compose_email_to, render_email
from letters.base.outbox.enqueueing import new_email
from letters.models import (
    OWNING,
    Collective,
    CollectiveDomain,
    EmailChoices,
    Letter,
    LetterHour,
    LetterMove,
    LetterReview,
    NotificationKind,
    OrganisationSignature,
    OutgoingEmail,
    Release,
    Report,
    Scope,
    Signature,
    Suspension,
    TakeDown,
    Transition,
    Translation,
    Update,
    User,
    Webhook,
)
from letters.moderator.moderation.mail import role_email
from letters.moderator.moderation.operations import ask_signers, reject_signatures
from letters.moderator.organisations.operations import (
    SubmittedOrganisation,
    confirm_organisation,
    sign_for_organisation,
)
from letters.moderator.reports import operations as report_operations
from letters.moderator.reports.operations import ask_person_named
from letters.organizer.collectives.mail import suspension_emails
from letters.organizer.collectives.operations import create_collective, invite_member
from letters.organizer.featured.operations import feature_signer
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.first_signatories.signatory_import import Person
from letters.organizer.letter_editor.operations import publish_letter, set_up_letter
from letters.organizer.notifications.operations import announce
from letters.organizer.notifications.tasks import notify
from letters.organizer.personal_tokens import operations as token_operations
from letters.organizer.updates.mail import trial_mail
from letters.organizer.updates.operations import UpdateText, send_update, spread_update, write_update
from letters.organizer.webhooks.operations import add_webhook
from letters.shared.addresses import read_address
from letters.shared.message_ids import mail_host
from letters.signer.carry_over.operations import ask_to_carry_over
from letters.signer.carry_over.tasks import owe_questions
from letters.signer.signing.operations import confirm_signature, remind_unconfirmed, request_mail, send_proof_code
from letters.tasks import EMAIL_BUILDERS
from tests.carry_over.conftest import NOTE, change_text
from tests.conftest import LetterMaker
from tests.interface_languages import ALL
from tests.people import EN, IT, NOW, ask_again, message_of, publish, sign, sign_and_confirm

TEMPLATES = settings.BASE_DIR / "letters" / "templates"
# Words of the letter, its publishers, its signers and updates, and the letter's address.
TELLING = re.compile(
    r"\b(night|trains?|sleepers?|lasciate|treni|notturni|friends|ada|lovelace|countess|olga|minister\w*|five lines)\b",
    re.IGNORECASE,
)
OPENING = 150
# Words that a test letter and its people really have: otherwise the pattern above could never match.
KNOWN = [EN.title, IT.title, "Friends of the Night Train", "Ada Lovelace", "Olga", NOTE, "night-trains"]
TAG, HEAD = re.compile(r"<[^>]*>"), re.compile(r"<head>.*?</head>", re.DOTALL)
# What collectives write: updates (a test and a copy, too), invitations, and questions about a changed text.
OF_THE_COLLECTIVE = {
    "An update about a letter that you signed",
    "Test: an update about a letter that you signed",
    "Copy of an update to signers",
    "Will you be among the first to sign an open letter?",
    "Reminder: will you be among the first to sign an open letter?",
    "A letter that you signed has changed. Will you sign the new text?",
}
UNSEEN = re.compile(r'<div class="preheader".*?</div>', re.DOTALL)


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
    """Return every email that the site sends about letters and collectives, to a person who signs in that language."""

    def write(language: str) -> list[EmailMultiAlternatives]:
        closes_at = timezone.now() + timedelta(days=30)
        before, sealed = draft("sleepers"), draft("together")
        for each in (letter, before, sealed):
            Letter.objects.filter(pk=each.pk).update(language=language, closes_at=closes_at)
            each.refresh_from_db()
        _translate_texts(language)
        _of_signing(letter, language)
        _of_organizers(letter, before, collective, organizer, language)
        _of_sealed(sealed, organizer, language)
        _translate_texts(language)
        owed = OutgoingEmail.objects.owed().order_by("pk")
        emails = [(outgoing.kind, message_of(outgoing)) for outgoing in owed]
        emails += [
            ("update", trial_mail(Update(**{**Update.objects.values()[0], "language": language}), "o@example.org"))
        ]
        assert {kind for kind, _ in emails} == set(OutgoingEmail.Kind) == set(EMAIL_BUILDERS)
        emails += [("", message) for message in _to_members(letter, monkeypatch)]
        return [message for _, message in emails]

    return write


def _translate_texts(language: str) -> None:
    """Give each text in Italian, published or not, another language too."""
    texts = Translation.objects.filter(language="it")
    for text in texts.exclude(revision__translations__language=language):
        text.pk, text.language = None, language
        text.save(force_insert=True)


def _to_members(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> list[EmailMultiAlternatives]:
    """Return the emails to people who work on a letter."""
    sent: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(members, "mail_to_account", sent.append)
    tell_members(letter, "letter_withdrawn", roles=OWNING, until=NOW)
    takedown = {"named": "Article 1", "facts": "It names a person.", "found_by": "report", "taken_down_at": NOW}
    about = {"takedown": TakeDown(ground="law", **takedown), "statement_url": "https://example.org/"}
    for template in ("letter_taken_down", "letter_takedown_decided"):
        tell_members(letter, template, roles=OWNING, **about)
    monkeypatch.setattr(report_operations, "mail_to_account", sent.append)
    for outcome in (Report.Outcome.ACTED, Report.Outcome.NOTHING):
        report_operations._tell(letter, "rita@example.org", letter.language, outcome)
    for is_shown in (True, False):
        about = {"is_shown": is_shown, "letter_url": "https://example.org/letters/night-trains/signatures/"}
        sent.append(
            compose_email_to(render_email("name_report_decided", about, language=letter.language), to="r@x.org")
        )
    owner = letter.collective.memberships.get(role="owner").user
    asked: dict[str, Any] = {"name": "Office", "scopes": Scope.values, "by": owner}
    monkeypatch.setattr(token_operations, "mail_to_account", sent.append)
    token_operations.create_token(letter.collective, **asked, now=timezone.now())
    return [*sent, *_of_suspensions(letter), *_of_domains(letter), *_of_roles(letter)]


def _of_roles(letter: Letter) -> Iterator[EmailMultiAlternatives]:
    owner = letter.collective.memberships.get(role="owner").user
    for is_granted in (True, False):
        yield role_email(owner, is_granted=is_granted)


def _of_domains(letter: Letter) -> Iterator[EmailMultiAlternatives]:
    asked = {"mailbox": "admin", "asked_at": NOW, "emails_since": NOW, "salt": b"salt"}
    claimed = CollectiveDomain.objects.create(collective=letter.collective, domain="trains.example", **asked)
    yield code_email(claimed)
    for what in ("verified", "removed", "removed_by_site", "ends_soon", "ended"):
        yield from owner_emails(claimed, what, until=NOW, reason="Not theirs." if what == "removed_by_site" else "")


def _of_suspensions(letter: Letter) -> Iterator[EmailMultiAlternatives]:
    owner = letter.collective.memberships.get(role="owner").user
    about: dict[str, Any] = {"reason": "It advertises a shop.", "began_at": NOW, "began_by": owner}
    for of in ({"collective": letter.collective}, {"account": owner}):
        suspension = Suspension.objects.create(**of, **about)
        for is_end in (False, True):
            yield from suspension_emails(suspension, is_end=is_end)


def _of_signing(letter: Letter, language: str) -> None:
    """Yield each signature with its emails, pending and confirmed."""
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
    removed = sign(letter, "ada.removed@example.org", now=now - timedelta(days=3))
    confirm_signature(removed, verified="link", now=now)
    sign(letter, "ada.removed@example.org", now=now - timedelta(days=2), **who)
    remind_unconfirmed(now=now)
    for email in ("ada.thanks@example.org", "ada.again@example.org", "ada.link@example.org"):
        confirm_signature(sign(letter, email, now=now - timedelta(days=1), **who), verified="link", now=now)
    sign(letter, "ada.again@example.org", now=now, **who)
    ask_again(Signature.objects.latest("pk"), "ada.link@example.org", now=now)
    # Confirmed signers get no email to confirm.
    OutgoingEmail.objects.filter(kind="confirm").exclude(signature__state="pending").delete()
    # Nor does a person whose signature a moderator has removed since get a thank-you email.
    OutgoingEmail.objects.filter(kind="thanks", signature=removed).delete()
    Signature.objects.filter(pk=removed.pk).move(Transition.REJECT)
    _of_moderators(letter, language, now)
    publish(now)
    _of_people_named(letter, language, now)
    _of_featured(letter, now)
    _of_people_for_organisations(letter, language, now)
    Signature.objects.update(language=language)
    assert pending.pk


def _of_sealed(letter: Letter, organizer: User, language: str) -> None:
    """Create the emails to someone whose name appears with those of others, or not at all."""
    now = timezone.now()
    values = {"names_from": 20, "notice_hours": 72, "closes_at": now + timedelta(days=30)}
    set_up_letter(letter, values=values, by=organizer, now=now)
    publish_letter(letter, by=organizer, now=now)
    Release.objects.update(due_at=now + timedelta(days=3), announced=1)
    signature = sign_and_confirm(letter, "ada.sealed@example.org", now=now)
    Signature.objects.filter(pk=signature.pk).update(language=language)
    OutgoingEmail.objects.filter(signature=signature, kind="confirm").delete()
    for kind in (OutgoingEmail.Kind.RELEASE, OutgoingEmail.Kind.UNREACHED):
        new_email(kind, signature.pk, 1, now=now, signature=signature).save()


def _of_featured(letter: Letter, now: datetime) -> None:
    """Create the email that asks whether a name may be featured. The name is public, and the provider private."""
    asked = sign(letter, "ada.featured@posteo.de", now=now - timedelta(days=1))
    confirm_signature(asked, verified="link", now=now)
    OutgoingEmail.objects.filter(signature=asked).delete()
    publish(now)
    asked.refresh_from_db()
    assert asked.number
    feature_signer(letter, number=asked.number, by=letter.collective.memberships.get(role="owner").user, now=now)


def _of_people_named(letter: Letter, language: str, now: datetime) -> None:
    """Create the emails to two addresses about the name in one signature: one has signed it, the other has not."""
    named = Signature.objects.filter(letter=letter, number__isnull=False, name__gt="").earliest("number")
    for email in ("ada.signed@example.org", "ada.namesake@example.org"):
        address = read_address(email)
        assert address
        ask_person_named(named, address=address, language=language, now=now)


def _of_people_for_organisations(letter: Letter, language: str, now: datetime) -> None:
    """Create the emails to two addresses that sign for organisations: one is new, the other has confirmed before."""
    Letter.objects.filter(pk=letter.pk).update(organisations_sign=True)
    letter.refresh_from_db()
    again = ("ada.desk@trains.example.org", "ada.desk@trains.example.org", "ada.new@example.org", "ada.desk@gmail.com")
    for number, email in enumerate(again):
        address = read_address(email)
        assert address
        submitted = SubmittedOrganisation(
            name=f"Night Train Union {number}",
            website="https://trains.example.org/",
            domain="example.org" if number < 2 else f"example{number}.org",
            person="Ada Lovelace",
            role="Countess",
            address=address,
            address_domain="gmail.com" if "gmail" in email else "example.org",
        )
        seen = str(letter.revisions.published().latest("number").number)
        sign_for_organisation(letter, submitted=submitted, language=language, seen=seen, now=now)
        if number in {0, 3}:
            row = OrganisationSignature.objects.latest("pk")
            confirm_organisation(row, now=now)
            OutgoingEmail.objects.filter(kind="organisation", key__endswith=f":{row.pk}").delete()


def _of_moderators(letter: Letter, language: str, now: datetime) -> None:
    # The provider is private, and the name public: to others we do not write.
    rejected = sign(letter, "ada.rejected@posteo.de", now=now - timedelta(days=1))
    confirm_signature(rejected, verified="link", now=now)
    OutgoingEmail.objects.filter(signature=rejected).delete()
    owner = letter.collective.memberships.get(role="owner").user
    reject_signatures(letter, [rejected.pk], reason="A joke", by=owner, now=now)
    asked = sign(letter, "ada.employed@example.org", now=now - timedelta(days=1))
    confirm_signature(asked, verified="link", now=now)
    OutgoingEmail.objects.filter(signature=asked).delete()
    Signature.objects.filter(pk=asked.pk).update(language=language)
    ask_signers(letter, [asked.pk], by=owner, now=now)
    OutgoingEmail.objects.filter(signature=asked).delete()
    address = read_address("ada@work.example.org")
    assert address
    send_proof_code(asked, address=address, now=now)


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
    _of_events(letter, before, organizer, language, now)


def _of_events(letter: Letter, before: Letter, organizer: User, language: str, now: datetime) -> None:
    """Return the emails that tell organizers and staff about events."""
    EmailChoices.objects.create(account=organizer, language=language)
    EmailChoices.objects.create(account=User.objects.create_superuser("sara@example.org"), language=language)
    Letter.objects.filter(pk=before.pk).update(publish_refused="not_cleared")
    Collective.objects.update(asked_to_invite_at=now)
    # At noon of the day before, which is the same day in the letter's zone. The email is about days that are over.
    noon = (now - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    LetterHour.objects.create(letter=letter, hour=noon, published=3)
    about: dict[str, Any] = {"collective": letter.collective, "now": now}
    announce(NotificationKind.DAILY, **about, begins_at=now - timedelta(days=1), ends_at=now)
    announce(NotificationKind.PUBLISHED, **about, letter=letter)
    announce(NotificationKind.NOT_PUBLISHED, **about, letter=before)
    announce(NotificationKind.CLEARED, **about)
    announce(NotificationKind.COLLECTIVES_WAIT, now=now, ends_at=now)
    _of_reviews(letter, before, organizer, now)
    Letter.objects.filter(pk=letter.pk).update(is_shielded=True)
    announce(NotificationKind.SHIELD, **about, letter=letter)
    add_webhook(letter.collective, url="https://example.org/", by=organizer, now=now)
    Webhook.objects.update(off="failing")
    announce(NotificationKind.WEBHOOK_OFF, **about)
    Letter.objects.filter(pk=letter.pk).update(deletion_on=now.date())
    announce(NotificationKind.DELETION, **about, letter=letter)
    User.objects.filter(email="sara@example.org").update(moderates_site=True)
    Report.objects.create(letter=letter, reason="illegal", reported_at=now)
    announce(NotificationKind.REPORTS_WAIT, now=now, ends_at=now)
    _of_moves(letter, before, organizer, now)
    notify(now=now)


def _of_reviews(letter: Letter, before: Letter, organizer: User, now: datetime) -> None:
    """Return the emails about texts that waited for a site moderator."""
    reason = {"outcome": "sent_back", "reason": "Name no private person."}
    for each, outcome in ((letter, {"outcome": "fine"}), (before, reason)):
        LetterReview.objects.filter(letter=each).delete()
        LetterReview.objects.create(
            letter=each,
            revision=each.revisions.latest("number"),
            kind="substance",
            is_before=True,
            fingerprint=b"",
            asked_at=now,
            decided_at=now,
            decided_by=organizer,
            told_at=now,
            **outcome,
        )
        announce(NotificationKind.LETTER_REVIEWED, each.pk, collective=letter.collective, letter=each, now=now)


def _of_moves(letter: Letter, before: Letter, organizer: User, now: datetime) -> None:
    source, target = letter.collective, create_collective(name="Sleepers", slug="sleepers", by=organizer, now=now)
    until, names = now + timedelta(days=14), {"source_name": source.name, "target_name": target.name}
    about: dict[str, Any] = {"source": source, "offered_by": organizer, "offered_at": now, "opens_at": now}
    about |= {"expires_at": until, "typed": "sleepers", "target": target}
    offer = LetterMove.objects.create(letter=letter, **about)
    done = LetterMove.objects.create(letter=before, **about, **names, outcome="accepted", ended_at=now)
    declined = LetterMove.objects.create(letter=before, **about, outcome="declined", ended_at=now)
    for each in (source, target):
        announce(NotificationKind.LETTER_OFFERED, each.pk, collective=each, move=offer, now=now)
        announce(NotificationKind.OFFER_ANSWERED, each.pk, collective=each, move=done, now=now)
    announce(NotificationKind.OFFER_ANSWERED, "declined", collective=source, move=declined, now=now)


def on_replies(language: str) -> str:
    with translation.override(language):
        return gettext("Nobody reads replies to this email. Replying confirms nothing.")


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def seen(html: str) -> str:
    """Return what a mail program shows beside the subject."""
    return " ".join(unescape(TAG.sub(" ", HEAD.sub("", html))).split())


def preheader_of(html: str) -> str:
    """Return what a mailbox shows first, without the invisible filler."""
    return unescape(UNSEEN.findall(html)[0]).partition(">")[2].partition("\u034f")[0]


def opening_of(text: str) -> str:
    return " ".join(text.split())[:OPENING]


def raw_of(message: EmailMessage) -> Message:
    return message_from_bytes(message.message().as_bytes(), _class=Message, policy=modern)


def test_every_email_is_marked_as_automatic(written: Callable[[str], list[EmailMultiAlternatives]]) -> None:
    """The broker, which emails to organizers pass through, loses no part of an email."""
    for message in written("en"):
        assert raw_of(message)["Auto-Submitted"] == "auto-generated"
        arrived = unpack(pack(message))
        assert isinstance(arrived, EmailMultiAlternatives)
        assert arrived.extra_headers == message.extra_headers
        assert [str(arrived.body), html_of(arrived)] == [str(message.body), html_of(message)]


@pytest.mark.parametrize("words", KNOWN)
def test_a_telling_email_is_found(words: str) -> None:
    assert TELLING.search(words)


@pytest.mark.parametrize("language", ALL)
def test_no_email_names_its_letter_in_its_preview(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str, used: set[str]
) -> None:
    for message in written(language):
        html = html_of(message)
        shown = [str(message.subject), opening_of(str(message.body)), opening_of(seen(html))]
        # A program that leaves out hidden text begins with the rest.
        shown += [opening_of(seen(UNSEEN.sub("", html))), *re.findall(r"<title>(.*?)</title>", html)]
        assert len(shown) == 5
        assert [found for text in shown for found in TELLING.findall(text)] == [], shown
    subjects = {f"letters/mail/{path.name}" for path in (TEMPLATES / "letters/mail").glob("*.subject.txt")}
    assert subjects <= used
    assert {name.replace(".subject.", ".preheader.") for name in subjects} <= used


def test_emails_with_one_subject_have_one_preheader_apart_from_the_code(
    written: Callable[[str], list[EmailMultiAlternatives]],
) -> None:
    """A lock screen, or a program that shows the plain part, does not reveal who has signed."""
    found: dict[tuple[str, bool], set[tuple[str, str]]] = {}
    for message in written("en"):
        shown = re.sub(r"\d{6}", "CODE", preheader_of(html_of(message)))
        text = re.sub(r"\d{3} \d{3}", "CODE", str(message.body)).partition("This email comes from")[0]
        if "CODE" in text:
            # Everyone enters it on the same page. The email says what the button there does.
            text = text.partition("It works")[0]
        found.setdefault((str(message.subject), "CODE" in shown), set()).add((shown, text))
    assert [shown for shown in found.values() if len(shown) != 1] == []
    with_code = {subject for subject, has_code in found if has_code}
    assert with_code == {"Confirm your signature", "The email that you asked for"}
    ((shown, _),) = found["Confirm your signature", True]
    assert shown == "Your code is CODE. It works for one hour."


def test_no_header_names_the_letter(written: Callable[[str], list[EmailMultiAlternatives]]) -> None:
    """Except the collective's name in From, in emails that it writes to people whose connection with it is known."""
    for message in written("en"):
        headers = {name: value for name, value in raw_of(message).items() if name != "To"}
        if message.subject in OF_THE_COLLECTIVE:
            name, address = parseaddr(headers.pop("From"))
            assert address == parseaddr(settings.BULK_FROM_EMAIL)[1]
            assert name == "Friends of the Night Train via Undersigned"
        else:
            assert headers["From"] == settings.DEFAULT_FROM_EMAIL
        assert [found for value in headers.values() for found in TELLING.findall(str(value))] == []


def test_updates_of_all_letters_share_one_list_id(
    written: Callable[[str], list[EmailMultiAlternatives]],
) -> None:
    found = {raw_of(message)["List-Id"] for message in written("en")}
    assert found == {None, f"<news.{mail_host()}>"}


@pytest.mark.parametrize("language", ALL)
def test_every_email_says_that_a_reply_confirms_nothing(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str
) -> None:
    for message in written(language):
        spoken = re.findall(r'<html lang="(\w+)"', html_of(message))[0]
        assert on_replies(spoken) in str(message.body)
        assert on_replies(spoken) in seen(UNSEEN.sub("", html_of(message)))


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
    # Ours have another layout than the first; the second includes one of ours; the third brings a link, and this site
    # sends codes.
    unused = {"base_message.txt", "email_confirmation_signup_message.txt", "password_reset_key_message.txt"}
    assert missing - {path.name for path in ours} <= unused


ACCOUNT_EMAILS = sorted(
    f"{app}/email/{path.name.removesuffix('_message.txt')}"
    for app in ("account", "mfa", "socialaccount")
    for path in (TEMPLATES / app / "email").glob("*_message.txt")
)
OF_CODES = {"login_code", "email_confirmation", "password_reset_code"}
WITHOUT_A_CHANGE = OF_CODES | {"account_already_exists", "unknown_account"}


def account_email(prefix: str, organizer: User) -> EmailMultiAlternatives:
    """Render it as allauth does."""
    name = prefix.rpartition("/")[2]
    context = {
        "user": organizer,
        "email": "ada@example.org",
        "name": "Ada",
        "provider": {"name": "ORCID"},
        "from_email": "olga@example.org",
        "to_email": "ada@example.org",
        **({"code": "123456"} if name in OF_CODES else {}),
        **({} if name in WITHOUT_A_CHANGE else {"timestamp": NOW, "ip": "192.0.2.0", "user_agent": ""}),
    }
    message = AccountAdapter().render_mail(prefix, "ada@example.org", context)
    assert isinstance(message, EmailMultiAlternatives)
    return message


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("prefix", ACCOUNT_EMAILS)
def test_no_email_about_an_account_names_anyone_in_its_preview(prefix: str, language: str, organizer: User) -> None:
    with translation.override(language):
        message = account_email(prefix, organizer)
    html, text = html_of(message), str(message.body)
    shown = [str(message.subject), preheader_of(html), opening_of(text)]
    assert [found for part in shown for found in TELLING.findall(part)] == [], shown
    assert on_replies(language) in text
    assert on_replies(language) in seen(html)
    assert message.from_email == settings.DEFAULT_FROM_EMAIL


@pytest.mark.parametrize("prefix", ACCOUNT_EMAILS)
def test_an_email_about_an_account_has_the_design_of_all_others(prefix: str, organizer: User) -> None:
    message = account_email(prefix, organizer)
    html, text = html_of(message), str(message.body)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert f'href="{settings.SITE_URL}/privacy/"' in html
    assert f"Privacy: {settings.SITE_URL}/privacy/" in text
    has_code = prefix.rpartition("/")[2] in OF_CODES
    assert (
        has_code == ("    123 456\n" in text) == ("Your code is 123456. It works for 15 minutes" in preheader_of(html))
    )
