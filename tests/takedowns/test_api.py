"""A letter that the site has taken down shows nothing of itself through the API either."""

import pytest

from letters.models import Letter
from tests.people import Reader
from tests.takedowns.test_public import TakeDownLetter, full_letter, secrets, without_times  # noqa: F401
from tests.test_permissions import ROUTES

LETTER = "/api/v1/letters/night-trains/"
PATHS = {
    "api_letter": "",
    "api_revision": "revisions/1/",
    "api_count": "count/",
    "api_count_history": "count/history/",
    "api_signatures": "signatures/",
    "api_organisations": "organisations/",
    "api_updates": "updates/",
    "api_update": "updates/1/",
}


def test_the_table_names_every_address_of_a_letter() -> None:
    below = {name for name, route in ROUTES.items() if route.startswith("api/v1/letters/<slug:slug>/")}
    assert below == set(PATHS)


@pytest.mark.parametrize("path", PATHS.values())
def test_only_the_day_is_said(
    full_letter: Letter,  # noqa: F811
    take_down: TakeDownLetter,
    reader: Reader,
    path: str,
) -> None:
    before = reader.get(f"{LETTER}{path}")
    assert before.status_code == 200
    take_down(full_letter)
    for condition in ({}, {"if_none_match": before.headers["ETag"]}):
        answer = reader.get(f"{LETTER}{path}", **condition)
        assert (answer.status_code, answer.headers["Content-Type"]) == (410, "application/problem+json")
        text = answer.content.decode().replace("410", "")
        assert [word for word in secrets(full_letter) if word in without_times(text)] == []
        assert answer.json()["taken_down_on"]


def test_no_list_has_it(full_letter: Letter, take_down: TakeDownLetter, reader: Reader) -> None:  # noqa: F811
    assert reader.get("/api/v1/letters/").json()["letters"]
    take_down(full_letter)
    assert reader.get("/api/v1/letters/").json()["letters"] == []
