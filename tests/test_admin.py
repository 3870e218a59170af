"""The admin is read-only for staff: they see what its pages list, and nothing more."""

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.admin import read_only
from letters.models import Letter, User
from tests.people import sign_and_confirm, words

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


@pytest.mark.parametrize("noun", ["signature", "outgoingemail", "auditevent"])
def test_the_list_of_a_large_table_reads_only_the_newest_rows(
    staff: Client, letter: Letter, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a filter that hardly any row fulfils, which would otherwise read all of them."""
    monkeypatch.setattr(read_only, "MAX_LISTED", 3)
    for place in range(5):
        sign_and_confirm(letter, f"signer{place}@example.org")
    table = apps.get_model("letters", noun)
    newest = list(table.objects.order_by("-pk").values_list("pk", flat=True))
    assert len(newest) > 3
    filters = ["", "?state=published", "?concern=bounced"] if noun == "signature" else [""]
    for asked in filters:
        with CaptureQueriesContext(connection) as captured:
            page = staff.get(f"/admin/letters/{noun}/{asked}")
        assert "The newest 3" in words(page)
        listed = page.context["cl"]
        assert {row.pk for row in listed.queryset} <= {*newest[:3]}
        assert (listed.result_count, listed.title) == (len(listed.queryset), "The newest 3")
        of_table = [each["sql"] for each in captured if f'FROM "letters_{noun}"' in each["sql"]]
        bounded = f'"letters_{noun}"."id" >= {newest[2]}'
        assert all(bounded in sql or "LIMIT 1 OFFSET 2" in sql for sql in of_table), of_table
