"""A compiled query finds and makes the same instances as the query that it was compiled from."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from letters.base.emailed_links import queries as emailed_links
from letters.base.public_letters import queries as public_letters
from letters.models import Letter, Signature, Translation
from letters.shared.compiled_queries import CompiledQuery
from tests.people import add_published, in_threads


def stored(instance: models.Model) -> dict[str, Any]:
    """Return all fields that were loaded, of the instance and of everything that was loaded with it."""
    loaded = {name: value for name, value in vars(instance).items() if not name.startswith("_")}
    beside = instance._state.fields_cache
    return loaded | {name: stored(each) for name, each in beside.items() if each is not None and name != "signature"}


def test_it_finds_what_django_finds_with_everything_that_is_loaded_along(letter: Letter) -> None:
    add_published(letter, 1)
    signature = Signature.objects.select_related("letter__collective", "contact").get()
    found = emailed_links.BY_ID.first(pk=signature.pk)
    assert found is not None
    assert stored(found) == stored(signature)
    assert found.letter.collective.name == "Friends of the Night Train"
    assert found._state.db == "default"
    assert not found._state.adding


def test_what_was_deferred_is_loaded_when_it_is_read(letter: Letter) -> None:
    text = public_letters.text_of(letter, "en")
    assert text.get_deferred_fields() == {"body"}
    assert text.body == Translation.objects.get(pk=text.pk).body


def test_it_finds_nothing_where_there_is_nothing(letter: Letter) -> None:
    assert emailed_links.BY_ID.all(pk=0) == []
    assert emailed_links.BY_ID.first(pk=0) is None
    with pytest.raises(Letter.DoesNotExist):
        public_letters.public_letter("another")


def test_the_values_of_one_question_are_not_in_the_next(published: Callable[..., Letter]) -> None:
    slugs = ["one", "two", "three"]
    for slug in slugs:
        published(slug=slug)
    assert [public_letters.public_letter(slug).slug for slug in slugs * 2] == slugs * 2


def test_values_are_parameters_and_never_part_of_the_statement(letter: Letter) -> None:
    asked = "' OR true --"
    assert public_letters.BY_SLUG.all(slug=asked) == []
    with CaptureQueriesContext(connection) as sent:
        public_letters.BY_SLUG.all(slug=letter.slug)
    assert len(sent) == 1
    assert letter.slug not in public_letters.BY_SLUG._compiled.sql


@pytest.mark.django_db(transaction=True)
def test_many_threads_can_use_it_at_once(letter: Letter) -> None:
    query = CompiledQuery(lambda slug: Letter.objects.filter(slug=slug), slug=str)
    found = in_threads(lambda slug: query.first(slug=slug), [letter.slug] * 50, threads=10)
    assert [each and each.pk for each in found] == [letter.pk] * 50


def test_annotations_are_set(letter: Letter) -> None:
    query = CompiledQuery(
        lambda pk: Letter.objects.filter(pk=pk).annotate(twice=models.F("signature_count") * 2), pk=int
    )
    assert vars(query.all(pk=letter.pk)[0])["twice"] == 0


@pytest.mark.django_db
def test_a_query_that_ignores_a_parameter_is_refused() -> None:
    query = CompiledQuery(lambda **_: Letter.objects.all(), slug=str)
    with pytest.raises(ValueError, match="does not have the parameters slug"):
        query.all(slug="one")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "build",
    [
        lambda pk: Letter.objects.filter(pk=pk).prefetch_related("revisions"),
        lambda pk: Letter.objects.filter(pk=pk).values("slug"),
    ],
)
def test_a_query_that_does_more_is_refused(build: "Callable[..., models.QuerySet[Letter]]") -> None:
    with pytest.raises(ValueError, match="returns instances, and prefetches nothing"):
        CompiledQuery(build, pk=int).all(pk=1)
