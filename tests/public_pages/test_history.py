"""The public history: every published text, its differences from the one before, and who signed which."""

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from letters.models import Letter, Revision, Signature
from letters.public.public_pages import caching
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.tasks import recount_letters
from letters.shared.text import digest
from letters.signer.signing.operations import withdraw_signature
from tests.carry_over.conftest import BODY, NOTE, change_text
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, add_confirmed, add_published, publish, words

HISTORY = "/letters/night-trains/history/"
ITALIAN = "/it/letters/night-trains/history/"


def counts(letter: Letter) -> list[int | None]:
    """Return how many signatures each text has."""
    return list(letter.revisions.order_by("number").values_list("signature_count", flat=True))


# The list of texts


def test_every_text_is_listed_the_newest_first_with_what_changed_and_who_signed_it(
    letter: Letter, reader: Reader
) -> None:
    add_published(letter, 3)
    change_text(letter)
    add_published(letter, 2)
    page = reader.get(HISTORY)
    said = words(page)
    assert said.index("Text No. 2") < said.index("Text No. 1")
    assert f"March 4, 2025 · Change of substance 2 signatures {NOTE}" in said
    assert "March 3, 2025 · First text 3 signatures" in said
    assert "2 signed the letter as it is now, 3 an earlier one." in said
    for body in (BODY, EN.body):
        assert digest(EN.title, EN.addressee, body).hex() in said


def test_a_letter_that_never_changed_says_so(letter: Letter, reader: Reader) -> None:
    assert "This letter has one text. It has not changed since it was published." in words(reader.get(HISTORY))


def test_a_text_that_is_being_written_is_not_public(letter: Letter, reader: Reader) -> None:
    Revision.objects.create(letter=letter, number=2, kind="substance", note="A secret plan", created_at=NOW)
    assert "secret plan" not in words(reader.get(HISTORY))
    assert reader.get(f"{HISTORY}2/").status_code == 404


