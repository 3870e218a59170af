"""A collective writes and publishes a letter, and nobody else does so in its name."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from letters.base.changes import operations as changes_operations
from letters.models import AuditEvent, Collective, Letter, Membership, Revision, Translation, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import Text, draft_letter, drafting, publish_letter, translate_letter
from letters.shared.refused import Refused
from letters.shared.text import digest
from tests.conftest import LetterMaker
from tests.people import EN, IT, NOW


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def new_revision(letter: Letter, text: Text, by: User) -> Revision:
    """A second revision, in this language only, not published yet."""
    revision = Revision.objects.create(letter=letter, number=2, created_at=NOW)
    translate_letter(letter, text=text, by=by, now=NOW)
    return revision


def test_the_person_who_creates_a_collective_owns_it(organizer: User) -> None:
    collective = create_collective(name="The Club", slug="club", by=organizer, now=NOW, description="Some people")
    membership = collective.memberships.get()
    assert (membership.user, membership.role) == (organizer, "owner")
    assert collective.description == "Some people"
    assert verbs() == ["create_collective"]


def test_a_draft_holds_what_was_typed_and_the_public_sees_nothing(collective: Collective, organizer: User) -> None:
    letter = draft_letter(collective, slug="trains", text=EN, by=organizer, now=NOW, goal=500)
    text = Translation.objects.get()
    assert (letter.status, letter.language, letter.goal, letter.current_revision) == ("draft", "en", 500, None)
    assert (text.title, text.addressee, text.summary, text.body) == (EN.title, EN.addressee, EN.summary, EN.body)
    assert "<em>sleeper</em>" in text.html
    assert bytes(text.sha256) == digest(EN.title, EN.addressee, EN.body)
    assert not Letter.objects.public().exists()


def test_a_text_can_be_written_again_until_it_is_published(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    translate_letter(letter, text=Text("it", "Altro", "A tutti", "Altro testo."), by=organizer, now=NOW)
    assert Translation.objects.count() == 2
    assert Translation.objects.get(language="it").title == "Altro"
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="revision_published"):
        translate_letter(letter, text=IT, by=organizer, now=NOW)
    assert Translation.objects.get(language="it").title == "Altro"


def test_publishing_shows_the_newest_revision_and_opens_the_letter(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    publish_letter(letter, by=organizer, now=NOW)
    assert (letter.status, letter.published_at, letter.version) == ("published", NOW, 1)
    assert letter.current_revision
    assert letter.current_revision.published_at == NOW
    assert letter.refusal(NOW) == ""


def test_publishing_twice_changes_nothing(letter: Letter, organizer: User) -> None:
    before = Letter.objects.values().get(pk=letter.pk), verbs()
    publish_letter(letter, by=organizer, now=NOW.replace(year=2026))
    assert (Letter.objects.values().get(pk=letter.pk), verbs()) == before


def test_a_revision_without_a_text_in_the_letters_own_language_is_not_published(
    letter: Letter, organizer: User
) -> None:
    new_revision(letter, IT, organizer)
    with pytest.raises(Refused, match="no_text"):
        publish_letter(letter, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.version == 1


def test_a_withdrawn_letter_is_not_published_again(letter: Letter, organizer: User) -> None:
    Letter.objects.update(status="withdrawn")
    with pytest.raises(Refused, match="letter_withdrawn"):
        publish_letter(letter, by=organizer, now=NOW)


# Authority


def all_acts(letter: Letter, by: User) -> dict[str, Any]:
    other = Text("fr", "Autre", "À tous", "Autre texte.")
    return {
        "draft": lambda: draft_letter(letter.collective, slug="another", text=EN, by=by, now=NOW),
        "translate": lambda: translate_letter(letter, text=other, by=by, now=NOW),
        "publish": lambda: publish_letter(letter, by=by, now=NOW),
    }


def test_owners_and_editors_write_in_the_collectives_name(draft: LetterMaker, organizer: User, teammate: User) -> None:
    letter = draft()
    all_acts(letter, teammate)["draft"]()
    all_acts(letter, teammate)["translate"]()
    all_acts(letter, organizer)["publish"]()
    assert set(Letter.objects.values_list("slug", "status")) == {("another", "draft"), ("night-trains", "published")}


@pytest.fixture
def outsiders(stranger: User, moderator: User, teammate: User) -> dict[str, User]:
    """The people without a role in the collective."""
    Membership.objects.filter(user=teammate).delete()
    superuser = User.objects.create_superuser("root@example.org")
    return {"stranger": stranger, "moderator": moderator, "former": teammate, "superuser": superuser}


@pytest.mark.parametrize("act", ["draft", "translate", "publish"])
@pytest.mark.parametrize("who", ["stranger", "moderator", "former", "superuser"])
def test_nobody_else_writes_in_the_collectives_name(
    draft: LetterMaker, outsiders: dict[str, User], who: str, act: str
) -> None:
    letter = draft()
    before = Letter.objects.count(), Translation.objects.count(), verbs()
    with pytest.raises(Refused, match="not_yours"):
        all_acts(letter, outsiders[who])[act]()
    assert (Letter.objects.count(), Translation.objects.count(), verbs()) == before
    letter.refresh_from_db()
    assert letter.status == "draft"


# The record


def test_every_operation_is_recorded_with_the_person_and_the_time(letter: Letter, organizer: User) -> None:
    assert verbs() == ["create_collective", "translate_letter", "draft_letter", "translate_letter", "publish_letter"]
    event = AuditEvent.objects.order_by("pk").last()
    assert event
    assert (event.actor, event.actor_kind, event.at) == (organizer, "user", NOW)
    assert (event.object_kind, event.object_id, event.details) == ("letter", letter.pk, {"revision": 1})


@pytest.mark.parametrize("act", ["draft", "translate", "publish"])
def test_an_operation_that_cannot_be_recorded_is_rolled_back(
    draft: LetterMaker, organizer: User, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    letter = draft()
    before = Letter.objects.count(), Translation.objects.count(), Letter.objects.get(pk=letter.pk).status

    def fail(*arguments: object, **values: object) -> None:
        raise DatabaseError("the record is away")

    for module in (drafting, changes_operations):
        monkeypatch.setattr(module, "record", fail)
    with pytest.raises(DatabaseError), transaction.atomic():
        all_acts(letter, organizer)[act]()
    assert (Letter.objects.count(), Translation.objects.count(), Letter.objects.get(pk=letter.pk).status) == before
