"""An owner withdraws a letter after confirming it, and can undo the withdrawal for a day."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from celery import current_app
from django.core.mail import EmailMessage
from django.utils import timezone
from kombu.exceptions import OperationalError

from letters.base.accounts.mail import unpack
from letters.models import AuditEvent, EmailChoices, Letter, Membership, User
from letters.organizer.letter_editor.operations import close_letter, restore_letter, withdraw_letter
from letters.shared.links import addresses_in
from letters.shared.refused import Refused
from letters.shared.text import linked
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, browser_of, publish, sign_and_confirm, words

DAY = timedelta(days=1)
PAGE = "/organize/letters/night-trains/"


@pytest.fixture(autouse=True)
def post(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """Return the emails about the letter that were handed to the worker."""
    taken: list[EmailMessage] = []
    send = current_app.send_task

    def take(name: str, args: list[str] | None = None, **options: Any) -> object:
        if name != "letters.account_mail":
            return send(name, args, **options)
        taken.append(unpack((args or [""])[0]))
        return Mock()

    monkeypatch.setattr(current_app, "send_task", take)
    return taken


def test_only_owners_can_withdraw_a_letter(
    letter: Letter, teammate: User, moderator: User, stranger: User, organizer: User
) -> None:
    for person in (teammate, moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            withdraw_letter(letter, reason="No.", by=person, now=NOW)
        assert browser_of(person).post(f"{PAGE}withdraw/", {"reason": "No."}).status_code == 404
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    for person in (teammate, moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            restore_letter(letter, by=person, now=NOW)
        assert browser_of(person).post(f"{PAGE}restore/").status_code == 404
    assert Letter.objects.get().status == "withdrawn"


def test_only_owners_see_how_to_withdraw(letter: Letter, teammate: User, organizer: User) -> None:
    assert "Withdraw this letter" in words(browser_of(organizer).get(PAGE))
    assert "Withdraw this letter" not in words(browser_of(teammate).get(PAGE))


@pytest.mark.parametrize("typed", ["", "yes", "night-train"])
def test_the_owner_types_the_name_of_the_letter(letter: Letter, organizer: User, typed: str) -> None:
    browser = browser_of(organizer)
    page = browser.post(f"{PAGE}withdraw/", {"reason": "It says too little.", "confirmation": typed})
    assert page.status_code == 422
    assert "Type “night-trains” to confirm." in words(page)
    assert Letter.objects.get().status == "published"
    browser.post(f"{PAGE}withdraw/", {"reason": "It says too little.", "confirmation": " Night-Trains "})
    assert Letter.objects.get().status == "withdrawn"


@pytest.mark.parametrize("status", ["published", "closed"])
def test_undoing_it_restores_status_and_count(
    published: LetterMaker, organizer: User, reader: Reader, status: str
) -> None:
    letter = published(goal=10)
    add_published(letter, 3)
    sign_and_confirm(letter, "ada@example.org")
    publish(NOW)
    if status == "closed":
        close_letter(letter, by=organizer, now=NOW)
    kept = ["status", "signature_count", "last_number", "withdrawn_count", "closed_at", "withdrawn_because"]
    before = Letter.objects.values(*kept).get()
    page, count = reader.read(letter), reader.count(letter)
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    publish(NOW)
    assert "The people who published this letter have withdrawn it." in reader.read(letter)
    assert reader.count(letter)["published"] == 4
    restore_letter(letter, by=organizer, now=NOW + DAY - timedelta(seconds=1))
    assert Letter.objects.values(*kept).get() == before
    publish(NOW)
    assert {**reader.count(letter), "version": 0} == {**count, "version": 0}
    assert ("Sign this letter" in reader.read(letter)) == ("Sign this letter" in page)


def test_a_withdrawal_is_final_after_a_day(letter: Letter, organizer: User) -> None:
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="final"):
        restore_letter(letter, by=organizer, now=NOW + DAY)
    browser = browser_of(organizer)
    assert "The withdrawal is final." in words(browser.get(PAGE))
    assert "More than a day has passed, so you can no longer undo the withdrawal." in words(
        browser.post(f"{PAGE}restore/", follow=True)
    )
    assert Letter.objects.get().status == "withdrawn"


def test_within_a_day_the_page_offers_to_undo_it(letter: Letter, organizer: User, teammate: User) -> None:
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=timezone.now())
    assert "Undo the withdrawal" in words(browser_of(organizer).get(PAGE))
    assert b"restore/" not in browser_of(teammate).get(PAGE).content
    page = browser_of(organizer).post(f"{PAGE}restore/", follow=True)
    assert "The withdrawal is undone. The letter is back as it was." in words(page)
    assert AuditEvent.objects.filter(verb="restore_letter").count() == 1


def test_a_letter_withdrawn_before_undoing_existed_stays_withdrawn(letter: Letter, organizer: User) -> None:
    Letter.objects.update(status="withdrawn", withdrawn_because="Old.")
    with pytest.raises(Refused, match="final"):
        restore_letter(letter, by=organizer, now=NOW)


def test_every_owner_gets_an_email_with_a_neutral_subject(
    letter: Letter, organizer: User, teammate: User, moderator: User, post: list[EmailMessage]
) -> None:
    Membership.objects.filter(user=moderator).update(role="owner")
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    withdraw_letter(letter, reason="Once more.", by=organizer, now=NOW)
    assert [message.to for message in post] == [["olga@example.org"], ["mona@example.org"]]
    assert {message.subject for message in post} == {"A letter from your collective was withdrawn"}
    assert "Keep the night trains running" in str(post[0].body)
    assert PAGE in str(post[0].body)


def test_owners_read_the_email_in_the_language_of_the_letter(
    letter: Letter, organizer: User, post: list[EmailMessage]
) -> None:
    Letter.objects.update(language="it")
    withdraw_letter(Letter.objects.get(), reason="Dice troppo poco.", by=organizer, now=NOW)
    assert post[0].subject == "Una lettera del tuo collettivo è stata ritirata"
    assert "Una persona titolare del collettivo ha ritirato" in str(post[0].body)


def test_owners_read_the_email_in_the_language_that_they_chose(
    letter: Letter, organizer: User, moderator: User, post: list[EmailMessage]
) -> None:
    Membership.objects.filter(user=moderator).update(role="owner")
    EmailChoices.objects.create(account=moderator, language="it")
    withdraw_letter(letter, reason="It says too little.", by=organizer, now=NOW)
    assert {message.to[0]: message.subject for message in post} == {
        "olga@example.org": "A letter from your collective was withdrawn",
        "mona@example.org": "Una lettera del tuo collettivo è stata ritirata",
    }


def test_nothing_is_withdrawn_if_no_owner_can_be_told(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_app, "send_task", Mock(side_effect=OperationalError))
    fields = {"reason": "It says too little.", "confirmation": "night-trains"}
    page = browser_of(organizer).post(f"{PAGE}withdraw/", fields)
    assert page.status_code == 422
    assert "Nothing was changed, because we could not email the owners about it." in words(page)
    assert Letter.objects.get().status == "published"


# The page


def test_addresses_in_the_reason_are_links_and_nothing_else_is(letter: Letter, organizer: User, reader: Reader) -> None:
    reason = "See https://example.org/a?b=1&c=2. <script>x</script> javascript:alert(1)"
    withdraw_letter(letter, reason=reason, by=organizer, now=NOW)
    page = reader.read(letter)
    url = "https://example.org/a?b=1&amp;c=2"
    assert f'<a href="{url}" rel="nofollow noopener noreferrer">{url}</a>. &lt;script&gt;' in page
    assert page.count("javascript:alert") == 1


@pytest.mark.parametrize(
    "text", ["https://", 'http://"onmouseover=x', "x" * 500, "https://a.b/'><b>", "(https://a.b/c)"]
)
def test_no_text_becomes_anything_but_a_link(text: str) -> None:
    shown = linked(text)
    assert "<b>" not in shown
    assert shown.count('"') % 2 == 0


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("See https://example.org/wiki/Train_(night).", "https://example.org/wiki/Train_(night)"),
        ("(https://example.org/a).", "https://example.org/a"),
        ("参见https://example.org/b。谢谢", "https://example.org/b"),
        ("ahttps://example.org/b", ""),
    ],
)
def test_the_reason_has_the_links_that_a_letter_would_have(text: str, url: str) -> None:
    found = [each.target for each in addresses_in(text)]
    assert found == ([url] if url else [])
    assert linked(text).count("<a ") == len(found)
    assert f'href="{url}"' in linked(text) or not url


def test_only_addresses_with_a_scheme_are_links_in_a_reason() -> None:
    assert (
        linked("ada@example.org, www.example.org, example.org/a") == "ada@example.org, www.example.org, example.org/a"
    )
