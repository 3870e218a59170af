from datetime import date
from typing import Any

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, LetterDelivery, User
from letters.organizer.letter_delivery.operations import Delivered, record_letter_delivery, remove_letter_delivery
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, browser_of, words

MINISTRY = Delivered(on=date(2025, 3, 2), to="the office of the minister of transport", signature_count=3)


@pytest.fixture
def signed(letter: Letter) -> Letter:
    add_published(letter, 3)
    return letter


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


def url(letter: Letter) -> str:
    return f"/organize/letters/{letter.slug}/handover/"


def say(desk: Client, letter: Letter, **typed: Any) -> Any:
    fields = {"on": "2025-03-02", "to": "the minister", "signature_count": "3", "note": "", **typed}
    return desk.post(url(letter), fields, follow=True)


def test_readers_learn_of_the_delivery(signed: Letter, reader: Reader, desk: Client) -> None:
    reader.read(signed)
    page = say(desk, signed, note="They promised an answer within a month.")
    assert "Delivery recorded." in words(page)
    said = words(reader.get(signed.get_absolute_url()))
    assert "Delivered on March 2, 2025 to the minister , with 3 signatures." in said
    assert "They promised an answer within a month." in said


def test_the_delivery_is_described_in_the_language_of_the_page(signed: Letter, organizer: User, reader: Reader) -> None:
    record_letter_delivery(signed, delivered=MINISTRY, by=organizer, now=NOW)
    assert "2 marzo 2025" in reader.read(signed, language="it")


def test_recording_a_delivery_twice_corrects_the_first(signed: Letter, organizer: User) -> None:
    record_letter_delivery(signed, delivered=MINISTRY, by=organizer, now=NOW)
    record_letter_delivery(
        signed, delivered=Delivered(on=MINISTRY.on, to=MINISTRY.to, signature_count=2), by=organizer, now=NOW
    )
    assert LetterDelivery.objects.get().signature_count == 2


def test_a_wrong_delivery_can_be_removed(signed: Letter, organizer: User, reader: Reader, desk: Client) -> None:
    letter_delivery = record_letter_delivery(signed, delivered=MINISTRY, by=organizer, now=NOW)
    desk.post(f"{url(signed)}{letter_delivery.pk}/remove/")
    desk.post(f"{url(signed)}{letter_delivery.pk}/remove/")
    assert "Delivered on" not in reader.read(signed)
    verbs = AuditEvent.objects.filter(verb__endswith="_letter_delivery").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["record_letter_delivery", "remove_letter_delivery"]


def test_the_form_suggests_the_current_number(signed: Letter, desk: Client) -> None:
    assert b'value="3"' in desk.get(url(signed)).content


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": ""}, "Enter who you delivered it to."),
        ({"to": "x" * 201}, "at most 200 characters"),
        ({"on": ""}, "Enter the date of the delivery."),
        ({"on": "yesterday"}, "Enter a date like 2025-03-31."),
        ({"on": "2199-01-01"}, "This date is in the future. Record the delivery once it is done."),
        ({"on": "0001-01-01"}, "Check the year."),
        ({"signature_count": "many"}, "Enter a whole number."),
        ({"signature_count": "3.000"}, "Enter a whole number."),
        ({"signature_count": "-1"}, "greater than or equal to 0"),
        (
            {"signature_count": "4"},
            "The letter has never had so many signatures. Enter a lower number.",
        ),
        ({"signature_count": "9" * 30}, "less than or equal to"),
    ],
)
def test_an_impossible_value_gets_a_sentence(
    signed: Letter, desk: Client, typed: dict[str, str], sentence: str
) -> None:
    page = say(desk, signed, **typed)
    assert page.status_code == 422
    assert sentence in words(page)
    assert not LetterDelivery.objects.exists()


def test_a_draft_has_not_been_delivered(draft: LetterMaker, desk: Client) -> None:
    letter = draft()
    assert "Publish the letter first." in words(desk.get(url(letter)))
    assert say(desk, letter, signature_count="0").status_code == 422
    assert not LetterDelivery.objects.exists()


@pytest.mark.parametrize("person", ["stranger", "moderator"])
def test_for_others_the_page_does_not_exist(signed: Letter, person: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(person)
    assert browser_of(user).get(url(signed)).status_code == 404
    assert say(browser_of(user), signed).status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        record_letter_delivery(signed, delivered=MINISTRY, by=user, now=NOW)


def test_nobody_can_remove_the_delivery_of_another_letter(
    signed: Letter, published: LetterMaker, organizer: User
) -> None:
    letter_delivery = record_letter_delivery(signed, delivered=MINISTRY, by=organizer, now=NOW)
    remove_letter_delivery(published(slug="another"), letter_delivery.pk, by=organizer, now=NOW)
    assert LetterDelivery.objects.get() == letter_delivery
