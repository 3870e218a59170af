"""The site's lists: staff change them in the admin, and every process follows within a minute."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from letters.base.site_lists import operations, queries
from letters.base.site_lists.operations import add_list_entries, remove_list_entry
from letters.models import AuditEvent, Letter, Signature, SiteListEntry, User
from letters.moderator.signals.forms import MAX_LINES, ListEntriesForm
from letters.moderator.signals.queries import current_lists
from letters.moderator.signals.reasons import Reason
from letters.moderator.signals.scoring import Facts, score
from letters.shared.refused import Refused
from tests.people import NOW, Signer, deliver, publish, signature_of, words

pytestmark = pytest.mark.django_db

ADD = "/admin/letters/sitelistentry/add/"
List = SiteListEntry.List


@pytest.fixture(autouse=True)
def fresh() -> None:
    queries.look_again()


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief@example.org")


def form_of(name: str, entries: str, **more: str) -> ListEntriesForm:
    return ListEntriesForm({"list": name, "entries": entries, **more})


def wrong(name: str, entries: str, **more: str) -> list[str]:
    return [*form_of(name, entries, **more).errors.get("entries", [])]


def add(chief: User, name: str, entries: str, **more: str) -> int:
    form = form_of(name, entries, **more)
    assert form.is_valid(), form.errors
    added = add_list_entries(form.found, by=chief, now=NOW)
    queries.look_again()
    return added


def reasons_of(**facts: Any) -> tuple[Reason, ...]:
    return score(Facts(**facts), current_lists()).reasons


def test_an_added_name_is_watched_and_a_removed_one_is_not(chief: User) -> None:
    assert Reason.WATCHED_NAME not in reasons_of(name="Ilse Marwick")
    add(chief, "names", "Ilse Marwick\nJan de Vries-Okoro")
    assert Reason.WATCHED_NAME in reasons_of(name="ilse MARWICK")
    assert Reason.WATCHED_NAME in reasons_of(name="Elon Musk")
    add(chief, "names", "Elon Musk", is_removed="yes")
    assert Reason.WATCHED_NAME not in reasons_of(name="Elon Musk")


def test_an_added_word_is_abusive_whatever_its_language(chief: User) -> None:
    add(chief, "abusive", "Blödmann\nweg mit dir", language="de")
    assert Reason.ABUSE in reasons_of(name="Ada", comment="So ein BLODMANN!")
    assert Reason.ABUSE in reasons_of(name="Ada", comment="Weg mit dir.")
    assert SiteListEntry.objects.get(text="Blödmann").language == "de"


def test_signatures_from_a_disposable_domain_and_from_its_subdomains_are_held(
    chief: User, letter: Letter, signer: Signer
) -> None:
    add(chief, "throwaway", "@Gone-Tomorrow.example")
    signer.sign(letter, email="ada@mx.gone-tomorrow.example")
    deliver()
    assert "unless a moderator reviews it first" in words(signer.confirm())
    publish()
    assert signature_of(letter, "ada@mx.gone-tomorrow.example").concern == Signature.Concern.DISPOSABLE


def test_a_domain_that_the_site_trusts_is_not_disposable(chief: User) -> None:
    assert queries.is_throwaway("x.mailinator.com")
    add(chief, "throwaway", "mailinator.com", is_removed="yes")
    assert not queries.is_throwaway("x.mailinator.com")
    assert not queries.is_throwaway("mailinator.com")


def test_the_form_asks_about_a_mistyped_domain_of_the_list(chief: User, letter: Letter, signer: Signer) -> None:
    add(chief, "typos", "univ-exmaple.edu  univ-example.edu")
    page = signer.sign(letter, email="ada@univ-exmaple.edu")
    assert page.status_code == 422
    assert "ada@univ-example.edu" in words(page)


def test_nobody_is_asked_about_a_domain_that_staff_removed(chief: User) -> None:
    assert queries.meant_by("ada@gmial.com") == "ada@gmail.com"
    add(chief, "typos", "gmial.com", is_removed="yes")
    assert queries.meant_by("ada@gmial.com") == ""


def test_another_process_follows_within_a_minute_and_asks_once_in_between(
    chief: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = 1000.0
    monkeypatch.setattr("letters.base.site_lists.queries.time.monotonic", lambda: now)
    assert not queries.is_throwaway("gone.example")
    SiteListEntry.objects.create(list="throwaway", text="gone.example", added_at=NOW)
    with django_assert_num_queries(0):
        assert not queries.is_throwaway("gone.example")
    now += 60
    with django_assert_num_queries(2):
        assert queries.is_throwaway("gone.example")
    now += 60
    with django_assert_num_queries(1):  # Nothing has changed.
        assert queries.is_throwaway("gone.example")


def test_the_process_that_changed_a_list_follows_at_once(
    chief: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert not queries.is_throwaway("gone.example")
    with django_capture_on_commit_callbacks(execute=True):
        add_list_entries(form_of_found("throwaway", "gone.example"), by=chief, now=NOW)
    assert queries.is_throwaway("gone.example")
    with django_capture_on_commit_callbacks(execute=True):
        remove_list_entry(SiteListEntry.objects.get(), by=chief, now=NOW)
    assert not queries.is_throwaway("gone.example")


def form_of_found(name: str, entries: str) -> list[SiteListEntry]:
    form = form_of(name, entries)
    assert form.is_valid(), form.errors
    return form.found


@pytest.mark.parametrize(
    ("name", "line", "sentence"),
    [
        ("names", "?!", "Line 1: “?!” is not a name. Enter at least two letters."),
        ("names", "Elon  MUSK", "Line 1: “Elon MUSK” is already on the list that the site begins with."),
        ("names", "x" * 101, "Line 1: It is longer than 100 characters."),
        ("names", "Ada\u202eLovelace", "Line 1: It contains characters that nobody can read. Type it again."),
        ("abusive", "a", "Line 1: “a” would be found in nearly every text. Enter a longer word."),
        ("abusive", "one two three four five", "Line 1: “one two three four five” has more than 4 words."),
        ("throwaway", "not a domain", "Line 1: “not a domain” is not a domain. Enter one like example.org."),
        ("throwaway", "co.uk", "Line 1: “co.uk” would mean every domain that ends with it. Enter a longer one."),
        ("throwaway", "gmail.com", "Line 1: gmail.com is a large provider. All its addresses would be held."),
        ("throwaway", "mailinator.com", "Line 1: “mailinator.com” is already on the list that the site begins with."),
        ("typos", "gmial.con", "Line 1: Enter the wrong domain, a space, and the right one: gmial.con example.org."),
        ("typos", "gmail.com gmx.de", "Line 1: gmail.com is a large provider, so its addresses are right."),
        ("typos", "a.example a.example", "Line 1: Both domains are the same."),
    ],
)
def test_a_line_that_cannot_be_used_is_explained(name: str, line: str, sentence: str) -> None:
    assert wrong(name, line) == [sentence]


@pytest.mark.parametrize(
    ("name", "line", "sentence"),
    [
        ("names", "Ilse Marwick", "Line 1: “Ilse Marwick” is not on the list that the site begins with."),
        ("abusive", "Blümchen", "Line 1: “Blümchen” is not on the list that the site begins with."),
        ("throwaway", "good.example", "Line 1: “good.example” is not on the list that the site begins with."),
        ("typos", "good.example", "Line 1: The site does not ask about “good.example” anyway."),
    ],
)
def test_only_an_entry_that_the_site_comes_with_can_be_removed(name: str, line: str, sentence: str) -> None:
    assert wrong(name, line, is_removed="yes") == [sentence]


def test_one_wrong_line_among_others_is_named_and_nothing_is_added() -> None:
    assert wrong("throwaway", "one.example\n\nno\ntwo.example") == [
        "Line 2: “no” is not a domain. Enter one like example.org."
    ]


def test_no_more_than_a_bounded_number_of_lines_is_read() -> None:
    lines = "\n".join(f"d{number}.example" for number in range(MAX_LINES + 1))
    assert wrong("throwaway", lines) == [f"Enter at most 500 lines at a time. You entered {MAX_LINES + 1}."]


def test_a_list_cannot_grow_without_end(chief: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_ENTRIES", 2)
    add(chief, "throwaway", "one.example\ntwo.example")
    assert add(chief, "throwaway", "one.example") == 0
    with pytest.raises(Refused, match="too_many"):
        add(chief, "throwaway", "three.example")
    add(chief, "names", "Ilse Marwick")


def test_the_admin_explains_a_list_that_is_full(chief: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letters.moderator.signals.forms.MAX_ENTRIES", 1)
    desk = Client()
    desk.force_login(chief)
    page = desk.post(ADD, {"list": "throwaway", "entries": "one.example\ntwo.example"})
    assert "This list can have 1 entries, and it has 0. Delete some first." in page.content.decode()
    assert not SiteListEntry.objects.exists()


def test_every_change_is_recorded(chief: User) -> None:
    add(chief, "typos", "univ-exmaple.edu univ-example.edu")
    remove_list_entry(SiteListEntry.objects.get(), by=chief, now=NOW)
    added, removed = AuditEvent.objects.filter(object_kind="sitelistentry").order_by("pk")
    assert (added.verb, removed.verb) == ("add_list_entry", "remove_list_entry")
    assert added.actor == removed.actor == chief
    told = {"list": "typos", "text": "univ-exmaple.edu", "meant": "univ-example.edu", "language": "", "removed": False}
    assert added.details == removed.details == told


def test_staff_who_moderate_the_site_change_the_lists_in_the_admin_and_nobody_else(letter: Letter) -> None:
    def client(address: str, **role: Any) -> Client:
        desk = Client()
        desk.force_login(User.objects.create_user(address, **role))
        return desk

    entry = {"list": "names", "entries": "Ilse Marwick\nJan Okoro", "reason": "Seen on another site"}
    clerk = client("clerk@example.org", is_staff=True)
    moderator = client("moderator@example.org", moderates_site=True)
    assert clerk.post(ADD, entry).status_code == 403
    assert moderator.post(ADD, entry).status_code == 302  # A redirect to the page for signing in to the admin
    assert not SiteListEntry.objects.exists()
    both = client("both@example.org", is_staff=True, moderates_site=True)
    assert both.get(ADD).status_code == 200
    assert both.post(ADD, entry).status_code == 302
    assert sorted(SiteListEntry.objects.values_list("text", flat=True)) == ["Ilse Marwick", "Jan Okoro"]
    assert {event.reason for event in AuditEvent.objects.filter(verb="add_list_entry")} == {"Seen on another site"}
    listed = both.get("/admin/letters/sitelistentry/?q=marwick").content.decode()
    assert "Ilse Marwick" in listed
    assert "Jan Okoro" not in listed
    one = SiteListEntry.objects.get(text="Ilse Marwick").pk
    assert both.get(f"/admin/letters/sitelistentry/{one}/change/").status_code == 200
    assert clerk.post(f"/admin/letters/sitelistentry/{one}/delete/", {"post": "yes"}).status_code == 403
    assert both.post(f"/admin/letters/sitelistentry/{one}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": SiteListEntry.objects.get().pk, "post": "yes"}
    assert both.post("/admin/letters/sitelistentry/", chosen).status_code == 302
    assert not SiteListEntry.objects.exists()
    assert AuditEvent.objects.filter(verb="remove_list_entry").count() == 2


def test_an_operation_checks_the_role_again(organizer: User) -> None:
    found = form_of_found("names", "Ilse Marwick")
    with pytest.raises(Refused, match="not_yours"):
        add_list_entries(found, by=organizer, now=NOW)
    entry = SiteListEntry.objects.create(list="names", text="Ilse Marwick", added_at=NOW)
    with pytest.raises(Refused, match="not_yours"):
        remove_list_entry(entry, by=organizer, now=NOW)
