"""Organizers who ask for more, or offer less, never trap people who have signed already."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from letters.models import Letter, User
from letters.organizer.letter_editor.operations import set_up_letter
from tests.people import FROM_OUR_PAGE, NOW, Response, Signer, sign_and_confirm, signature_of, words

pytestmark = pytest.mark.django_db
FIELDS = ["affiliation", "role", "country", "comment"]
ORDER = ["nobody", "organizers", "public"]


def control_page(letter: Letter) -> str:
    return signature_of(letter).link("manage", now=timezone.now())


def save(letter: Letter, signer: Signer, **fields: str) -> Response:
    sure = {"action": "save", "sure": "nobody", **fields}
    return signer.client.post(control_page(letter), sure, headers=FROM_OUR_PAGE)


@pytest.mark.parametrize("stored", ORDER)
@pytest.mark.parametrize("offered", [["public"], ["organizers"], ["nobody"]])
def test_a_signer_may_keep_their_choice_and_take_any_more_private_one(
    letter: Letter, signer: Signer, stored: str, offered: list[str]
) -> None:
    sign_and_confirm(letter, display=stored, name="" if stored == "nobody" else "Ada")
    Letter.objects.update(displays=offered)
    page = signer.get(control_page(letter)).content.decode()
    more_private = ORDER[: ORDER.index(stored) + 1]
    for display in {*more_private, *offered}:
        assert f'value="{display}"' in page
    for display in reversed(more_private):
        answer = save(letter, signer, name="Ada", display=display)
        assert (answer.status_code, signature_of(letter).display) == (303, display)


def test_a_signer_cannot_take_a_more_public_choice_that_is_no_longer_offered(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, display="organizers")
    Letter.objects.update(displays=["organizers", "nobody"])
    assert save(letter, signer, name="Ada", display="public").status_code == 422
    assert signature_of(letter).display == "organizers"


def test_an_empty_field_may_stay_empty(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    Letter.objects.update(**{f"ask_{field}": "required" for field in FIELDS})
    assert save(letter, signer, name="Ada King", display="public").status_code == 303
    assert signature_of(letter).name == "Ada King"
    # Hiding a name requires no field at all.
    assert save(letter, signer, display="nobody").status_code == 303


def test_a_nameless_signer_is_not_asked_for_a_missing_country(letter: Letter, signer: Signer) -> None:
    Letter.objects.update(domains=["example.org"])
    sign_and_confirm(letter, name="", display="nobody", domain="example.org")
    Letter.objects.update(ask_country="required")
    assert save(letter, signer, display="nobody").status_code == 303
    assert signature_of(letter).domain == ""


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_the_form_dropped_is_kept_and_can_be_emptied(letter: Letter, signer: Signer, field: str) -> None:
    value = "IT" if field == "country" else "Something"
    entered: dict[str, Any] = {field: value}
    sign_and_confirm(letter, **entered)
    Letter.objects.update(**{f"ask_{field}": "off"})
    assert f'name="{field}"' in signer.get(control_page(letter)).content.decode()
    assert save(letter, signer, name="Ada King", display="public", **{field: value}).status_code == 303
    assert getattr(signature_of(letter), field) == value
    assert save(letter, signer, name="Ada King", display="public").status_code == 303
    assert getattr(signature_of(letter), field) == ""
    assert f'name="{field}"' not in signer.get(control_page(letter)).content.decode()


def test_updates_can_be_stopped_however_the_form_was_narrowed(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, consent="Write to me")
    Letter.objects.update(displays=["nobody"], ask_affiliation="required", ask_country="required")
    assert save(letter, signer, name="Ada", display="public").status_code == 303
    assert signature_of(letter).contact.consent == ""


def test_a_domain_that_is_shown_stays_until_its_signer_hides_it(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, "ada@example.edu", domain="example.edu")
    Letter.objects.update(domains=["another.example"])
    url = signature_of(letter, "ada@example.edu").link("manage", now=timezone.now())
    assert "confirmed at example.edu" in words(signer.get(url))
    fields = {"action": "save", "name": "Ada", "display": "public"}
    signer.client.post(url, {**fields, "show_domain": "on"}, headers=FROM_OUR_PAGE)
    assert signature_of(letter, "ada@example.edu").domain == "example.edu"
    signer.client.post(url, fields, headers=FROM_OUR_PAGE)
    assert signature_of(letter, "ada@example.edu").domain == ""


def typed_of_their_own_accord(letter: Letter) -> dict[str, str]:
    """Return answers to fields that the letter does not require yet."""
    Letter.objects.update(**{f"ask_{field}": "optional" for field in FIELDS})
    filled = {"affiliation": "A place", "role": "Physicist", "country": "IT", "comment": "Because"}
    sign_and_confirm(letter, now=NOW, **filled)
    return filled


def test_an_optional_field_can_be_emptied(letter: Letter, signer: Signer, organizer: User) -> None:
    filled = typed_of_their_own_accord(letter)
    set_up_letter(letter, values={f"ask_{field}": "required" for field in FIELDS}, by=organizer, now=timezone.now())
    assert save(letter, signer, name="Ada", display="public").status_code == 303
    signature = signature_of(letter)
    assert [getattr(signature, field) for field in filled] == [""] * 4


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_was_required_can_be_changed_and_not_emptied(
    letter: Letter, signer: Signer, organizer: User, field: str
) -> None:
    set_up_letter(letter, values={f"ask_{field}": "required"}, by=organizer, now=NOW - timedelta(hours=1))
    sign_and_confirm(letter, now=NOW, **{field: "IT"})
    assert save(letter, signer, name="Ada", display="public").status_code == 422
    assert save(letter, signer, name="Ada", display="public", **{field: "DE"}).status_code == 303


def test_people_who_sign_after_the_change_are_asked(letter: Letter, signer: Signer, organizer: User) -> None:
    set_up_letter(letter, values={"ask_role": "required"}, by=organizer, now=NOW)
    assert signer.sign(letter).status_code == 422
    set_up_letter(letter, values={"ask_role": "optional"}, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.required_since == {}
