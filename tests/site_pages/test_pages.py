"""The pages that the people who run the site write: imprint, rules, contact, and their own privacy notice."""

import pytest
from django.db import Error, OperationalError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from letters.base.site_pages import queries
from letters.base.site_pages.operations import save_site_page
from letters.base.site_pages.queries import forget_texts
from letters.models import AuditEvent, Letter, OutgoingEmail, SitePage, User
from letters.shared.refused import Refusal, Refused
from tests.interface_languages import ALL
from tests.people import NOW, Reader, Signer, browser_of, message_of, words

pytestmark = pytest.mark.django_db

Name = SitePage.Name


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("rosa@example.org")


@pytest.fixture
def desk(operator: User) -> Client:
    return browser_of(operator)


def save(
    operator: User, text: str, *, name: SitePage.Name = Name.IMPRINT, language: str = "en", based_on: int = 0
) -> SitePage:
    page = save_site_page(name, language, markdown=text, based_on=based_on, by=operator, now=NOW)
    forget_texts()
    return page


def test_a_page_is_linked_from_every_page_once_it_has_a_text(letter: Letter, operator: User, reader: Reader) -> None:
    for path in ("/", "/about/", letter.url_of("letter"), "/accounts/login/", "/nothing/here/"):
        assert "/imprint/" not in reader.get(path).content.decode()
    assert reader.get("/imprint/").status_code == 404
    save(operator, "**Rosa** runs this site.")
    for path in ("/", "/about/", letter.url_of("letter"), "/accounts/login/", "/nothing/here/"):
        assert 'href="/imprint/"' in reader.get(path).content.decode()
    assert 'href="/it/imprint/"' in reader.read(letter, language="it")
    page = reader.get("/imprint/").content.decode()
    assert "<strong>Rosa</strong> runs this site." in page
    assert "March 3, 2025" in page


def test_an_emptied_page_is_linked_from_nowhere(letter: Letter, operator: User, reader: Reader) -> None:
    save(operator, "Rosa runs this site.")
    save(operator, "", based_on=1)
    assert "/imprint/" not in reader.read(letter)
    assert reader.get("/imprint/").status_code == 404
    assert [each.markdown for each in SitePage.objects.order_by("number")] == ["Rosa runs this site.", ""]


def test_a_page_in_one_language_is_shown_to_readers_of_another(operator: User, reader: Reader) -> None:
    save(operator, "Rosa gestisce questo sito.", language="it")
    page = reader.get("/imprint/").content.decode()
    assert '<div class="by-operator" lang="it">' in page
    assert "This page does not exist in your language yet." in page
    assert "lang=" not in reader.get("/it/imprint/").content.decode().split('class="by-operator"')[1].split(">")[0]


def test_emails_link_to_the_same_pages(letter: Letter, operator: User, signer: Signer, settings: Settings) -> None:
    signer.sign(letter, language="it")
    outgoing = OutgoingEmail.objects.get()
    assert "/it/imprint/" not in message_of(outgoing).message().as_string()
    save(operator, "Rosa runs this site.")
    message = message_of(outgoing)
    ((html, _),) = message.alternatives
    assert f"Note legali: {settings.SITE_URL}/it/imprint/" in message.body
    for name in ("privacy", "imprint"):
        assert f'href="{settings.SITE_URL}/it/{name}/"' in str(html)


def test_the_links_cost_no_query_and_follow_within_ten_seconds(
    letter: Letter, operator: User, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert queries.REMEMBERED_SECONDS == 10
    save(operator, "Rosa runs this site.")
    with django_assert_num_queries(1):
        queries.filled_pages()
    reader.get("/about/")
    with django_assert_num_queries(0):
        assert "/imprint/" in reader.get("/about/").content.decode()
        assert "Rosa" in reader.get("/imprint/").content.decode()


def test_pages_are_shown_while_the_database_is_away(
    operator: User, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(operator, "Rosa runs this site.")
    queries.filled_pages()

    def refuse() -> list[SitePage]:
        raise OperationalError

    forget_texts()
    monkeypatch.setattr(queries, "_newest", refuse)
    assert queries.filled_pages() == [Name.PRIVACY, Name.IMPRINT]


def test_only_a_superuser_writes_them(operator: User, organizer: User) -> None:
    organizer.is_staff = True
    organizer.save()
    with pytest.raises(Refused) as refused:
        save(organizer, "Olga runs this site.")
    assert refused.value.code == Refusal.NOT_YOURS
    assert browser_of(organizer).get("/admin/letters/sitepage/add/").status_code == 403


def test_each_change_is_recorded_and_each_version_is_kept(operator: User) -> None:
    page = save(operator, "One.")
    save(operator, "Two.", based_on=1)
    first, second = AuditEvent.objects.filter(verb="save_site_page").order_by("pk")
    assert first.object_id == page.pk
    assert first.actor == operator
    assert second.details == {"page": "imprint", "language": "en", "version": 2, "is_empty": False}
    for change in (page.delete, lambda: SitePage.objects.update(markdown="Three.")):
        with pytest.raises(Error, match="only ever added"), transaction.atomic():
            change()


def test_two_people_do_not_overwrite_each_other(operator: User) -> None:
    save(operator, "One.")
    with pytest.raises(Refused) as refused:
        save(operator, "Another one.")
    assert refused.value.code == Refusal.CHANGED_MEANWHILE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TODO: a postal address", "The text still says TODO."),
        ("We keep it for {for_ever}.", "mean nothing here"),
        ("> " * 300, "too complicated"),
        ("", "nothing to save"),
    ],
)
def test_the_form_says_what_is_wrong(desk: Client, text: str, said: str) -> None:
    form = {"name": "imprint", "language": "en", "markdown": text, "based_on": "0"}
    page = desk.post("/admin/letters/sitepage/add/", form)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not SitePage.objects.exists()


