"""The email that contains an update: what it says, why the person gets it, and how to unsubscribe."""

import re
from email import message_from_bytes
from email.message import EmailMessage as Message
from email.policy import default as modern

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from letters.models import Collective, Letter, OutgoingEmail, Signature, Update, User
from letters.organizer.updates.operations import spread_update
from tests.people import NOW, deliver, message_of
from tests.updates.conftest import NEWS, WORDS, UpdateMaker, agree, html_of

pytestmark = pytest.mark.django_db


def built(letter: Letter, sending: UpdateMaker, **values: object) -> EmailMultiAlternatives:
    """Return the email to a signer."""
    agree(letter, "ada@example.org")
    update = sending(**values)
    spread_update(update.pk, now=NOW)
    return message_of(OutgoingEmail.objects.get(kind="update"))


def raw_of(message: EmailMultiAlternatives) -> Message:
    return message_from_bytes(message.message().as_bytes(), _class=Message, policy=modern)


def test_both_parts_contain_the_text_of_the_update(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending)
    assert (message.to, message.subject) == (["ada@example.org"], "An update about a letter that you signed")
    assert (message.cc, message.bcc) == ([], [])
    assert NEWS.title in str(message.body)
    assert "On Friday we meet her.\n\nThe agenda (https://example.org/agenda)" in str(message.body)
    assert "<strong>Friday</strong>" in html_of(message)


def test_the_email_says_who_writes_and_about_which_letter(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending)
    for half in (str(message.body), html_of(message)):
        assert "Friends of the Night Train" in half
        assert "Keep the night trains running" in half
        assert f"{settings.SITE_URL}/letters/night-trains/" in half
        assert f"{settings.SITE_URL}{Update.objects.get().url()}" in half


def test_the_email_says_why_it_came_in_the_words_of_the_consent(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending)
    for half in (str(message.body), html_of(message)):
        assert f"because you ticked “{WORDS}” on March 3, 2025." in half


def test_the_email_names_neither_its_writer_nor_its_recipient(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending)
    for half in (str(message.body), html_of(message)):
        assert "Olga" not in half
        assert "olga" not in half
        assert "Ada" not in half
        assert "ada@" not in half


def test_both_parts_link_to_the_signature_and_to_unsubscribing(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending)
    links = re.findall(rf"^({settings.SITE_URL}/signatures/([a-z]+)/\S+/)$", str(message.body), re.MULTILINE)
    assert {purpose for _, purpose in links} == {"manage", "unsubscribe"}
    for link, _ in links:
        assert f'href="{link}"' in html_of(message)


def test_a_mail_program_can_unsubscribe_with_one_click(letter: Letter, sending: UpdateMaker) -> None:
    raw = raw_of(built(letter, sending))
    assert re.fullmatch(rf"<{settings.SITE_URL}/signatures/unsubscribe/\S+/>", raw["List-Unsubscribe"].strip())
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<news\.[a-z.]+>", raw["List-Id"])
    assert raw["Precedence"] is None


def test_every_attempt_is_the_same_email_to_a_mail_program(letter: Letter, sending: UpdateMaker) -> None:
    first = built(letter, sending)
    second = message_of(OutgoingEmail.objects.get(kind="update"))
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_title_cannot_add_a_header(letter: Letter, sending: UpdateMaker) -> None:
    update = sending()
    # Skip every check, as if someone had written to the database.
    Update.objects.update(title="One\r\nBcc: eve@example.org")
    agree(letter, "ada@example.org")
    Update.objects.update(up_to=9)
    spread_update(update.pk, now=NOW)
    message = message_of(OutgoingEmail.objects.get(kind="update"))
    raw = raw_of(message)
    assert raw["Bcc"] is None
    assert raw["Subject"] == "An update about a letter that you signed"


