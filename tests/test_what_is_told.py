"""Pages and files show no address and no time of the people who trusted the site, and nothing about people who show no
name.

Every public URL and every page and file for organizers is read, after people have signed with times, places and
addresses that occur nowhere else.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from letters.models import Collective, Export, Letter, LetterTally, Membership, OutgoingEmail, Signature, User
from letters.moderator.moderation.operations import reject_signatures
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.exports.tasks import make_exports
from letters.signer.signing.operations import confirm_signature, sign_letter
from tests.carry_over.conftest import change_text
from tests.people import (
    EN,
    NOW,
    Reader,
    Response,
    browser_of,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    submitted_form,
    words,
)

# Each signer has a minute of their own, which occurs in no text of the site.
SIGNED, CONFIRMED, PUBLISHED = (datetime(2025, 3, 3, 17, minute, 43, 123456, tzinfo=UTC) for minute in (13, 19, 37))
# The ways in which a page might write them: 17:13, 5:13 PM, and in Rome's time.
A_TIME = re.compile(r"\b(?:17|5|05|18|6|06):(?:13|19|37)\b")
ADDRESS = re.compile(r"(?:signer|nobody|waits)[\w.]*@example\.org")

LETTER = "/letters/night-trains/"
API = "/api/v1/letters/night-trains/"
PUBLIC = [
    *["/", "/it/", LETTER, f"{LETTER}signatures/", f"{LETTER}signatures.csv", f"{LETTER}history/"],
    *[f"{LETTER}all-signatures.json", f"{LETTER}organisations.json", f"{API}organisations/"],
    *[f"{LETTER}history/1/", f"{LETTER}history/2/", f"{LETTER}count/", f"{LETTER}updates/", f"{LETTER}feed/"],
    *["/api/v1/letters/", f"{API}", f"{API}revisions/1/", f"{API}signatures/", f"{API}count/", f"{API}updates/"],
    *[f"/it{LETTER}", f"/it{LETTER}signatures/", f"/it{LETTER}history/", f"/it{LETTER}feed/"],
]
DESK = "/organize/letters/night-trains/"
LISTS = [f"signatures/?shown={shown}" for shown in ("published", "held", "withdrawn", "rejected")]
ORGANIZERS = [
    *["/organize/", "/moderate/", "/organize/collectives/night-train/", "/organize/collectives/night-train/record/"],
    *[f"{DESK}{page}" for page in ("", "translations/", "pictures/", "settings/", "first-signers/", *LISTS)],
    *[f"{DESK}{page}" for page in ("dashboard/", "updates/", "history/", "exports/", "handover/", "preview/")],
    *[f"/moderate/night-trains/{shown}" for shown in ("", "published/", "rejected/")],
]


@pytest.fixture
def signed(letter: Letter, settings: Settings, tmp_path: Path) -> Letter:
    """Two show their names, one only to organizers; three show none. One waits for an email, one for a moderator."""
    settings.EXPORTS_DIR = tmp_path
    for place, display in enumerate(["public", "organizers", "nobody", "nobody", "nobody"]):
        secret = {"country": "IS", "domain": "told.example", "via": "led.example"} if display == "nobody" else {}
        name = "" if display == "nobody" else f"Signer {place}"
        signature = sign(letter, f"signer{place}@example.org", now=SIGNED, name=name, display=display, **secret)
        Signature.objects.filter(pk=signature.pk).update(state="confirmed", verified="link", confirmed_at=CONFIRMED)
    publish(PUBLISHED)
    rejected = [Signature.objects.get(number=5).pk]
    reject_signatures(letter, ids=rejected, by=_owner(letter), now=NOW, reason="Test")
    sign(letter, "waits@example.org", now=SIGNED, name="", display="nobody", country="IS", domain="told.example")
    held = sign(letter, "nobody.held@example.org", now=SIGNED, name="", display="nobody", country="IS")
    Signature.objects.filter(pk=held.pk).update(state="held", verified="link", confirmed_at=CONFIRMED, concern="domain")
    change_text(letter)
    publish(PUBLISHED)
    letter.refresh_from_db()
    return letter


def _owner(letter: Letter) -> User:
    return User.objects.get(memberships__collective=letter.collective, memberships__role=Membership.Role.OWNER)


def whole(answer: Response) -> str:
    """Return its headers and its content, without Expires, which says when we asked."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "Expires")
    return f"{headers}\n\n{content.decode(errors='replace')}"


def files(letter: Letter, desk: Client) -> Iterator[tuple[str, str]]:
    """Return each file that an organizer can have, as text."""
    wanted = [
        *[Wanted(Export.Kind.SIGNATURES, each) for each in (Export.Format.CSV, Export.Format.XLSX)],
        *[Wanted(Export.Kind.LETTER, Export.Format.PDF, language) for language in ("en", "it")],
    ]
    assert {each.kind for each in wanted} == set(Export.Kind)
    for each in wanted:
        export = ask_export(letter, wanted=each, by=_owner(letter), now=NOW)
        make_exports()
        answer = desk.post(f"{DESK}exports/{export.pk}/file/")
        assert answer.status_code == 200
        data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        if each.format == Export.Format.XLSX:
            with zipfile.ZipFile(io.BytesIO(data)) as book:
                # Except when the file itself was made.
                names = [name for name in book.namelist() if not name.startswith("docProps/")]
                data = b"\n".join(book.read(name) for name in names)
        yield f"{each.kind} {each.format}", data.decode(errors="replace")


