"""The sample letter: loaded once for a newcomer, never over real data, and clearly marked as a sample."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from letters.models import AuditEvent, Collective, Letter, Signature, SignerContact, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.sample import SIGNATORIES, load_sample
from tests.people import NOW, Reader, publish, words


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("root@example.org")


def load(*arguments: str) -> str:
    said = StringIO()
    call_command("load_sample", *arguments, stdout=said)
    return said.getvalue().strip()


def test_the_sample_is_one_letter_in_two_languages_with_one_count(owner: User, reader: Reader) -> None:
    letter = load_sample(by=owner, now=NOW)
    assert letter
    publish()
    english, italian = reader.get(letter.get_absolute_url()), reader.get(letter.get_absolute_url("it"))
    assert "You tested your model on us for nothing" in words(english)
    assert "Avete collaudato il vostro modello su di noi, per niente" in words(italian)
    for answer in (english, italian):
        assert re.search(rf"\b{len(SIGNATORIES)} (signatures|firme)\b", words(answer))


def test_every_page_of_it_says_that_it_is_invented(owner: User, reader: Reader) -> None:
    letter = load_sample(by=owner, now=NOW)
    assert letter
    publish()
    page = words(reader.get(letter.get_absolute_url()))
    assert "This is a sample. The letter, the company, the collective and the names under it are invented." in page
    assert "a sample: everything in it is invented" in words(reader.get("/"))
    listed = reader.get(letter.url_of("signatures")).content.decode()
    assert listed.count('<span class="sample">sample</span>') == len(SIGNATORIES)


def test_its_signatories_have_no_addresses_and_are_marked(owner: User) -> None:
    load_sample(by=owner, now=NOW)
    assert set(Signature.objects.values_list("verified", "address_hash")) == {("sample", None)}
    assert not SignerContact.objects.exists()


def test_the_sample_is_loaded_once(owner: User) -> None:
    assert load() == "The sample letter is published."
    before = list(Letter.objects.values()), Signature.objects.count(), AuditEvent.objects.count()
    assert "the sample letter was not published" in load()
    assert load_sample(by=owner, now=NOW) is None
    assert (list(Letter.objects.values()), Signature.objects.count(), AuditEvent.objects.count()) == before


def test_the_sample_is_never_loaded_over_real_data(owner: User) -> None:
    create_collective(name="The Club", slug="club", by=owner, now=NOW)
    assert load_sample(by=owner, now=NOW) is None
    assert not Letter.objects.exists()


def test_loading_numbers_its_signatories_at_once(owner: User) -> None:
    load()
    assert Letter.objects.get().signature_count == len(SIGNATORIES)
    assert sorted(number or 0 for number in Signature.objects.values_list("number", flat=True)) == list(
        range(1, len(SIGNATORIES) + 1)
    )


def test_the_owner_of_the_sample_can_be_named_in_upper_or_lower_case(owner: User) -> None:
    other = User.objects.create_user("olga@example.org")
    load("--owner", "OLGA@example.org")
    assert Collective.objects.get().memberships.get().user == other


@pytest.mark.parametrize("arguments", [[], ["--owner", "nobody@example.org"]])
def test_the_command_says_what_to_do_without_an_owner(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="createsuperuser"):
        load(*arguments)
    assert not Letter.objects.exists()
