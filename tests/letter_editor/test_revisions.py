"""A published letter is revised: one revision at a time, which readers do not see before it has a public note."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, Revision, Signature, Translation, User
from letters.organizer.letter_editor.operations import (
    Text,
    close_letter,
    discard_revision,
    publish_letter,
    remove_translation,
    start_revision,
    translate_letter,
    withdraw_letter,
    write_text,
)
from letters.shared.refused import Refused
from letters.signer.carry_over.operations import ask_to_carry_over
from tests.conftest import LetterMaker
from tests.people import EN, IT, NOW, Reader, Response, browser_of, publish, sign, sign_and_confirm, words

pytestmark = pytest.mark.django_db

LATER = NOW.replace(year=2026)
LETTER = "/organize/letters/night-trains/"
NEW = Text("en", "Keep every night train", EN.addressee, "All of them.", EN.summary)
WHAT_IS_NEW: dict[str, Any] = {"kind": "substance", "note": "We ask for all of them."}


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


@pytest.fixture
def revised(letter: Letter, organizer: User) -> Letter:
    """A published letter with another text that nobody outside has seen."""
    start_revision(letter, by=organizer, now=LATER)
    translate_letter(letter, text=NEW, by=organizer, now=LATER)
    return letter


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_a_revision_begins_as_a_copy_in_all_languages(letter: Letter, organizer: User) -> None:
    revision = start_revision(letter, by=organizer, now=LATER)
    assert (revision.number, revision.published_at) == (2, None)
    copied = {text.language: text.version for text in revision.translations.all()}
    assert letter.current_revision
    assert copied == {text.language: text.version for text in letter.current_revision.translations.all()}
    assert verbs()[-1] == "start_revision"


def test_starting_another_revision_leads_to_the_existing_one(letter: Letter, organizer: User, teammate: User) -> None:
    first = start_revision(letter, by=organizer, now=LATER)
    assert start_revision(letter, by=teammate, now=LATER) == first
    assert verbs().count("start_revision") == 1


def test_readers_see_the_old_text_until_it_is_published(revised: Letter, organizer: User, reader: Reader) -> None:
    assert EN.title in reader.read(revised)
    assert NEW.title not in reader.read(revised)
    publish_letter(revised, by=organizer, now=LATER, **WHAT_IS_NEW)
    assert NEW.title in reader.read(revised)


def test_publishing_a_revision_says_what_is_new_and_leaves_the_rest(revised: Letter, organizer: User) -> None:
    publish_letter(revised, by=organizer, now=LATER, kind="substance", note=" We ask for all of them. ")
    revision = revised.current_revision
    assert revision
    assert (revision.number, revision.kind, revision.note) == (2, "substance", "We ask for all of them.")
    assert revision.published_at == LATER
    # The date under the letter is still that of its first publication.
    assert (revised.published_at, revised.status, revised.version) == (NOW, "published", 2)
    assert Translation.objects.get(revision__number=1, language="en").title == EN.title


def test_publishing_a_revision_twice_changes_nothing(revised: Letter, organizer: User) -> None:
    publish_letter(revised, by=organizer, now=LATER, **WHAT_IS_NEW)
    before = Letter.objects.values().get(), list(Revision.objects.values()), verbs()
    publish_letter(revised, by=organizer, now=LATER, kind="correction", note="Another")
    assert (Letter.objects.values().get(), list(Revision.objects.values()), verbs()) == before


def test_a_signature_stays_with_the_text_that_its_signer_saw(revised: Letter, organizer: User) -> None:
    before = sign(revised)
    publish_letter(revised, by=organizer, now=LATER, **WHAT_IS_NEW)
    after = sign(Letter.objects.get(), "grace@example.org")
    assert [Signature.objects.get(pk=one.pk).revision.number for one in (before, after)] == [1, 2]


def test_a_closed_letter_can_be_corrected_and_stays_closed(revised: Letter, organizer: User) -> None:
    close_letter(revised, by=organizer, now=LATER)
    typo = replace(EN, body=EN.body.replace("sleeper", "sleeping"))
    translate_letter(revised, text=typo, by=organizer, now=LATER)
    publish_letter(revised, by=organizer, now=LATER, kind="correction", note="A typo.")
    assert revised.status == "closed"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "no_kind"),
        ({"kind": "first", "note": "x"}, "no_kind"),
        ({"kind": "joke", "note": "x"}, "no_kind"),
        ({"kind": "correction"}, "no_note"),
        ({"kind": "correction", "note": " \n"}, "no_note"),
    ],
)
def test_a_revision_without_a_note_is_not_published(
    revised: Letter, organizer: User, said: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        publish_letter(revised, by=organizer, now=LATER, **said)
    revised.refresh_from_db()
    assert revised.version == 1


def test_a_revision_without_a_change_cannot_be_published(letter: Letter, organizer: User) -> None:
    start_revision(letter, by=organizer, now=LATER)
    with pytest.raises(Refused, match="nothing_changed"):
        publish_letter(letter, by=organizer, now=LATER, **WHAT_IS_NEW)


def test_no_public_language_disappears(revised: Letter, organizer: User, desk: Client) -> None:
    with pytest.raises(Refused, match="language_public"):
        remove_translation(revised, language="it", by=organizer, now=LATER)
    Translation.objects.filter(revision__number=2, language="it").delete()
    typed = {"title": NEW.title, "addressee": NEW.addressee, "body": NEW.body, "summary": NEW.summary}
    seen = Translation.objects.get(revision__number=2).version
    page = post(desk, LETTER, **typed, seen=seen, action="publish", **WHAT_IS_NEW)
    assert page.status_code == 409
    assert "The published text also exists in Italiano, but this revision does not." in words(page)
    assert Letter.objects.get().version == 1


def test_the_page_says_which_languages_are_outdated(revised: Letter, desk: Client) -> None:
    typed = {"title": NEW.title, "addressee": NEW.addressee, "body": NEW.body, "summary": NEW.summary}
    assert "will be published as they are: Italiano" in words(desk.get(LETTER))
    seen = Translation.objects.get(revision__number=2, language="en").version
    page = post(desk, LETTER, **typed, seen=seen, action="publish", **WHAT_IS_NEW)
    assert "These translations are older than the original: Italiano." in words(page)
    details = AuditEvent.objects.filter(verb="publish_letter").latest("pk").details
    assert details == {"revision": 2, "kind": "substance", "behind": ["it"]}


def test_a_draft_or_a_withdrawn_letter_cannot_be_revised(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    with pytest.raises(Refused, match="letter_draft"):
        start_revision(letter, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    withdraw_letter(letter, reason="They answered.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="letter_withdrawn"):
        start_revision(letter, by=organizer, now=NOW)


def test_discarding_a_revision_keeps_the_published_text(revised: Letter, organizer: User, reader: Reader) -> None:
    for _ in range(2):
        discard_revision(revised, by=organizer, now=LATER)
    assert [revision.number for revision in revised.revisions.all()] == [1]
    assert verbs().count("discard_revision") == 1
    assert EN.title in reader.read(revised)


def test_a_first_text_cannot_be_discarded(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    discard_revision(letter, by=organizer, now=NOW)
    assert letter.revisions.get().translations.count() == 2


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_nobody_else_can_revise(revised: Letter, who: str, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)
    for act in (
        lambda: start_revision(revised, by=person, now=LATER),
        lambda: discard_revision(revised, by=person, now=LATER),
        lambda: remove_translation(revised, language="it", by=person, now=LATER),
        lambda: write_text(revised, text=NEW, seen="", by=person, now=LATER),
        lambda: publish_letter(revised, by=person, now=LATER, **WHAT_IS_NEW),
    ):
        with pytest.raises(Refused, match="not_yours"):
            act()
    for action in ("start", "discard"):
        assert browser_of(person).post(f"{LETTER}revise/", {"action": action}).status_code == 404
    assert revised.revisions.count() == 2


# Pages


def test_an_organizer_publishes_a_second_revision(letter: Letter, desk: Client, reader: Reader) -> None:
    page = post(desk, f"{LETTER}revise/", action="start")
    assert "A new revision of the text" in words(page)
    typed = {"title": NEW.title, "addressee": NEW.addressee, "body": NEW.body, "summary": ""}
    seen = Translation.objects.get(revision__number=2, language="en").version
    page = post(desk, LETTER, **typed, seen=seen, action="publish")
    assert page.status_code == 422
    assert "Select whether this is a correction or a change of substance." in words(page)
    seen = Translation.objects.get(revision__number=2, language="en").version
    page = post(desk, LETTER, **typed, seen=seen, action="publish", **WHAT_IS_NEW)
    assert "Change the text" in words(page)
    assert NEW.title in reader.read(Letter.objects.get())


def test_a_letter_under_revision_can_still_be_closed_and_withdrawn(revised: Letter, desk: Client) -> None:
    for button in ("Close the letter", "Withdraw this letter", "Discard revision"):
        assert button in words(desk.get(LETTER))
    assert "Reopen the letter" in words(post(desk, f"{LETTER}state/", action="close"))
    page = post(desk, f"{LETTER}withdraw/", reason="They answered.")
    assert "They answered." in words(page)
    assert "Save and publish" not in words(page)


def test_a_button_discards_a_revision(revised: Letter, desk: Client) -> None:
    assert "Change the text" in words(post(desk, f"{LETTER}revise/", action="discard"))
    assert post(desk, f"{LETTER}revise/", action="burn").status_code == 404


def test_words_typed_while_another_member_published_become_a_new_revision(letter: Letter, desk: Client) -> None:
    typed = {"title": "Mine", "addressee": "To all", "body": "My words.", "summary": ""}
    page = post(desk, LETTER, **typed, seen="0123456789abcdef")
    assert page.status_code == 409
    for sentence in ("The letter has been published since you opened this page", "My words.", "Save as a new revision"):
        assert sentence in words(page)
    post(desk, LETTER, **typed, seen=Translation.objects.get(language="en").version, action="revise")
    assert Translation.objects.get(revision__number=2, language="en").body == "My words."
    assert Translation.objects.get(revision__number=2, language="it").title == IT.title


def test_the_top_of_the_page_says_what_is_missing_to_publish(revised: Letter, desk: Client) -> None:
    seen = Translation.objects.get(revision__number=2, language="en").version
    typed = {"title": NEW.title, "addressee": NEW.addressee, "body": NEW.body, "summary": NEW.summary}
    page = desk.post(LETTER, {**typed, "seen": seen, "action": "publish"}).content.decode()
    top = page.split("<textarea")[0]
    assert 'href="#revision_kind_0"' in top
    assert 'id="revision_kind_0"' in page
    assert 'href="#revision_note"' in top
    assert page.count('id="problems"') == 1


# What changed, in every language


def test_readers_and_signers_read_what_changed_in_their_language(
    letter: Letter, organizer: User, reader: Reader
) -> None:
    signature = sign_and_confirm(letter)
    Signature.objects.update(language="it")
    publish(NOW)
    start_revision(letter, by=organizer, now=LATER)
    translate_letter(letter, text=NEW, by=organizer, now=LATER)
    english, italian = "We ask for five lines.", "Chiediamo cinque linee."
    notes = {"it": italian, "fr": "Cinq lignes.", "en": "Not this one."}
    publish_letter(letter, by=organizer, now=LATER, kind="substance", note=english, notes=notes)
    assert Revision.objects.get(number=2).notes == {"it": italian}
    for page in ("letter", "history"):
        assert english in reader.read(letter, page)
        assert f'lang="it" dir="auto">{italian}' in reader.read(letter, page, "it")
        assert english not in reader.read(letter, page, "it")
    assert italian in reader.get(letter.url_of("feed", "it")).content.decode()
    ask_to_carry_over(letter, by=organizer, now=LATER)
    page_of_signer = reader.get(signature.link("carry-over", now=LATER)).content.decode()
    assert italian in page_of_signer
    assert english not in page_of_signer


def test_the_form_asks_for_each_other_language_and_needs_none(revised: Letter, desk: Client, reader: Reader) -> None:
    page = desk.get(LETTER).content.decode()
    assert 'name="note_it"' in page
    assert 'name="note_en"' not in page
    typed = {"title": NEW.title, "addressee": NEW.addressee, "body": NEW.body, "summary": NEW.summary}
    seen = Translation.objects.get(revision__number=2, language="en").version
    post(desk, LETTER, **typed, seen=seen, action="publish", **WHAT_IS_NEW, note_it="Le chiediamo tutte.")
    assert "Le chiediamo tutte." in reader.read(revised, "letter", "it")
    assert "We ask for all of them." in reader.read(revised)
