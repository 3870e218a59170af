"""Pages that refuse are in the reader's language, and lead back to where the reader can continue."""

import pytest
from django.test import Client

from letters.models import Collective, Letter, User
from tests.people import FROM_OUR_PAGE, Reader, browser_of, words

pytestmark = pytest.mark.django_db

LETTER = "/organize/letters/night-trains/"
ITALIAN = {"Accept-Language": "it"}


@pytest.mark.parametrize(
    ("address", "page"),
    [
        (f"{LETTER}withdraw/", LETTER),
        (f"{LETTER}restore/", LETTER),
        (f"{LETTER}state/", LETTER),
        (f"{LETTER}text/en/", LETTER),
        (f"{LETTER}first-signers/round/", f"{LETTER}first-signers/"),
        (f"{LETTER}updates/7/test/", f"{LETTER}updates/7/"),
        ("/organize/preview/", "/organize/"),
        ("/accounts/sessions/7/end/", "/accounts/sessions/"),
    ],
)
def test_a_url_that_only_accepts_forms_leads_to_the_page_with_the_form(
    letter: Letter, organizer: User, address: str, page: str
) -> None:
    answer = browser_of(organizer).get(address)
    assert answer.status_code == 405
    assert f'href="{page}"' in answer.content.decode()


def test_a_collectives_url_that_only_accepts_forms_leads_to_its_page(collective: Collective, organizer: User) -> None:
    page = f"/organize/collectives/{collective.slug}/"
    for address in ("invite/", "leave/", "members/7/"):
        assert f'href="{page}"' in browser_of(organizer).get(page + address).content.decode()


def test_the_url_of_a_letter_that_does_not_exist_gets_the_same_page(
    letter: Letter, organizer: User, stranger: User
) -> None:
    theirs = browser_of(organizer).get(f"{LETTER}withdraw/").content.decode()
    other = browser_of(stranger).get("/organize/letters/no-such-letter/withdraw/").content.decode()
    assert theirs == other.replace("no-such-letter", "night-trains")


def test_a_wrong_method_is_refused_in_the_language_of_the_page(letter: Letter, reader: Reader) -> None:
    assert "This did not work" in words(reader.client.put(letter.get_absolute_url()))
    for answer in (
        reader.client.put(letter.get_absolute_url("it")),
        reader.client.get(f"{LETTER}withdraw/", headers=ITALIAN),
    ):
        assert answer.status_code == 405
        assert 'lang="it"' in answer.content.decode()
        assert "This did not work" not in words(answer)


def test_too_much_text_is_refused_in_the_language_of_the_page(letter: Letter, reader: Reader) -> None:
    answer = reader.client.generic("POST", f"{letter.get_absolute_url('it')}sign/", CONTENT_LENGTH="99999999")
    assert answer.status_code == 413
    assert 'lang="it"' in answer.content.decode()


def test_an_organizer_whose_form_has_no_token_is_not_told_to_sign_a_letter(organizer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(organizer)
    answer = browser.post("/organize/new/", {"title": "x"})
    assert answer.status_code == 403
    assert "Go back, reload the page and send the form again" in words(answer)
    assert "sign it here" not in words(answer)
    assert 'href="/organize/"' in answer.content.decode()


def test_a_signer_whose_form_was_sent_by_another_site_is_told_to_open_the_letter(
    letter: Letter, reader: Reader
) -> None:
    foreign = {**FROM_OUR_PAGE, "Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = reader.client.post(f"{letter.get_absolute_url()}sign/", {}, headers=foreign)
    assert answer.status_code == 403
    assert "sign it here" in words(answer)
