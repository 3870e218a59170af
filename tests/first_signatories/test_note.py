"""The note and the name that organizers add to an invitation, and the check of their list."""

from email.message import Message

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from letters.models import InvitationBatch, Letter, OutgoingEmail, Signature
from tests.first_signatories.conftest import Inviter
from tests.first_signatories.test_list import press
from tests.people import Response, deliver, signature_of, words

PAGE = "/organize/letters/night-trains/first-signers/"
LIST = f"{PAGE}list/"


def check(browser: Client, text: str, **fields: str | list[str]) -> Response:
    browser.post(PAGE, {"pasted": text})
    return browser.post(LIST, {"column_0": "name", "column_1": "address", **fields}, follow=True)


def bodies(message: object) -> list[str]:
    assert isinstance(message, EmailMultiAlternatives)
    return [str(message.body), str(message.alternatives[0][0])]


# The note


def test_the_invitation_gives_the_name_and_the_note(before: Letter, browser: Client) -> None:
    note = "Dear friend,\r\nyour word counts.\r\n\r\n\r\n\r\nMaria"
    check(browser, "Ada <ada@example.org>", sender="Maria Rossi", note=note, action="invite")
    deliver()
    text, html = bodies(mail.outbox[0])
    assert "Maria Rossi, of Friends of the Night Train, invites you to be among the first" in text
    assert "A note from Maria Rossi:\n\n> Dear friend,\n> your word counts.\n> \n> Maria\n" in text
    assert "Dear friend,<br>your word counts.<br><br>Maria</p>" in html
    for body in (text, html):
        assert "The organizers typed their name and note. We have not checked them." in body


def test_the_note_is_stored_encrypted(before: Letter, browser: Client) -> None:
    check(browser, "Ada <ada@example.org>", sender="Maria Rossi", note="Hello", action="invite")
    batch = InvitationBatch.objects.get()
    assert b"Maria" not in bytes(batch.encrypted)
    assert batch.words == ("Maria Rossi", "Hello")


def test_an_email_that_is_sent_again_says_what_the_first_one_said(before: Letter, browser: Client) -> None:
    check(browser, "Ada <ada@example.org>", sender="Maria Rossi", note="The first note", action="invite")
    check(browser, "Bob <bob@example.org>", sender="Carla", note="The second note", action="invite")
    press(browser, "resend", "Ada")
    deliver()
    again = [str(message.body) for message in mail.outbox if message.to == ["ada@example.org"]]
    assert len(again) == 2
    assert all("The first note" in text and "Maria Rossi" in text and "Carla" not in text for text in again)
    assert "Maria Rossi, of Friends of the Night Train, has invited you" in again[1]


def test_the_words_of_the_last_list_are_proposed_for_the_next(before: Letter, browser: Client) -> None:
    check(browser, "Ada <ada@example.org>", sender="Maria Rossi", note="Hello", action="invite")
    browser.post(PAGE, {"pasted": "Bob <bob@example.org>"})
    page = browser.get(LIST).content.decode()
    assert 'value="Maria Rossi"' in page
    assert ">\nHello</textarea>" in page


def test_nothing_in_the_note_is_a_link_or_markup(before: Letter, browser: Client) -> None:
    note = "See https://evil.example/x or evil.example <b>now</b> & write to me@evil.example"
    check(browser, "Ada <ada@example.org>", note=note, action="invite")
    deliver()
    text, html = bodies(mail.outbox[0])
    for body in (text, html):
        assert "evil.example" not in body
        assert "me@evil" not in body
    assert "<b>now" not in html
    assert "A note from Friends of the Night Train:" in text


@pytest.mark.parametrize("sender", ["Maria\r\nBcc: x", "Maria\u2028Bcc: x", "Maria\tRossi"])
def test_a_name_is_one_line_and_in_no_header(before: Letter, browser: Client, sender: str) -> None:
    check(browser, "Ada <ada@example.org>", sender=sender, action="invite")
    deliver()
    message = mail.outbox[0].message()
    assert isinstance(message, Message)
    headers = "".join(f"{name}: {value}\n" for name, value in message.items())
    assert "Bcc" not in headers
    assert "Maria" not in headers
    assert message["Subject"] == "Will you be among the first to sign an open letter?"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sender", "evil.example", "This looks like a web address or an email address"),
        ("sender", "x" * 81, "at most 80 characters"),
        ("note", "x" * 1001, "at most 1000 characters"),
        ("note", "a\u202eb", "This contains a character that we cannot show."),
    ],
)
def test_words_that_cannot_be_sent_invite_nobody(
    before: Letter, browser: Client, field: str, value: str, sentence: str
) -> None:
    page = check(browser, "Ada <ada@example.org>", action="invite", **{field: value})
    assert page.status_code == 422
    assert sentence in words(page)
    assert not Signature.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_an_email_without_a_note_is_unchanged(before: Letter, invite: Inviter) -> None:
    invite(before)
    deliver()
    text = str(mail.outbox[0].body)
    assert "Friends of the Night Train invites you" in text
    assert "note" not in text
    assert InvitationBatch.objects.get().words == ("", "")


# The check


def test_the_check_shows_every_line_with_the_problems_first(before: Letter, browser: Client) -> None:
    lines = [f"P{place:03} <p{place}@example.org>" for place in range(119)]
    page = check(browser, "\n".join([*lines, "Nobody Here"]))
    text = words(page)
    assert "1 to 50 of 120" in text
    assert text.index("Nobody Here") < text.index("P000 p0@example.org")
    assert "No email address: we will not invite this person" in text
    seen = text
    for number in ("2", "3"):
        seen += words(browser.post(LIST, {"column_0": "name", "column_1": "address", "page": number}))
    assert all(f"P{place:03} p{place}@example.org" in seen for place in range(119))


def test_a_line_that_is_left_out_is_not_invited(before: Letter, browser: Client, invite: Inviter) -> None:
    lines = [f"P{place:03} <p{place}@example.org>" for place in range(60)]
    fields = {"column_0": "name", "column_1": "address"}
    check(browser, "\n".join(lines))
    page = browser.post(LIST, {**fields, "leave_out": ["2"], "on_page": "1,2,3", "page": "2"})
    assert "59 people on the list" in words(page)
    # A line that is left out on one page stays left out on the next, until its box is cleared.
    again = {**fields, "left_out": page.context["left_out"], "on_page": page.context["on_page"]}
    page = browser.post(LIST, {**again, "leave_out": ["60"]})
    assert page.context["left_out"] == "2,60"
    assert "58 people on the list" in words(page)
    browser.post(LIST, {**fields, "left_out": "2,60", "on_page": "60", "action": "invite"})
    assert Signature.objects.count() == 59
    assert signature_of(before, "p59@example.org")
    assert not Signature.objects.filter(name="P001").exists()


@pytest.mark.parametrize("typed", ["x", "1,,2", "٣", "-1", "9" * 5000, "1," * 50_000])
def test_invalid_line_numbers_are_ignored(before: Letter, browser: Client, typed: str) -> None:
    assert check(browser, "Ada <ada@example.org>", left_out=typed, on_page=typed, leave_out=typed).status_code in {
        200,
        413,
    }
