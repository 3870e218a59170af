"""The admin is read-only for staff: they see what its pages list, and nothing more."""

import pytest
from django.test import Client

from letters.models import Letter, User
from tests.people import sign_and_confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org"))
    return client


@pytest.mark.parametrize(
    "noun",
    [
        "user",
        "collective",
        "letter",
        "signature",
        "outgoingemail",
        "auditevent",
        "update",
        "addresseeanswer",
        "stoppeddomain",
        "sitepage",
        "suspension",
    ],
)
def test_every_list_opens(staff: Client, letter: Letter, noun: str) -> None:
    sign_and_confirm(letter)
    assert staff.get(f"/admin/letters/{noun}/").status_code == 200


def test_a_name_for_the_organizers_alone_is_not_shown(staff: Client, letter: Letter) -> None:
    signature = sign_and_confirm(letter, name="Victor Hidden", display="organizers")
    for address in ("/admin/letters/signature/", f"/admin/letters/signature/{signature.pk}/change/"):
        page = staff.get(address)
        assert page.status_code == 200
        assert b"Victor" not in page.content


@pytest.mark.parametrize(
    "question",
    ["signature/?name__startswith=V", "user/?password__startswith=p", "outgoingemail/?signature__name__contains=V"],
)
def test_filters_do_not_read_what_is_not_shown(staff: Client, question: str) -> None:
    assert staff.get(f"/admin/letters/{question}").status_code == 400


def test_nothing_can_be_added_or_deleted_here(staff: Client) -> None:
    assert staff.get("/admin/letters/letter/add/").status_code == 403