def test_every_public_page_of_a_letter_is_among_those_that_are_read() -> None:
    """A new URL under /letters/<slug>/ that is not a step of signing must be added above."""
    steps = {"sign", "link", "translated_sign", "translated_link", "translated_signatures_csv"}
    named = {
        pattern.name
        for urls in get_resolver().url_patterns
        for pattern in getattr(urls, "url_patterns", [urls])
        if "letters/<slug:slug>/" in str(pattern.pattern) and not str(pattern.pattern).startswith("organize/")
    }
    read = {"letter", "signatures", "signatures_csv", "history", "past_text", "count", "updates", "update", "feed"}
    assert named - steps - {f"translated_{name}" for name in read} <= read


@pytest.mark.parametrize("page", PUBLIC)
def test_no_public_page_shows_the_time_of_a_signature(signed: Letter, reader: Reader, page: str) -> None:
    Collective.objects.update(timezone="Europe/Rome")
    Letter.objects.update(timezone="Europe/Rome")
    answer = reader.get(page)
    assert answer.status_code == 200
    text = whole(answer)
    assert not A_TIME.search(text)
    assert not ADDRESS.search(text)
    assert "led.example" not in text
    assert "Last-Modified" not in answer.headers


def test_the_public_file_gives_days_in_the_collectives_time_zone(letter: Letter, reader: Reader) -> None:
    Collective.objects.update(timezone="Pacific/Auckland")
    Letter.objects.update(timezone="Pacific/Auckland")
    sign_and_confirm(letter, now=SIGNED)
    publish(PUBLISHED)
    text = whole(reader.get(f"{LETTER}signatures.csv"))
    assert '"2025-03-04"' in text


@pytest.mark.parametrize("part", ["organizer", "moderator"])
@pytest.mark.parametrize("page", ORGANIZERS)
def test_no_page_for_organizers_contains_an_address_or_a_time(
    signed: Letter, part: str, page: str, request: pytest.FixtureRequest
) -> None:
    deliver()
    answer = browser_of(request.getfixturevalue(part)).get(page)
    assert answer.status_code in ({200} if part == "organizer" else {200, 302, 404})
    text = whole(answer)
    assert not ADDRESS.search(text)
    assert not A_TIME.search(text)
    for told in ("Iceland", ">IS ", "told.example", "led.example"):
        assert told not in text


def test_no_file_for_organizers_contains_an_address_or_a_time(signed: Letter, organizer: User) -> None:
    for name, text in files(signed, browser_of(organizer)):
        assert not ADDRESS.search(text), name
        assert not A_TIME.search(text), name
        for told in ("told.example", "led.example", ">IS<", '"IS"'):
            assert told not in text, name


def test_a_file_says_of_nameless_signers_only_that_they_signed_and_which_text(signed: Letter, organizer: User) -> None:
    text = next(text for name, text in files(signed, browser_of(organizer)) if name == "signatures csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    hidden = [row for row in rows if row["display"] == "nobody"]
    assert len(hidden) == 2
    for row in hidden:
        assert {name for name, value in row.items() if value} == {"number", "display", "text", "signed_text"}
        assert row["signed_text"] == "first"


def test_days_in_a_spreadsheet_are_days(signed: Letter, organizer: User) -> None:
    """2025-03-03 is the day 45719 of a spreadsheet; text would be among the shared strings."""
    sheet = next(text for name, text in files(signed, browser_of(organizer)) if name == "signatures xlsx")
    assert re.search(r'<c r="[A-Z]+2" s="1"><v>45719</v></c>', sheet)
    assert "2025-03-03" not in sheet


def test_no_tally_shows_where_a_signer_without_a_name_comes_from(letter: Letter) -> None:
    sign_and_confirm(letter, "named@example.org", country="FR", via="news.example")
    publish(NOW)
    before = set(LetterTally.objects.exclude(value="").values_list("kind", "value", "number"))
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody", country="IS", via="led.example")
    publish(NOW)
    assert set(LetterTally.objects.exclude(value="").values_list("kind", "value", "number")) == before
    assert before


def test_no_mark_reveals_the_language_of_a_signer_without_a_public_name(
    letter: Letter, reader: Reader, organizer: User, settings: Settings, tmp_path: Path
) -> None:
    """A person who corrects one language must not learn from the marks who signed in it."""
    settings.EXPORTS_DIR = tmp_path
    for language in ("en", "it"):
        for display in ("public", "organizers", "nobody"):
            typed = submitted_form(f"{language}.{display}@example.org", display=display)
            sign_letter(letter, submitted=typed, language=language, now=NOW)
            signature = Signature.objects.latest("pk")
            confirm_signature(signature, verified="link", now=NOW)
            publish(NOW)
    change_text(letter, kind="correction", body=EN.body.replace("Four", "The four"))
    corrected, current = "before_correction", "current"
    expected = {"en": [corrected] * 3, "it": [current, corrected, corrected]}
    public = whole(reader.get(f"{LETTER}signatures.csv")).partition("\ufeff")[2]
    for text in (public, dict(files(letter, browser_of(organizer)))["signatures csv"].removeprefix("\ufeff")):
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert [row["signed_text"] for row in rows] == [*expected["en"], *expected["it"]]
    page = words(reader.get(f"{LETTER}signatures/"))
    assert page.count("signed before a correction") == 5


def test_a_new_translation_marks_nobody(letter: Letter, reader: Reader) -> None:
    change_text(letter, languages=("en",))
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    publish(NOW)
    change_text(letter, kind="correction")
    assert "signed before a correction" not in words(reader.get(f"{LETTER}signatures/"))


def test_the_sentence_about_addresses_is_on_every_form_that_asks_for_one(letter: Letter, reader: Reader) -> None:
    """Other tests check what the sentence says: no page, list or file for others contains an address."""
    said = "No page, list or file shows it to the organizers, the moderators or the public"
    assert said in words(reader.get(LETTER))


def test_no_email_to_an_organizer_contains_a_signers_address(signed: Letter) -> None:
    assert not OutgoingEmail.objects.filter(signature=None).exists()
