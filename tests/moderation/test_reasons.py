"""The site's list of reasons for rejecting a signature: staff change it, and earlier decisions keep their words."""

import re
from typing import Any

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, RejectionReason, ReviewDecision, Signature, User
from letters.moderator.moderation.operations import (
    ReasonWords,
    add_first_reasons,
    reject_signatures,
    set_reason,
    undo_decision,
)
from letters.moderator.moderation.queries import MAX_REASONS, active_reasons
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.interface_languages import ALL
from tests.people import NOW, Reader, browser_of, words

pytestmark = pytest.mark.django_db

WORDS = ReasonWords({"en": "Satire", "it": "Satira"}, {"en": "It looks like a joke.", "it": "Sembra uno scherzo."})
ADMIN = "/admin/letters/rejectionreason/"


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief@example.org")


def labels() -> list[str]:
    return [str(reason) for reason in active_reasons()]


def decision(letter: Letter, by: User, code: str) -> ReviewDecision:
    signature = letter.signatures.filter(state=Signature.State.HELD).order_by("pk")[0]
    reject_signatures(letter, [signature.pk], reason="", code=code, by=by, now=NOW)
    return ReviewDecision.objects.get(signature=signature)


def test_a_site_begins_with_four_reasons_in_every_interface_language() -> None:
    reasons = active_reasons()
    assert [each.code for each in reasons] == ["not_a_person", "someone_else", "abuse", "twice"]
    assert {tuple(sorted(each.sentences)) for each in reasons} == {tuple(sorted(ALL))}
    assert reasons[0].label_in("it") == "Non è una persona"
    assert reasons[0].label_in("pt") == "Not a person"
    add_first_reasons(now=NOW)
    assert len(active_reasons()) == 4


def test_the_first_reasons_get_the_words_of_new_languages_unless_they_were_changed() -> None:
    for code, label in (("abuse", "Insult or advertisement"), ("twice", "Twice")):
        words = {"en": label, "it": "Come prima"}
        RejectionReason.objects.filter(code=code).update(labels=words)
    add_first_reasons(now=NOW)
    abuse, twice = (RejectionReason.objects.get(code=code) for code in ("abuse", "twice"))
    assert set(abuse.labels) == set(ALL)
    assert abuse.label_in("it") == "Come prima"
    assert twice.labels == {"en": "Twice", "it": "Come prima"}


def test_the_queue_offers_the_reasons_in_order_and_in_the_language_of_the_moderator(
    reviewed: Letter, moderator: User, chief: User
) -> None:
    RejectionReason.objects.update(position=2)
    set_reason("satire", WORDS, position=1, by=chief, now=NOW)
    desk = Client()
    desk.force_login(moderator)
    page = desk.get("/moderate/").content.decode()
    assert page.index("Satire") < page.index("Not a person")
    assert "Satira" in desk.get("/moderate/", headers={"Accept-Language": "it"}).content.decode()


def test_a_decision_keeps_its_words_when_staff_change_them(reviewed: Letter, moderator: User, chief: User) -> None:
    set_reason("satire", WORDS, position=5, by=chief, now=NOW)
    old = decision(reviewed, moderator, "satire")
    set_reason("satire", ReasonWords({"en": "Joke"}, {"en": "We do not laugh."}), position=5, by=chief, now=NOW)
    new = decision(reviewed, moderator, "satire")
    assert labels()[-1] == "Joke"
    assert old.because is not None
    assert new.because is not None
    assert (old.because.sentence_in("it"), new.because.sentence_in("it")) == ("Sembra uno scherzo.", "We do not laugh.")
    reasons = AuditEvent.objects.filter(verb="reject_signature").order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["Satire", "Joke"]


def test_a_retired_reason_cannot_be_chosen_and_can_come_back(reviewed: Letter, moderator: User, chief: User) -> None:
    satire = set_reason("satire", WORDS, position=5, by=chief, now=NOW)
    set_reason("satire", WORDS, position=5, is_retired=True, by=chief, now=NOW)
    assert "Satire" not in labels()
    with pytest.raises(Refused, match="reason_retired"):
        decision(reviewed, moderator, "satire")
    set_reason("satire", WORDS, position=5, by=chief, now=NOW)
    assert decision(reviewed, moderator, "satire").because == satire


def test_a_page_that_was_open_when_a_reason_was_retired_says_so(reviewed: Letter, moderator: User, chief: User) -> None:
    desk = Client()
    desk.force_login(moderator)
    page = desk.get("/moderate/").content.decode()
    item = page.split('name="item" value="')[1].split('"')[0]
    retire(chief, "abuse")
    answer = desk.post("/moderate/decide/", {"item": item, "reject": "abuse"}, follow=True)
    assert "This reason is no longer on the list. Reload this page, then select another one." in words(answer)
    assert not ReviewDecision.objects.exists()


