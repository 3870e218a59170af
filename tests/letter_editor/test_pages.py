"""An organizer's first letter: from nothing to its public page, and what can be done with it afterwards."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from letters.base.outbox.mail import SendResult, Verdict
from letters.base.outbox.operations import settle_email
from letters.models import AuditEvent, Collective, Letter, OutgoingEmail, Translation, User
from letters.organizer.letter_editor.operations import Text, free_slug, publish_letter, write_text
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Response, Signer, browser_of, sign, words

pytestmark = pytest.mark.django_db

ANSWERS = {
    "addressee": "To the council",
    "title": "Keep the library open",
    "body": "Five evenings a week.\n\nIt is **ours**.",
    "collective": "Readers of the Old Town",
    "language": "en",
}
LETTER = "/organize/letters/night-trains/"


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


# From nothing to a live letter


def test_a_few_answers_and_a_button_make_a_live_letter_that_others_sign(desk: Client, signer: Signer) -> None:
    page = post(desk, "/organize/new/", **ANSWERS)
    assert "Draft Only your collective can see it." in words(page)
    assert signer.get("/letters/keep-the-library-open/").status_code == 404
    assert "It is ours" in words(desk.get("/organize/letters/keep-the-library-open/preview/"))
    typed = {**ANSWERS, "body": "Six evenings a week.", "seen": Translation.objects.get().version}
    post(desk, "/organize/letters/keep-the-library-open/", **typed, action="publish")
    assert "Six evenings a week." in words(signer.get("/letters/keep-the-library-open/"))
    assert signer.sign(Letter.objects.get()).status_code == 303


@pytest.mark.parametrize("field", ["addressee", "title", "body", "collective"])
def test_a_missing_field_gets_a_sentence_and_the_rest_is_kept(desk: Client, field: str) -> None:
    page = post(desk, "/organize/new/", **{**ANSWERS, field: " "})
    assert page.status_code == 422
    assert "There is a problem" in words(page)
    kept = next(name for name in ("title", "addressee") if name != field)
    assert f'value="{ANSWERS[kept]}"' in page.content.decode()
    assert not Letter.objects.exists()
    assert not Collective.objects.exists()


def test_a_letter_can_be_started_only_for_ones_own_collective(desk: Client, stranger: User) -> None:
    for body in ("A text.", "Another text."):
        post(desk, "/organize/new/", **{**ANSWERS, "body": body})
    mine = Collective.objects.get(name=ANSWERS["collective"])
    slugs = [letter.slug for letter in mine.letters.order_by("pk")]
    assert slugs == ["keep-the-library-open", "keep-the-library-open-2"]
    post(browser_of(stranger), "/organize/new/", **ANSWERS)
    assert Collective.objects.filter(name=ANSWERS["collective"]).count() == 2
    assert mine.letters.count() == 2


@pytest.mark.parametrize("title", ["🚆", "رسالة مفتوحة", "公开信"])
def test_a_title_without_latin_letters_has_an_address_too(db: None, title: str) -> None:
    assert free_slug(Letter, title).startswith("letter-")


# Writing


def test_a_draft_is_written_and_saved(draft: LetterMaker, desk: Client) -> None:
    draft()
    text = Translation.objects.get(language="en")
    post(desk, LETTER, seen=text.version, title="Another", addressee="To all", body="Anew.", summary="")
    text.refresh_from_db()
    assert (text.title, text.body, text.html) == ("Another", "Anew.", "<p>Anew.</p>\n")


def test_neither_of_two_writers_at_once_loses_a_word(draft: LetterMaker, desk: Client, teammate: User) -> None:
    letter = draft()
    seen = Translation.objects.get(language="en").version
    write_text(letter, text=Text("en", "Theirs", "To all", "What they wrote."), seen=seen, by=teammate, now=NOW)
    page = post(desk, LETTER, seen=seen, title="Mine", addressee="To all", body="What I wrote.", summary="")
    assert page.status_code == 409
    for sentence in ("Another member has saved a different text. Nothing is lost", "What I wrote.", "What they wrote."):
        assert sentence in words(page)
    again = Translation.objects.get(language="en")
    assert again.title == "Theirs"
    assert f'name="seen" value="{again.version}"' in page.content.decode()
    post(desk, LETTER, seen=again.version, title="Both", addressee="To all", body="What we wrote.", summary="")
    assert Translation.objects.get(language="en").title == "Both"


def test_a_text_published_while_a_page_was_open_does_not_change(letter: Letter, organizer: User) -> None:
    seen = Translation.objects.get(language="en").version
    with pytest.raises(Refused, match="revision_published"):
        write_text(letter, text=EN, seen=seen, by=organizer, now=NOW)


def test_the_live_preview_is_what_the_page_will_show_without_script(desk: Client) -> None:
    answer = desk.post("/organize/preview/", {"body": "**Ours** <script>alert(1)</script> [x](javascript:alert(1))"})
    html = answer.json()["html"]
    assert "<strong>Ours</strong>" in html
    assert "<script" not in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_right_to_left_title_does_not_turn_the_words_around_it(desk: Client, language: str) -> None:
    title = "رسالة مفتوحة"
    post(desk, "/organize/new/", **{**ANSWERS, "title": title, "language": language})
    assert f"<bdi>{title}</bdi>" in desk.get("/organize/").content.decode()


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "![x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "| <script> | b |\n|---|---|\n" + "| 1 | 2 |\n" * 100,
    ],
)
def test_hostile_text_is_saved_and_does_nothing(draft: LetterMaker, desk: Client, body: str) -> None:
    draft()
    seen = Translation.objects.get(language="en").version
    page = post(desk, LETTER, seen=seen, title="A title", addressee="To all", body=body, summary="")
    assert page.status_code == 200
    html = Translation.objects.get(language="en").html
    for evil in ("<script", "<img", 'href="javascript', 'href="data'):
        assert evil not in html


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 3000, "This text is too long: it has more than 3,000 lines."),
        ("> " * 2000 + "deep", "This text is too complicated"),
        ("* " * 2000 + "deep", "This text is too complicated"),
        ("[" * 20_000, "This text is too complicated"),
    ],
)
def test_a_text_that_cannot_be_shown_is_not_saved(draft: LetterMaker, desk: Client, body: str, said: str) -> None:
    draft()
    before = Translation.objects.get(language="en")
    page = post(desk, LETTER, seen=before.version, title="A title", addressee="To all", body=body, summary="")
    assert page.status_code == 422
    assert said in words(page)
    assert Translation.objects.get(language="en").version == before.version


def test_the_list_of_letters_runs_the_same_queries_however_many_there_are(
    draft: LetterMaker, desk: Client, moderator: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        publish_letter(draft(f"trains-{number}"), by=User.objects.get(email="olga@example.org"), now=NOW)
    # Two of them look for offers of letters, and one counts what waits for the menu.
    with django_assert_max_num_queries(7):
        assert words(desk.get("/organize/")).count(EN.title) == 5
    reviewer = browser_of(moderator)
    with django_assert_max_num_queries(12):
        assert words(reviewer.get("/moderate/")).count(EN.title) == 5


@pytest.mark.parametrize(
    ("header", "language"), [("it-IT,it;q=0.9", "it"), ("", "en"), ("xx", "en"), ("*", "en"), ("ar;q=0", "ar")]
)
def test_the_language_of_the_browser_is_preselected(desk: Client, header: str, language: str) -> None:
    page = desk.get("/organize/new/", headers={"Accept-Language": header}).content.decode()
    assert f'<option value="{language}" selected>' in page


# Form fields


def settings_of(**changes: Any) -> dict[str, Any]:
    asks = {f"ask_{field}": "off" for field in ("affiliation", "role", "country", "comment")}
    return {"displays": ["public", "nobody"], **asks, **changes}


def test_the_chosen_fields_of_the_form_are_on_the_page(letter: Letter, desk: Client, reader: Reader) -> None:
    fields = settings_of(ask_country="required", goal="500", domains="Example.EDU, example.org", reviewed="on")
    assert "Saved." in words(post(desk, f"{LETTER}settings/", **fields))
    letter.refresh_from_db()
    assert (letter.goal, letter.domains, letter.reviewed) == (500, ["example.edu", "example.org"], True)
    page = reader.read(letter)
    assert 'name="country"' in page
    assert 'name="affiliation"' not in page
    assert "It must be at example.edu or example.org." in page
    changed = AuditEvent.objects.get(verb="set_up_letter").details["changed"]
    assert changed == ["ask_affiliation", "ask_country", "displays", "domains", "goal", "reviewed"]


@pytest.mark.parametrize(("chosen", "stored"), [("30", 30), ("101", 101), (None, 50)])
def test_organizers_choose_from_which_doubt_a_signature_waits(
    letter: Letter, desk: Client, chosen: str | None, stored: int
) -> None:
    page = words(desk.get(f"{LETTER}settings/"))
    assert "Publish, or hold for review from" in page
    assert "never: publish every confirmed signature" in page
    fields = settings_of(**({"hold_from": chosen} if chosen else {}))
    assert "Saved." in words(post(desk, f"{LETTER}settings/", **fields))
    letter.refresh_from_db()
    assert letter.hold_from == stored


def test_no_other_threshold_can_be_chosen(letter: Letter, desk: Client) -> None:
    assert post(desk, f"{LETTER}settings/", **settings_of(hold_from="1")).status_code == 422
    letter.refresh_from_db()
    assert letter.hold_from == 50


@pytest.mark.parametrize(("chosen", "stored"), [("text", "text"), ("nothing", "nothing"), (None, "all")])
def test_organizers_choose_what_search_engines_may_show(
    letter: Letter, desk: Client, chosen: str | None, stored: str
) -> None:
    assert "Search engines may show" in words(desk.get(f"{LETTER}settings/"))
    fields = settings_of(**({"indexing": chosen} if chosen else {}))
    assert "Saved." in words(post(desk, f"{LETTER}settings/", **fields))
    letter.refresh_from_db()
    assert letter.indexing == stored


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"domains": "example"}, "“example” is not a domain."),
        ({"domains": "exa mple.org <b>"}, "is not a domain."),
        ({"displays": []}, "Select at least one choice for signers."),
        (
            {"opens_at": "2026-01-02T10:00", "closes_at": "2026-01-02T09:00"},
            "The letter must close after it opens. Change one of the dates.",
        ),
        ({"goal": "-5"}, "greater than or equal to 0"),
        # In Italy and Germany, this is twelve thousand.
        ({"goal": "12.000"}, "Enter a whole number."),
        ({"goal": "99999999999"}, "less than or equal to"),
        ({"closes_at": "tomorrow"}, "valid date"),
    ],
)
def test_an_impossible_value_gets_a_sentence(
    letter: Letter, desk: Client, changes: dict[str, Any], sentence: str
) -> None:
    page = post(desk, f"{LETTER}settings/", **settings_of(**changes))
    assert page.status_code == 422
    assert sentence in words(page)
    assert not AuditEvent.objects.filter(verb="set_up_letter").exists()


# Closing, reopening, withdrawing


def test_a_letter_can_be_closed_and_reopened(letter: Letter, desk: Client, signer: Signer) -> None:
    post(desk, f"{LETTER}state/", action="close")
    assert "This letter is closed, so you can no longer sign it." in words(signer.get(letter.get_absolute_url()))
    post(desk, f"{LETTER}state/", action="reopen")
    letter.refresh_from_db()
    assert letter.status == "published"
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["close_letter", "reopen_letter"]


def test_a_withdrawn_letter_says_why_and_stays_withdrawn(letter: Letter, desk: Client, signer: Signer) -> None:
    assert post(desk, f"{LETTER}withdraw/", reason=" ").status_code == 422
    post(desk, f"{LETTER}withdraw/", reason="They have answered <b>us</b>.", confirmation="night-trains")
    page = signer.get(letter.get_absolute_url())
    assert "The people who published this letter have withdrawn it." in words(page)
    assert "They have answered &lt;b&gt;us&lt;/b&gt;." in page.content.decode()
    for action in ("reopen", "close"):
        assert post(desk, f"{LETTER}state/", action=action).status_code == 200
    letter.refresh_from_db()
    assert letter.status == "withdrawn"


def test_organizers_read_that_signatures_wait_because_emails_bounced(letter: Letter, desk: Client) -> None:
    for number in range(10):
        sign(letter, f"closed{number}@example.org")
    assert "whose email bounced" not in words(desk.get(LETTER))
    for outgoing in OutgoingEmail.objects.all():
        settle_email(outgoing, SendResult(Verdict.NEVER, "550"), now=NOW)
    assert "Unconfirmed signatures whose email bounced." in words(desk.get(LETTER))
    assert "550 (10+)." in words(desk.get(LETTER))


# Authority


PAGES = [LETTER, f"{LETTER}preview/", f"{LETTER}settings/"]


@pytest.mark.parametrize("page", ["/organize/", *PAGES])
def test_a_signed_out_person_is_asked_to_sign_in(letter: Letter, page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert f"login/?next={page}" in answer["Location"]


@pytest.mark.parametrize("page", PAGES)
def test_strangers_and_moderators_get_a_404(
    letter: Letter, stranger: User, moderator: User, teammate: User, page: str
) -> None:
    for person in (stranger, moderator):
        assert browser_of(person).get(page).status_code == 404
    assert browser_of(teammate).get(page).status_code == 200


@pytest.mark.parametrize(("page", "fields"), [("state/", {"action": "close"}), ("withdraw/", {"reason": "Because"})])
def test_strangers_and_moderators_change_nothing(
    letter: Letter, stranger: User, moderator: User, page: str, fields: dict[str, str]
) -> None:
    for person in (stranger, moderator):
        assert browser_of(person).post(f"{LETTER}{page}", fields).status_code == 404
    letter.refresh_from_db()
    assert letter.status == "published"


@pytest.mark.parametrize("page", ["/organize/", "/organize/new/", "/moderate/", *PAGES])
def test_nobody_writes_without_a_second_factor_if_it_is_required(
    letter: Letter, desk: Client, settings: Settings, page: str
) -> None:
    assert desk.get(page).status_code == 200
    settings.SECOND_FACTOR_REQUIRED = True
    answer = desk.get(page)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")


def test_no_cache_keeps_an_organizers_page(letter: Letter, desk: Client) -> None:
    for page in PAGES:
        assert "no-store" in desk.get(page)["Cache-Control"]