def test_a_correction_makes_no_earlier_text(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    change_text(letter, kind="correction", note="A comma was missing.")
    add_published(letter, 2)
    for page in (HISTORY, letter.get_absolute_url()):
        assert "an earlier one" not in words(reader.get(page))
    assert "Correction: the letter says the same 2 signatures A comma was missing." in words(reader.get(HISTORY))


def test_it_is_in_the_language_of_its_address(letter: Letter, reader: Reader) -> None:
    change_text(letter)
    page = reader.get(ITALIAN).content.decode()
    assert '<html lang="it"' in page
    assert 'href="/it/letters/night-trains/history/2/"' in page
    assert reader.get("/en/letters/night-trains/history/").headers["Location"] == HISTORY
    assert reader.get("/de/letters/night-trains/history/").status_code == 404


@pytest.mark.parametrize("page", [HISTORY, f"{HISTORY}1/"])
def test_a_draft_has_no_history_for_the_public(draft: LetterMaker, reader: Reader, page: str) -> None:
    draft()
    assert reader.get(page).status_code == 404


# One text


def test_a_text_is_shown_as_it_was_beside_what_changed(letter: Letter, reader: Reader) -> None:
    change_text(letter)
    first, second = reader.get(f"{HISTORY}1/"), reader.get(f"{HISTORY}2/")
    assert "Four sleeper lines" in words(first)
    assert "This is an earlier text of the letter." in words(first)
    assert "What changed since" not in words(first)
    assert "Five sleeper lines" in words(second)
    assert "This is the current text of the letter." in words(second)
    assert "What changed since text No. 1" in words(second)
    assert "removed: Four end of removed text added: Five end of added text" in words(second)
    assert re.search(r"<del>.*Four.*</del><ins>.*Five.*</ins> sleeper lines", second.content.decode())


def test_nothing_that_is_typed_becomes_html(letter: Letter, reader: Reader) -> None:
    typed = "<script>alert(1)</script> & [x](javascript:alert(1)) `<i>code</i>`"
    change_text(letter, body=f"{EN.body}\n\n{typed}", note="<b>Why</b>")
    page = reader.get(f"{HISTORY}2/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    compared, _, whole = page.partition("The whole text")
    for shown in (compared, whole):
        assert "alert(1) &amp; [x](javascript:alert(1))" in shown
        assert "&lt;i&gt;code&lt;/i&gt;" in shown
    assert "&lt;b&gt;Why&lt;/b&gt;" in page


def test_a_text_is_compared_with_the_one_before_it_in_the_same_language(letter: Letter, reader: Reader) -> None:
    change_text(letter, languages=("en",))
    change_text(letter, kind="correction", note="In Italian again.")
    page = words(reader.get(f"{ITALIAN}3/"))
    assert "n. 1" in page
    assert "n. 2" not in page
    assert reader.get(f"{ITALIAN}2/").status_code == 404


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999999999", "-1", "x"])
def test_a_text_that_never_was_is_a_404(letter: Letter, reader: Reader, number: str) -> None:
    assert reader.get(f"{HISTORY}{number}/").status_code == 404


# Public pages


@pytest.mark.parametrize("page", [HISTORY, f"{HISTORY}2/"])
def test_any_cache_may_keep_the_history_and_it_needs_no_cookie(letter: Letter, reader: Reader, page: str) -> None:
    change_text(letter)
    answer = reader.get(page)
    assert answer.headers["Cache-Control"] == caching.CACHE_CONTROL
    assert "Set-Cookie" not in answer.headers
    assert "csrf" not in answer.content.decode()
    again = reader.get(page, if_none_match=answer.headers["ETag"])
    assert again.status_code == 304
    assert reader.client.post(page).status_code == 405


def test_a_new_signature_does_not_change_the_etag_of_a_text(letter: Letter, reader: Reader) -> None:
    change_text(letter)
    texts = [reader.get(f"{HISTORY}2/").headers["ETag"], reader.get(HISTORY).headers["ETag"]]
    add_published(letter, 1)
    assert reader.get(f"{HISTORY}2/").headers["ETag"] == texts[0]
    assert reader.get(HISTORY).headers["ETag"] != texts[1]


@pytest.mark.parametrize(("page", "queries"), [(HISTORY, 7), (f"{HISTORY}2/", 7)])
def test_a_page_runs_the_same_queries_however_many_have_signed(
    letter: Letter, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries, page: str, queries: int
) -> None:
    add_published(letter, 40)
    for note in ("One", "Two", "Three"):
        change_text(letter, note=note)
    with django_assert_num_queries(queries) as captured:
        assert reader.get(page).status_code == 200
    assert not [query for query in captured.captured_queries if "letters_signature" in query["sql"]]


# The letter's page and the list


def test_the_letter_says_what_was_changed_and_leads_to_the_history(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    assert HISTORY not in reader.read(letter)
    change_text(letter)
    page = reader.get(letter.get_absolute_url())
    assert f"Changed on March 4, 2025: {NOTE} How the text has changed 0 signed this text, 3 an earlier one." in words(
        page
    )
    assert f'href="{HISTORY}"' in page.content.decode()
    change_text(letter, kind="correction", note="A comma.")
    add_published(letter, 1)
    page = reader.get(letter.get_absolute_url())
    assert (
        "Corrected on March 4, 2025: A comma. How the text has changed 1 signed this text, 3 an earlier one."
        in words(page)
    )


def test_the_list_marks_who_signed_an_earlier_text(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1)
    change_text(letter, kind="correction", note="A comma.")
    add_published(letter, 1)
    assert "signed the first text" not in words(reader.get(letter.url_of("signatures")))
    change_text(letter)
    add_published(letter, 1)
    for page in ("signatures", "letter"):
        said = words(reader.get(letter.url_of(page)))
        assert "3 Signer 3 2 Signer 2 signed the first text 1 Signer 1 signed the first text" in said
    change_text(letter, note="Again.")
    add_published(letter, 1)
    said = words(reader.get(letter.url_of("signatures")))
    assert "4 Signer 4 3 Signer 3 signed an earlier text 2 Signer 2 signed the first text" in said


def test_a_removed_signature_says_nothing_about_its_text(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1)
    change_text(letter)
    withdraw_signature(Signature.objects.get(), now=NOW)
    publish()
    assert "signed the first text" not in words(reader.get(letter.url_of("signatures")))


# The counts


def test_the_sequencer_moves_the_count_of_each_text_with_the_letters_own(letter: Letter) -> None:
    add_confirmed(letter, 3)
    change_text(letter)
    add_confirmed(letter, 2)
    publish()
    assert counts(letter) == [3, 2]
    withdraw_signature(Signature.objects.get(name="Signer 1"), now=NOW)
    Signature.objects.filter(name="Signer 5").update(state="rejected")
    publish()
    assert counts(letter) == [2, 1]
    Signature.objects.filter(name="Signer 5").update(state="published")
    publish()
    assert counts(letter) == [2, 2]


def test_texts_that_are_older_than_their_counts_are_counted_once(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    change_text(letter)
    add_confirmed(letter, 2)
    Revision.objects.update(signature_count=None)
    assert "an earlier one" not in words(reader.get(letter.get_absolute_url()))
    assert letters_behind(now=NOW) == [letter.pk]
    publish()
    assert counts(letter) == [3, 2]
    assert letters_behind(now=NOW) == []
    assert "2 signed this text, 3 an earlier one." in words(reader.get(letter.get_absolute_url()))


def test_the_recount_reports_a_text_whose_count_has_drifted(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
    add_published(letter, 3)
    recount_letters()
    assert caplog.records == []
    Revision.objects.update(signature_count=1)
    recount_letters()
    (line,) = caplog.records
    assert (
        line.getMessage()
        == f"Revision {letter.current_revision_id} shows a count of 1 published signatures, but has 3."
    )