def retire(chief: User, code: str) -> None:
    old = RejectionReason.objects.get(code=code)
    same = ReasonWords(old.labels, old.sentences)
    set_reason(code, same, position=old.position, is_retired=True, by=chief, now=NOW)


def test_the_lists_know_a_reason_by_its_words(reviewed: Letter, moderator: User) -> None:
    desk = Client()
    desk.force_login(moderator)
    address = f"/moderate/{reviewed.slug}/"
    page = desk.get(address).content.decode()
    assert '<option value="Insult or advertisement">' in page
    handle = page.split('name="ticked" value="')[1].split('"')[0]
    desk.post(address, {"reject": handle, f"reason-{handle}": "insult or advertisement"})
    decided = ReviewDecision.objects.get()
    assert (decided.reason, decided.note) == ("abuse", "")
    assert decided.because is not None


def control_page(signature: Signature) -> str:
    return words(Reader().get(signature.link("manage", now=NOW)))


def decided(letter: Letter, by: User, **why: Any) -> Signature:
    signature = letter.signatures.order_by("pk")[0]
    reject_signatures(letter, [signature.pk], by=by, now=NOW, **{"reason": "", **why})
    signature.refresh_from_db()
    return signature


def test_the_signer_reads_the_reason_behind_the_control_link(reviewed: Letter, moderator: User) -> None:
    signature = decided(reviewed, moderator, code="twice", reason="Same as Lovelace")
    page = control_page(signature)
    assert "Their reason: You seem to have signed this letter more than once." in page
    assert "Lovelace" not in page
    link = signature.link("manage", now=NOW)
    stored = Reader().get(f"{link}data.json").json()
    assert stored["removed_because"] == "You seem to have signed this letter more than once."
    assert "Same as" not in str(stored)


def test_the_signer_reads_the_words_of_the_decision_in_their_own_language(
    reviewed: Letter, moderator: User, chief: User
) -> None:
    reviewed.signatures.update(language="it")
    set_reason("satire", WORDS, position=5, by=chief, now=NOW)
    signature = decided(reviewed, moderator, code="satire")
    set_reason("satire", ReasonWords({"en": "Joke"}, {"en": "We do not laugh."}), position=5, by=chief, now=NOW)
    assert "Sembra uno scherzo." in control_page(signature)


def test_what_a_moderator_wrote_for_others_is_not_told(reviewed: Letter, moderator: User) -> None:
    page = control_page(decided(reviewed, moderator, reason="Grace told me that it is a joke"))
    assert "A moderator of this letter has removed it." in page
    assert "Their reason" not in page
    assert "Grace" not in page


def test_a_decision_from_before_the_list_has_the_first_words_of_its_code(reviewed: Letter, moderator: User) -> None:
    signature = decided(reviewed, moderator, code="abuse")
    ReviewDecision.objects.update(because=None)
    assert "It contains an insult or an advertisement." in control_page(signature)


def test_no_reason_is_told_once_the_decision_is_undone_or_made_again(reviewed: Letter, moderator: User) -> None:
    signature = decided(reviewed, moderator, code="abuse")
    undo_decision(ReviewDecision.objects.get(), by=moderator, now=NOW)
    signature.refresh_from_db()
    assert "insult" not in control_page(signature)
    decided(reviewed, moderator, code="twice")
    page = control_page(signature)
    assert "more than once" in page
    assert "insult" not in page


def test_the_reason_goes_when_the_signer_deletes_the_signature(reviewed: Letter, moderator: User) -> None:
    signature = decided(reviewed, moderator, code="abuse")
    link = signature.link("manage", now=NOW)
    withdraw_signature(signature, now=NOW)
    page = words(Reader().get(link))
    assert "insult" not in page
    assert Reader().get(f"{link}data.json").json()["removed_because"] == ""


def test_there_are_no_more_reasons_than_number_keys(chief: User) -> None:
    for number in range(MAX_REASONS - 4):
        set_reason(f"reason_{number}", WORDS, position=9, by=chief, now=NOW)
    with pytest.raises(Refused, match="too_many"):
        set_reason("one_more", WORDS, position=9, by=chief, now=NOW)
    set_reason("one_more", WORDS, position=9, is_retired=True, by=chief, now=NOW)
    desk = Client()
    desk.force_login(chief)
    page = desk.post(f"{ADMIN}add/", typed(code="another"))
    assert "Moderators can choose from 9 reasons. Retire one first." in words(page)


def typed(**more: str | int) -> dict[str, str | int]:
    english = {"label_en": "Satire", "sentence_en": "It looks like a joke."}
    return {"code": "satire", "position": 5, **english, "label_it": "Satira", "sentence_it": "Uno scherzo.", **more}


