"""Sharing the thank-you page reveals nothing: no URL that people share lets anyone act, or says who signed."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.models import Collective, Letter, Signature, User
from letters.organizer.letter_editor.operations import close_letter, draft_letter, publish_letter
from letters.shared.tokens import make_token
from letters.signer.signing.operations import disown_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.people import (
    EN,
    FROM_OUR_PAGE,
    Reader,
    Signer,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    words,
)

ADA = "ada@example.org"
TOKEN = re.compile(r"/signatures/[a-z-]+/([\w-]{60,})")
FORWARD = "Do not forward this email: its links let anyone change your signature."


def pressed(signer: Signer, link: str) -> list[str]:
    """Press the button; return the URLs that the browser shows one after the other."""
    answer = signer.press(link)
    return [link, *(url for url, _ in answer.redirect_chain)]


@pytest.mark.parametrize("way", ["link", "code"])
@pytest.mark.parametrize("language", ["", "it"])
def test_confirming_leads_to_a_url_without_a_token(letter: Letter, signer: Signer, way: str, language: str) -> None:
    check = signer.sign(letter, language=language)["Location"]
    if way == "code":
        link = signer.client.post(check, {"code": signer.mailed_code()}, headers=FROM_OUR_PAGE)["Location"]
    else:
        link = signer.mailed_link()
    assert pressed(signer, link)[-1] == letter.url_of("thanks", language)


def test_the_thank_you_page_is_the_same_for_everyone(letter: Letter, signer: Signer, reader: Reader) -> None:
    signer.sign(letter)
    thanked = signer.press(signer.mailed_link())
    shared = reader.get(letter.url_of("thanks"))
    assert thanked.content == shared.content
    assert TOKEN.findall(shared.content.decode()) == []
    assert "Ada" not in words(shared)
    assert shared["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in shared


def test_only_public_letters_have_a_thank_you_page(letter: Letter, draft: LetterMaker, reader: Reader) -> None:
    draft("a-draft")
    assert reader.get("/letters/a-draft/thanks/").status_code == 404
    assert reader.get("/letters/no-such-letter/thanks/").status_code == 404
    assert reader.get(f"/fr{letter.url_of('thanks')}").status_code == 404
    assert "night" not in words(reader.get("/signatures/thanks/")).lower()


def test_every_link_on_the_way_does_nothing_afterwards(letter: Letter, signer: Signer, reader: Reader) -> None:
    check = signer.sign(letter)["Location"]
    by_code = signer.client.post(check, {"code": signer.mailed_code()}, headers=FROM_OUR_PAGE)["Location"]
    by_link = signer.mailed_link()
    signer.press(by_link)
    Signature.objects.update(confirmed_at=timezone.now() - timedelta(minutes=2))
    for url in (check, by_code, by_link):
        for page in (reader.get(url), reader.client.post(url, {}, headers=FROM_OUR_PAGE)):
            assert "/signatures/manage/" not in page.content.decode()
            assert "Lovelace" not in words(page)
            assert ADA not in words(page)
    assert signature_of(letter).name == "Ada Lovelace"


def used(letter: Letter) -> str:
    """Return the confirmation link of a person who confirmed a while ago."""
    signature = sign_and_confirm(letter)
    token = make_token("confirm", signature_id=signature.pk, salt=signature.salt, now=timezone.now())
    return f"/signatures/confirm/{token}/"


def test_a_used_link_says_no_more_than_a_stranger_may_know_and_offers_the_private_link(
    letter: Letter, reader: Reader
) -> None:
    page = reader.get(used(letter))
    assert page.status_code == 200
    assert "This link has been used" in words(page)
    assert "Keep the night trains running" in words(page)
    assert "Lovelace" not in words(page)
    assert f'href="{letter.url_of("link")}"' in page.content.decode()
    assert TOKEN.findall(page.content.decode()) == []


def test_the_page_of_a_used_link_names_the_letter_in_the_readers_language(letter: Letter, reader: Reader) -> None:
    url = used(letter)
    page = reader.client.get(url, headers={"Accept-Language": "it"})
    assert f'href="{letter.url_of("link", "it")}"' in page.content.decode()
    assert f'href="{letter.get_absolute_url("it")}"' in page.content.decode()
    assert "Keep the night trains running" not in words(page)


def test_the_page_of_a_used_link_falls_back_to_the_letters_language(
    collective: Collective, organizer: User, reader: Reader
) -> None:
    letter = draft_letter(collective, slug="english-only", text=EN, by=organizer, now=timezone.now())
    publish_letter(letter, by=organizer, now=timezone.now())
    page = reader.client.get(used(letter), headers={"Accept-Language": "it"})
    assert "Keep the night trains running" in words(page)
    assert f'href="{letter.url_of("link")}"' in page.content.decode()


def test_the_page_of_a_used_link_does_not_reveal_what_has_become_of_the_signature(
    letter: Letter, reader: Reader
) -> None:
    url = used(letter)
    pages = [reader.get(url).content]
    publish()
    pages.append(reader.get(url).content)
    Signature.objects.update(state="rejected")
    pages.append(reader.get(url).content)
    disown_signature(Signature.objects.get(), now=timezone.now())
    pages.append(reader.get(url).content)
    withdrawn = sign_and_confirm(letter, "eve@example.org")
    url = withdrawn.link("confirm", now=timezone.now())
    withdraw_signature(withdrawn, now=timezone.now())
    pages.append(reader.get(url).content)
    assert len(set(pages)) == 1


def test_used_links_of_a_closed_letter_do_nothing_either(letter: Letter, reader: Reader, organizer: User) -> None:
    url = used(letter)
    close_letter(letter, by=organizer, now=timezone.now())
    assert "This link has been used" in words(reader.get(url))


# People who get no email


def test_a_nameless_signer_sees_the_control_link_once_after_a_click(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="", display="nobody")
    link = signer.mailed_link()
    answer = signer.client.post(link, headers=FROM_OUR_PAGE)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "we show it only once" in words(answer)
    # The link is not in a screenshot of the page as it opens.
    hidden = text.split("<details>")[1].split("</details>")[0]
    (manage, *_) = re.findall(r"(/signatures/manage/[\w-]+/)", text)
    assert manage not in text.replace(hidden, "")
    assert "What we store about you" in words(signer.get(manage))
    assert answer["Cache-Control"] == "no-store"
    deliver()
    assert [message.subject for message in mail.outbox] == ["Confirm your signature"]


def test_the_link_can_be_kept_as_a_file(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter, name="", display="nobody")
    answer = signer.get(f"{signature.link('manage', now=timezone.now())}link.txt")
    assert answer["Content-Disposition"] == 'attachment; filename="my-signature.txt"'
    text = answer.content.decode()
    (manage,) = re.findall(r"(/signatures/manage/[\w-]+/)$", text, re.MULTILINE)
    assert signer.get(manage).status_code == 200
    assert "Keep the night trains running" in text


def test_a_double_click_does_not_lose_the_control_link(letter: Letter, signer: Signer) -> None:
    """A browser shows the answer to the second click."""
    signer.sign(letter, name="", display="nobody")
    link = signer.mailed_link()
    first, second = (signer.client.post(link, headers=FROM_OUR_PAGE) for _ in range(2))
    assert "Show my private link" in words(first)
    assert "Show my private link" in words(second)
    Signature.objects.update(confirmed_at=timezone.now() - timedelta(minutes=2))
    assert "This link has been used" in words(signer.client.post(link, headers=FROM_OUR_PAGE))
    assert "This link has been used" in words(signer.get(link))


# Emails


def test_every_email_whose_links_can_do_something_asks_not_to_be_forwarded(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    deliver()
    signer.sign(letter, name="Ada Two")
    signer.confirm(ADA)
    deliver()
    sign(letter, name="Ada Three", now=timezone.now())
    deliver()
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        assert FORWARD in str(message.body)
        assert isinstance(message, EmailMultiAlternatives)
        assert FORWARD in str(message.alternatives[0])
