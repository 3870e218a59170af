"""The form on a letter's page is rendered once for all readers, and again as soon as anything that it shows changes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django.db import models
from django.forms import Select
from django.utils import translation

from letters.models import Letter
from letters.signer.signing.fields import CountryField, CountrySelect, country_choices
from letters.templatetags import signing
from letters.templatetags.signing import COUNTS, EmptyForm, signing_form


@pytest.fixture(autouse=True)
def _no_form_is_kept() -> Iterator[None]:
    signing._rendered.cache_clear()
    yield
    signing._rendered.cache_clear()


@pytest.fixture
def asking(published: Callable[..., Letter]) -> Letter:
    """A letter that asks for a country and a comment, in a collective with a time zone."""
    letter = published(
        ask_country="optional", ask_comment="optional", closes_at=datetime(2030, 1, 1, 23, 30, tzinfo=UTC)
    )
    letter.timezone, letter.collective.timezone = "", "UTC"
    return letter


CHANGES: dict[str, object] = {
    "slug": "another-address",
    "closes_at": datetime(2031, 5, 5, tzinfo=UTC),
    "timezone": "Asia/Tokyo",
    "ask_affiliation": "required",
    "ask_role": "required",
    "ask_country": "off",
    "ask_comment": "off",
    "comments_public": True,
    "displays": ["public"],
    "domains": ["night-trains.example"],
    "addressee_domains": ["ministry.example"],
}


@pytest.mark.parametrize(("name", "value"), CHANGES.items())
def test_the_form_changes_with_each_setting_of_the_letter_that_it_shows(
    asking: Letter, name: str, value: object
) -> None:
    before = signing_form(asking, "en")
    setattr(asking, name, value)
    assert signing_form(asking, "en") != before


def test_the_form_changes_with_the_text_the_languages_and_the_time_zone_of_the_collective(asking: Letter) -> None:
    forms = {signing_form(asking, "en"), signing_form(asking, "it")}
    with translation.override("it"):
        forms |= {signing_form(asking, "en"), signing_form(asking, "it")}
    asking.collective.timezone = "Asia/Tokyo"
    forms.add(signing_form(asking, "en"))
    assert asking.current_revision
    vars(asking)["current_revision_id"], asking.current_revision.number = 10**9, 2
    forms.add(signing_form(asking, "en"))
    assert len(forms) == 6


def test_the_form_stays_the_same_for_every_reader_and_every_signature(asking: Letter) -> None:
    first = signing_form(asking, "en")
    for name in COUNTS:
        setattr(asking, name, 7)
    assert signing_form(asking, "en") is first


def other_value(field: "models.Field[Any, Any]", value: Any) -> Any:
    return [*value, 1] if isinstance(value, list) else f"{value} and more"


def test_everything_in_the_row_of_a_letter_but_the_counts_makes_another_form(asking: Letter) -> None:
    form = EmptyForm.of(asking, "en")
    for field in Letter._meta.concrete_fields:
        if field.name in {*COUNTS, "timezone"}:
            continue
        before = getattr(asking, field.attname)
        vars(asking)[field.attname] = other_value(field, before)
        assert EmptyForm.of(asking, "en") != form, field.name
        vars(asking)[field.attname] = before
    assert EmptyForm.of(asking, "en") == form
    assert {field.name for field in Letter._meta.concrete_fields} >= COUNTS


class OnlyZone:
    """A collective that says nothing but its time zone."""

    def zone(self) -> ZoneInfo:
        return ZoneInfo("UTC")


class OnlyNumber:
    """A text that says nothing but its number, which never changes."""

    number = 1


def test_the_form_reads_nothing_but_what_decides_whether_it_is_rendered_again(asking: Letter) -> None:
    asking._state.fields_cache |= cast("dict[str, Any]", {"collective": OnlyZone(), "current_revision": OnlyNumber()})
    for name in COUNTS:
        vars(asking).pop(name)
    assert "<form" in signing_form(asking, "en")


# The menu of countries


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("chosen", ["", "IT", None])
def test_the_menu_of_countries_is_what_django_would_render(language: str, chosen: str | None) -> None:
    with translation.override(language):
        menu, usual = CountrySelect(attrs={"autocomplete": "country"}), Select(attrs={"autocomplete": "country"})
        usual.choices = country_choices()
        attrs = {"id": "sign_country", "required": True}
        parsed = [html_of(each.render("country", chosen, attrs)) for each in (menu, usual)]
    assert parsed[0] == parsed[1]
    assert parsed[0].count("<option") > 250


def html_of(text: str) -> str:
    """Return the markup without differences that mean nothing: spaces, and the order of attributes."""
    opening, _, rest = " ".join(text.split()).partition(">")
    return " ".join(sorted(opening.split())) + rest.replace("> <", "><")


@pytest.mark.parametrize("typed", ["XX", '"><script>', "it", 'IT" selected'])
def test_a_country_that_does_not_exist_leaves_no_trace_in_the_menu(typed: str) -> None:
    field = CountryField(choices=country_choices, widget=CountrySelect())
    rendered = field.widget.render("country", typed)
    assert "selected" not in rendered
    assert rendered == field.widget.render("country", "XX")