def test_the_operator_writes_a_page_in_the_admin(desk: Client, reader: Reader) -> None:
    assert "Write the page “Imprint”" in desk.get("/admin/").content.decode()
    listed = words(desk.get("/admin/letters/sitepage/"))
    assert "Imprint English To do: empty, so nothing links to it" in listed
    assert "Privacy English The built-in text is public" in listed
    form = {"name": "imprint", "language": "en", "markdown": "Rosa runs this site.", "based_on": "0"}
    assert desk.post("/admin/letters/sitepage/add/", form).status_code == 302
    forget_texts()
    assert "Rosa runs this site." in reader.get("/imprint/").content.decode()
    index = desk.get("/admin/").content.decode()
    assert "Write the page “Imprint”" not in index
    assert "Write the page “Contact”" in index
    again = desk.get("/admin/letters/sitepage/add/?name=imprint&language=en").content.decode()
    assert "Rosa runs this site.</textarea>" in again
    assert 'name="based_on" value="1"' in again
    version = SitePage.objects.get()
    assert "Rosa runs this site." in desk.get(f"/admin/letters/sitepage/{version.pk}/change/").content.decode()


@pytest.mark.parametrize("name", ["privacy", "rules", "accessibility"])
@pytest.mark.parametrize("language", ALL)
def test_a_draft_is_offered_that_cannot_be_saved_unfinished(
    desk: Client, name: str, language: str, settings: Settings
) -> None:
    settings.OPERATOR_CONTACT = {}
    page = desk.get(f"/admin/letters/sitepage/add/?name={name}&language={language}").content.decode()
    assert "TODO: " in page
    draft = queries.draft_of(name, language, for_operator=True)
    done = draft.replace("TODO", "Done")
    form = {"name": name, "language": language, "based_on": "0"}
    assert desk.post("/admin/letters/sitepage/add/", {**form, "markdown": draft}).status_code == 200
    assert desk.post("/admin/letters/sitepage/add/", {**form, "markdown": done}).status_code == 302


def test_unwritten_rules_are_not_public(reader: Reader) -> None:
    for path in ("/rules/", "/accessibility/", "/contact/", "/it/rules/"):
        assert reader.get(path).status_code == 404


def test_an_own_privacy_notice_replaces_the_programs(operator: User, reader: Reader, settings: Settings) -> None:
    assert "we delete the signature after 14 days" in words(reader.get("/privacy/"))
    save(operator, "We delete it after {confirmation_time}. Write to {operator_contact}.", name=Name.PRIVACY)
    settings.OPERATOR_CONTACT = {"url": "https://example.org/us", "shown": "https://example.org/us"}
    settings.CONFIRMATION_DAYS = 1
    page = reader.get("/privacy/").content.decode()
    assert "We delete it after 1 day." in page
    assert 'href="https://example.org/us"' in page
    assert "we delete the signature after" not in page
    # Not the program's text in Italian, which would promise something else.
    assert "We delete it after 1 giorno" not in reader.get("/it/privacy/").content.decode()
    assert "We delete it after 1 day." in reader.get("/it/privacy/").content.decode()


def test_no_text_of_the_operator_loads_anything_or_runs_a_script(operator: User, reader: Reader) -> None:
    save(operator, "<script>alert(1)</script> ![x](https://example.org/x.png) [y](javascript:alert)")
    page = reader.get("/imprint/").content.decode().split('class="by-operator"')[1]
    assert "<script" not in page.split("</main>")[0]
    assert "<img" not in page
    assert 'href="javascript' not in page
