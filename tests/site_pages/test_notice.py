"""One line above every page, which superusers write: plain text, in which web addresses are links."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from letters.base.site_pages.operations import save_site_page
from letters.base.site_pages.queries import forget_texts
from letters.models import Letter, SitePage, User
from letters.shared.refused import Refusal, Refused
from tests.people import NOW, Reader, browser_of, words

pytestmark = pytest.mark.django_db

NOTICE = SitePage.Name.NOTICE
TEXT = "We move on Sunday. More at https://example.org/move <b>now</b> & soon."


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("rosa@example.org")


def save(operator: User, text: str, *, language: str = "en", based_on: int = 0) -> None:
    save_site_page(NOTICE, language, markdown=text, based_on=based_on, by=operator, now=NOW)
    forget_texts()


def pages(letter: Letter) -> list[str]:
    return ["/", "/about/", letter.url_of("letter"), letter.url_of("signatures"), "/accounts/login/", "/nothing/here/"]


def test_it_is_above_every_page_and_goes_again(letter: Letter, operator: User, reader: Reader) -> None:
    for path in pages(letter):
        assert "We move" not in reader.get(path).content.decode()
    save(operator, TEXT)
    for path in pages(letter):
        page = reader.get(path).content.decode()
        assert 'More at <a href="https://example.org/move" rel="nofollow">https://example.org/move</a>' in page
        # Security: it is text, whatever is in it.
        assert "&lt;b&gt;now&lt;/b&gt; &amp; soon." in page
    save(operator, "", based_on=1)
    for path in pages(letter):
        assert "We move" not in reader.get(path).content.decode()


def test_readers_of_each_language_get_theirs_or_else_the_other(letter: Letter, operator: User, reader: Reader) -> None:
    save(operator, "Ci spostiamo domenica.", language="it")
    assert '<p class="notice of-site" lang="it">Ci spostiamo domenica.</p>' in reader.get("/").content.decode()
    save(operator, "We move on Sunday.")
    assert '<p class="notice of-site" lang="en">We move on Sunday.</p>' in reader.get("/").content.decode()
    assert "Ci spostiamo domenica." in reader.get("/it/").content.decode()


def test_it_is_no_page_and_no_link(operator: User, reader: Reader) -> None:
    save(operator, TEXT)
    assert reader.get("/notice/").status_code == 404
    assert "/notice/" not in reader.get("/about/").content.decode()


def test_a_page_that_a_browser_has_is_not_current_without_the_notice(
    letter: Letter, operator: User, reader: Reader
) -> None:
    path = letter.url_of("letter")
    etag = reader.get(path).headers["ETag"]
    assert Client().get(path, headers={"if-none-match": etag}).status_code == 304
    save(operator, TEXT)
    assert Client().get(path, headers={"if-none-match": etag}).status_code == 200


def test_it_costs_no_query(operator: User, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    save(operator, TEXT)
    reader.get("/about/")
    with django_assert_num_queries(0):
        assert "We move" in words(reader.get("/about/"))


def test_it_never_shows_a_word_in_brackets_that_only_pages_replace(operator: User) -> None:
    with pytest.raises(Refused, match="unknown_placeholder"):
        save(operator, "Write to {operator_contact}.")
    assert not SitePage.objects.exists()


def test_it_is_one_short_line(operator: User) -> None:
    save(operator, " We move\n\non  Sunday. ")
    assert SitePage.objects.get().markdown == "We move on Sunday."
    with pytest.raises(Refused) as refused:
        save(operator, "a" * 301, based_on=1)
    assert refused.value.code == Refusal.TOO_LONG


def test_a_superuser_writes_it_in_the_admin(operator: User) -> None:
    form = {"name": "notice", "language": "en", "markdown": TEXT, "based_on": "0"}
    assert browser_of(operator).post("/admin/letters/sitepage/add/", form).status_code == 302
    assert SitePage.objects.get(name="notice").markdown == TEXT