def test_the_email_loads_nothing_and_runs_nothing(letter: Letter, sending: UpdateMaker) -> None:
    body = "![x](https://evil.example/pixel.gif) <script>alert(1)</script> <img src=x onerror=alert(1)>"
    html = html_of(built(letter, sending, body=body))
    assert not re.search(r"<(img|script|link|iframe|video|form)\b|url\(|@import", html)


def test_pictures_and_links_have_complete_urls_and_fit_into_the_email(letter: Letter, sending: UpdateMaker) -> None:
    address = f"/media/{'a' * 32}-1600x900.webp"
    body = f"![A train]({address})\n\n[The letter](/letters/night-trains/)"
    message = built(letter, sending, body=body)
    (picture,) = re.findall("<img [^>]*>", html_of(message))
    assert f'src="{settings.SITE_URL}/media/{"a" * 32}-' in picture
    assert 'style="max-width:100%;height:auto"' in picture
    assert int(re.findall(r'width="(\d+)"', picture)[0]) <= 520
    assert "srcset" not in picture
    assert f'href="{settings.SITE_URL}/letters/night-trains/"' in html_of(message)
    assert f"Picture: A train ({settings.SITE_URL}{address})" in str(message.body)
    assert f"The letter ({settings.SITE_URL}/letters/night-trains/)" in str(message.body)


def test_a_picture_has_the_same_url_in_everyones_email(letter: Letter, sending: UpdateMaker) -> None:
    """Loading a picture does not reveal whose email it was in."""
    for name in ("ada", "eve"):
        agree(letter, f"{name}@example.org")
    update = sending(body=f"![A train](/media/{'a' * 32}-600x400.webp)")
    spread_update(update.pk, now=NOW)
    deliver()
    sent = [message for message in mail.outbox if "List-Id" in message.extra_headers]
    pictures = [
        re.findall("<img [^>]*>", html_of(message)) for message in sent if isinstance(message, EmailMultiAlternatives)
    ]
    assert len(pictures) == 2
    assert pictures[0] == pictures[1] != []


def test_the_day_of_the_consent_is_in_the_collectives_time_zone(letter: Letter, sending: UpdateMaker) -> None:
    Collective.objects.update(timezone="Pacific/Kiritimati")
    Letter.objects.update(timezone="Pacific/Kiritimati")
    message = built(letter, sending)
    for half in (str(message.body), html_of(message)):
        assert f"because you ticked “{WORDS}” on March 4, 2025." in half


def test_the_words_around_the_text_are_in_the_language_of_the_signature(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    Signature.objects.update(language="it")
    spread_update(sending().pk, now=NOW)
    message = message_of(OutgoingEmail.objects.get(kind="update"))
    assert '<html lang="it" dir="ltr">' in html_of(message)
    assert '<div lang="en" dir="ltr">' in html_of(message)


def test_a_right_to_left_text_runs_from_right_to_left(letter: Letter, sending: UpdateMaker) -> None:
    assert '<div lang="ar" dir="rtl">' in html_of(built(letter, sending, body="خبر", language="ar"))


def test_an_update_without_a_public_page_links_to_none(letter: Letter, sending: UpdateMaker) -> None:
    message = built(letter, sending, is_public=False)
    assert "/updates/" not in str(message.body) + html_of(message)


def test_names_are_escaped_in_html(letter: Letter, organizer: User, sending: UpdateMaker) -> None:
    Collective.objects.update(name="Trains & <b>buses</b>")
    message = built(letter, sending, title="A & <b>")
    assert "Trains & <b>buses</b>" in str(message.body)
    assert "Trains &amp; &lt;b&gt;buses&lt;/b&gt;" in html_of(message)
    assert "A &amp; &lt;b&gt;" in html_of(message)


def test_two_signers_can_do_nothing_with_each_others_emails(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    agree(letter, "eve@example.org")
    spread_update(sending().pk, now=NOW)
    deliver()
    sent = [message for message in mail.outbox if "List-Id" in message.extra_headers]
    assert len({message.extra_headers["List-Unsubscribe"] for message in sent}) == 2
    assert len({message.extra_headers["Message-ID"] for message in sent}) == 2
