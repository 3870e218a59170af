"""An update in several languages: each signer gets theirs, and readers find each at its address."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from letters.models import AuditEvent, Letter, Update, UpdateTranslation, User
from letters.organizer.updates.operations import (
    remove_update_translation,
    send_update,
    spread_update,
    translate_update,
    why_not_now,
)
from letters.organizer.updates.tasks import carry_on
from letters.shared.refused import Refused
from tests.people import NOW, Reader, deliver, words
from tests.updates.conftest import UpdateMaker, agree

pytestmark = pytest.mark.django_db

ITALIAN = {"language": "it", "title": "La ministra ci ha invitati", "body": "**Venerdì** la incontriamo."}
PAGE = "/organize/letters/night-trains/updates/"


def translate(update: Update, organizer: User, *, seen: str = "", **values: Any) -> UpdateTranslation:
    return translate_update(update, **{**ITALIAN, **values}, seen=seen, by=organizer, now=NOW)


def send(update: Update, organizer: User) -> None:
    send_update(update, seen=update.whole_version, by=organizer, now=NOW)
    spread_update(update.pk, now=NOW)
    deliver()


def mails() -> dict[str, str]:
    return {message.to[0]: str(message.body) for message in mail.outbox if "updates" in str(message.body)}


# Who gets which language


def test_each_signer_gets_the_update_in_their_language(letter: Letter, news: UpdateMaker, organizer: User) -> None:
    agree(letter, "ada@example.org")
    letter.language = "it"
    agree(letter, "bruno@example.org")
    letter.language = "de"
    agree(letter, "carla@example.org")
    letter.refresh_from_db()
    update = news()
    translate(update, organizer)
    send(update, organizer)
    found = mails()
    assert "The minister has asked us in" in found["ada@example.org"]
    assert "La ministra ci ha invitati" in found["bruno@example.org"]
    assert "Venerdì la incontriamo." in found["bruno@example.org"]
    assert "The minister" not in found["bruno@example.org"]
    # Without a translation, the original.
    assert "The minister has asked us in" in found["carla@example.org"]


def test_an_email_leads_to_the_page_in_its_language(letter: Letter, news: UpdateMaker, organizer: User) -> None:
    letter.language = "it"
    agree(letter, "bruno@example.org")
    letter.refresh_from_db()
    update = news()
    translate(update, organizer)
    send(update, organizer)
    assert f"/it/letters/night-trains/updates/{update.pk}/" in mails()["bruno@example.org"]


def test_an_update_in_several_languages_counts_once_a_day(letter: Letter, news: UpdateMaker, organizer: User) -> None:
    update = news()
    translate(update, organizer)
    send(update, organizer)
    carry_on(now=NOW)
    carry_on(now=NOW + timedelta(minutes=1))
    assert Update.objects.get().state == "sent"
    assert why_not_now(letter, now=NOW + timedelta(hours=23)) == "too_soon"
    assert why_not_now(letter, now=NOW + timedelta(hours=25)) == ""


# Writing


def test_a_text_that_changed_since_it_was_seen_is_not_sent(news: UpdateMaker, organizer: User) -> None:
    update = news()
    seen = update.whole_version
    translate(update, organizer)
    with pytest.raises(Refused, match="changed_meanwhile"):
        send_update(update, seen=seen, by=organizer, now=NOW)


def test_neither_of_two_translators_at_once_loses_a_word(news: UpdateMaker, organizer: User, teammate: User) -> None:
    update = news()
    translate(update, teammate)
    with pytest.raises(Refused, match="changed_meanwhile"):
        translate(update, organizer, title="Altro")
    assert UpdateTranslation.objects.get().title == ITALIAN["title"]
    translate(update, organizer)  # The same words: nothing to do.
    assert AuditEvent.objects.filter(verb="translate_update").count() == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"language": "en"}, "no_such_language"),
        ({"language": "xx"}, "no_such_language"),
        ({"title": " "}, "no_title"),
        ({"title": "x" * 151}, "too_long"),
        ({"body": " \n"}, "no_body"),
    ],
)
def test_a_text_that_cannot_be_sent_is_not_saved(
    news: UpdateMaker, organizer: User, values: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        translate(news(), organizer, **values)
    assert not UpdateTranslation.objects.exists()


def test_no_translation_changes_once_the_update_is_being_sent(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    for act in (
        lambda: translate(update, organizer),
        lambda: remove_update_translation(update, language="it", by=organizer, now=NOW),
    ):
        with pytest.raises(Refused, match="begun"):
            act()


def test_others_cannot_translate(news: UpdateMaker, moderator: User, stranger: User) -> None:
    update = news()
    for person in (moderator, stranger):
        with pytest.raises(Refused, match="not_yours"):
            translate(update, person)


# Pages


def test_readers_find_each_language_at_its_address(
    letter: Letter, reader: Reader, news: UpdateMaker, organizer: User
) -> None:
    update = news()
    translate(update, organizer)
    send(update, organizer)
    english, italian = reader.get(update.url()), reader.get(update.url("it"))
    assert "The minister has asked us in" in words(english)
    assert "La ministra ci ha invitati" in words(italian)
    assert f'href="{update.url("it")}"' in english.content.decode()
    assert '<article class="news-item" lang="it"' in italian.content.decode()
    assert "La ministra ci ha invitati" in reader.get(letter.url_of("updates", "it")).content.decode()
    assert "La ministra ci ha invitati" in reader.get(letter.url_of("letter", "it")).content.decode()
    assert "La ministra ci ha invitati" in reader.get(letter.url_of("feed", "it")).content.decode()
    assert "La ministra" not in reader.get(letter.url_of("feed")).content.decode()


def test_a_draft_translation_is_nowhere_public(
    letter: Letter, reader: Reader, news: UpdateMaker, organizer: User
) -> None:
    update = news()
    translate(update, organizer)
    assert reader.get(update.url("it")).status_code == 404
    assert "La ministra" not in reader.get(letter.url_of("feed", "it")).content.decode()


def test_a_writer_adds_a_translation_and_previews_it(news: UpdateMaker, desk: Client) -> None:
    update = news()
    page = words(desk.get(f"{PAGE}{update.pk}/"))
    assert "Italiano · missing" in page
    here = f"{PAGE}{update.pk}/translations/it/"
    assert "The minister has asked us in" in words(desk.get(here))
    answer = desk.post(here, {**ITALIAN, "action": "preview", "seen": ""}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{PAGE}{update.pk}/preview/?language=it"
    assert "La ministra ci ha invitati" in words(answer)
    assert "Italiano · translated" in words(desk.get(f"{PAGE}{update.pk}/"))
    desk.post(here, {"action": "remove"})
    assert not UpdateTranslation.objects.exists()


def test_the_page_names_missing_translations_before_sending(news: UpdateMaker, desk: Client) -> None:
    update = news()
    assert "Italiano (missing, they get the original)" in words(desk.get(f"{PAGE}{update.pk}/send/"))
    said = words(desk.get(f"{PAGE}{update.pk}/preview/?language=it"))
    assert "There is no translation into this language. People who signed in it get the original." in said
    desk.post(f"{PAGE}{update.pk}/send/", {"seen": update.whole_version})
    assert Update.objects.get().state == "sending"


def test_bad_input_gets_a_sentence(news: UpdateMaker, desk: Client) -> None:
    answer = desk.post(f"{PAGE}{news().pk}/translations/it/", {"title": "", "body": ""})
    assert answer.status_code == 422
    assert "Enter a title." in words(answer)