def test_staff_add_change_and_retire_a_reason_in_the_admin(chief: User) -> None:
    desk = Client()
    desk.force_login(chief)
    assert desk.get(f"{ADMIN}add/").status_code == 200
    assert desk.post(f"{ADMIN}add/", typed()).status_code == 302
    first = RejectionReason.objects.get(code="satire")
    change = f"{ADMIN}{first.pk}/change/"
    assert 'value="Satira"' in desk.get(change).content.decode()
    assert desk.post(change, typed(label_en="Joke")).status_code == 302
    second = RejectionReason.objects.active().get(code="satire")
    assert (second.label_in("en"), second.label_in("it")) == ("Joke", "Satira")
    # The old words are kept, and nobody changes them.
    assert desk.get(change).status_code == 200
    assert desk.post(change, typed()).status_code == 403
    assert desk.post(f"{ADMIN}{second.pk}/change/", typed(label_en="Joke", is_retired="on")).status_code == 302
    assert not RejectionReason.objects.active().filter(code="satire").exists()
    assert desk.post(f"{ADMIN}{second.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditEvent.objects.filter(verb="set_reason", actor=chief).count() == 3
    assert desk.get(ADMIN).status_code == 200


def in_english() -> dict[str, str | int]:
    return {name: value for name, value in typed().items() if not name.endswith("_it")}


def test_a_reason_needs_only_english_words_and_says_them_in_every_language(
    reviewed: Letter, moderator: User, chief: User
) -> None:
    assert browser_of(chief).post(f"{ADMIN}add/", in_english()).status_code == 302
    satire = RejectionReason.objects.get(code="satire")
    assert (satire.labels, satire.sentences) == ({"en": "Satire"}, {"en": "It looks like a joke."})
    desk = browser_of(moderator)
    for language in ALL:
        assert "Satire" in desk.get("/moderate/", headers={"Accept-Language": language}).content.decode()
    reviewed.signatures.update(language="it")
    page = Reader().get(decided(reviewed, moderator, code="satire").link("manage", now=NOW)).content.decode()
    # In Arabic, English words keep their own direction.
    assert "<bdi>It looks like a joke.</bdi>" in page


HEADING = re.compile(r'(<details><summary>)?\s*<h2 [^>]*class="fieldset-heading">([^<]+)</h2>')


def groups_of(response: Any) -> list[str]:
    """Return the headings of a form, those of folded groups in brackets."""
    found = HEADING.findall(response.content.decode())
    return [f"[{name}]" if folded else name for folded, name in found]


def test_the_form_shows_english_and_the_languages_of_the_browser_and_folds_the_rest(chief: User) -> None:
    desk = browser_of(chief)
    page = desk.get(f"{ADMIN}add/", headers={"Accept-Language": "de-CH,it;q=0.8,pt;q=0.5"})
    folded = ["[Français (no words)]", "[Español (no words)]", "[العربية (no words)]"]
    assert groups_of(page) == ["English", "Deutsch", "Italiano", *folded]
    assert 'lang="ar" dir="rtl"' in page.content.decode()
    satire = set_reason("satire", WORDS, position=5, by=chief, now=NOW)
    page = desk.get(f"{ADMIN}{satire.pk}/change/", headers={"Accept-Language": "en"})
    assert groups_of(page)[:3] == ["English", "[Italiano]", "[Français (no words)]"]


def test_what_is_wrong_in_a_folded_language_is_shown(chief: User) -> None:
    page = browser_of(chief).post(f"{ADMIN}add/", {**in_english(), "label_fr": "x" * 41})
    assert "Français (no words)" in groups_of(page)
    assert "[Español (no words)]" in groups_of(page)


def test_folded_words_are_kept_when_english_ones_change(chief: User) -> None:
    desk = browser_of(chief)
    desk.post(f"{ADMIN}add/", typed())
    satire = RejectionReason.objects.get(code="satire")
    shown = desk.get(f"{ADMIN}{satire.pk}/change/").context["adminform"].form
    kept = {name: shown[name].value() for name in shown.fields if name not in {"code", "is_retired"}}
    desk.post(f"{ADMIN}{satire.pk}/change/", {**kept, "label_en": "Joke"})
    assert RejectionReason.objects.active().get(code="satire").labels == {"en": "Joke", "it": "Satira"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"code": "other"}, "“other” stands for a reason that is not on the list. Choose another code."),
        ({"code": "abuse"}, "“abuse” exists already. Change that one, or choose another code."),
        ({"sentence_en": ""}, "This field is required."),
    ],
)
def test_the_admin_explains_what_is_wrong(chief: User, wrong: dict[str, str], sentence: str) -> None:
    desk = Client()
    desk.force_login(chief)
    page = desk.post(f"{ADMIN}add/", typed(**wrong))
    assert page.status_code == 200
    assert sentence in words(page)
    assert RejectionReason.objects.count() == 4


def test_only_staff_who_moderate_the_site_change_the_reasons(moderator: User, organizer: User) -> None:
    for person in (moderator, organizer):
        with pytest.raises(Refused, match="not_yours"):
            set_reason("satire", WORDS, position=1, by=person, now=NOW)
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk@example.org", is_staff=True))
    assert clerk.post(f"{ADMIN}add/", typed()).status_code == 403
