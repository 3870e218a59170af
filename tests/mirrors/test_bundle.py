"""What is in a bundle, and that the same version always makes the same bytes."""

import os
import re
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.conf import settings

from letters.models import Bundle, LedgerEntry, Letter, Signature
from letters.public.mirrors import contents
from letters.signer.signing.operations import Changes, change_signature, withdraw_signature
from tests.carry_over.conftest import change_text
from tests.conftest import LetterMaker
from tests.mirrors.conftest import Make
from tests.people import NOW, Reader, add_confirmed, add_published, publish, sign_and_confirm

LINK = re.compile(r'(?:href|src)="([^"#]*)')
LATER = NOW + timedelta(minutes=2)


def opened(path: Path) -> dict[str, str]:
    """Return the text files of a bundle by name."""
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_a_bundle_holds_the_letter_in_all_languages_with_every_name(
    letter: Letter, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "NUMBERS_ON_PAGE", 2)
    add_published(letter, 3, affiliation="Society of Sleepers")
    add_published(letter, 1, display="organizers", role="Spy")
    files = opened(make(letter))
    assert "Keep the night trains running" in files["index.html"]
    assert "Lasciate correre i treni notturni" in files["index.it.html"]
    assert all(name in files["signatures/1.html"] for name in ("Signer 1", "Signer 2"))
    assert all(name in files["signatures/2.html"] for name in ("Signer 3", "name withheld"))
    assert "Society of Sleepers" in files["signatures.csv"]
    assert {"letter.pdf", "letter.it.pdf", "style/base.css", "style/face/roman.woff2", "SHA256SUMS"} <= files.keys()
    assert not any("Spy" in text for text in files.values())


def test_every_link_leads_to_a_file_of_the_bundle_or_to_the_live_page(letter: Letter, make: Make) -> None:
    add_published(letter, 3)
    files = opened(make(letter))
    live = {f"{settings.SITE_URL}{letter.get_absolute_url(language)}" for language in ("en", "it")}
    followed = 0
    for name, text in files.items():
        if name.endswith(".html"):
            assert not re.search("<form|<script", text) or name.startswith("verify")
            for link in map(unescape, LINK.findall(text)):
                if link not in live and link:
                    target = os.path.normpath(Path(name).parent / link)
                    assert target in files, f"{name} leads to {link}"
                    followed += 1
    assert followed >= 20
    urls = re.findall(r'url\("([^"]+)"\)', files["style/base.css"])
    assert urls
    assert all(f"style/{url}" in files for url in urls)


def test_each_text_that_the_letter_had_is_there_as_its_record_names_it(letter: Letter, make: Make) -> None:
    change_text(letter, body="Let the night trains run to the sea, too.")
    add_published(letter, 1)
    names = [
        entry.split(" ")[2:]
        for entry in LedgerEntry.objects.filter(letter=letter).order_by("index").values_list("data", flat=True)
        if entry.startswith("undersigned/1 text ")
    ]
    assert [(number, language) for number, language, _ in names][:3] == [("1", "en"), ("1", "it"), ("2", "en")]
    with ZipFile(make(letter)) as archive:
        texts = [name for name in archive.namelist() if name.startswith("texts/")]
        assert texts == [f"texts/{number}.{language}.txt" for number, language, _ in names]
        assert [sha256(archive.read(name)).hexdigest() for name in texts] == [named for _, _, named in names]
        assert b"to the sea" in archive.read("texts/2.en.txt")


def test_two_bundles_of_one_version_are_the_same_bytes(letter: Letter, make_with_pdf: Make) -> None:
    add_published(letter, 5)
    path = make_with_pdf(letter)
    first = path.read_bytes()
    path.unlink()
    # The second one is made hours later, on another day.
    again = make_with_pdf(letter, now=NOW + timedelta(days=1, hours=3))
    assert again.name == path.name
    assert again.read_bytes() == first


def test_all_times_in_it_are_midnight_of_its_day(letter: Letter, make: Make) -> None:
    with ZipFile(make(letter)) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(2025, 3, 3, 0, 0, 0)}
    assert {(entry.create_system, entry.external_attr >> 16, entry.extra) for entry in entries} == {(3, 0o100644, b"")}


def test_the_sums_name_every_file(letter: Letter, make: Make) -> None:
    path = make(letter)
    with ZipFile(path) as archive:
        sums = archive.read("SHA256SUMS")
        assert sums.decode().splitlines() == [
            f"{sha256(archive.read(name)).hexdigest()}  {name}" for name in archive.namelist() if name != "SHA256SUMS"
        ]
    bundle = Bundle.objects.get()
    assert bundle.sums_sha256 == sha256(sums).hexdigest()
    assert (bundle.sha256, bundle.size) == (sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def test_a_withdrawn_name_leaves_with_the_next_bundle(letter: Letter, make: Make) -> None:
    add_published(letter, 2)
    before = make(letter)
    withdraw_signature(Signature.objects.get(number=1), now=NOW)
    publish(NOW)
    after = make(letter, now=LATER)
    assert not before.exists()
    files = opened(after)
    assert not any("Signer 1" in text for text in files.values())
    assert "withdrawn" in files["signatures/1.html"]
    assert "Signer 2" in files["signatures/1.html"]


def test_a_hidden_name_leaves_with_the_next_bundle(letter: Letter, make: Make) -> None:
    signature = sign_and_confirm(letter, name="Ada Lovelace")
    publish(NOW)
    assert "Ada Lovelace" in opened(make(letter))["signatures/1.html"]
    hidden = Changes(display="organizers", name="Ada Lovelace")
    change_signature(signature, changes=hidden, now=NOW)
    publish(NOW)
    files = opened(make(letter, now=LATER))
    assert not any("Lovelace" in text for text in files.values())


def test_the_form_says_that_copies_cannot_be_recalled(letter: Letter, reader: Reader) -> None:
    assert "Anyone can copy it, and we cannot recall copies." in reader.read(letter)


def test_a_letter_is_made_into_a_bundle_once_a_minute_at_most(letter: Letter, make: Make) -> None:
    first = make(letter)
    add_published(letter, 1)
    assert make(letter, now=NOW + timedelta(seconds=59)) == first
    assert make(letter, now=NOW + timedelta(seconds=61)) != first


def test_a_letter_that_names_nobody_yet_has_no_list(published: LetterMaker, make: Make) -> None:
    letter = published(names_from=20, closes_at=NOW + timedelta(days=30))
    add_confirmed(letter, 3)
    files = opened(make(letter))
    assert "Nobody is named yet" in files["index.html"]
    assert not [name for name in files if name.startswith("signatures")]
    assert not any("Signer 1" in text for text in files.values())


def test_pages_that_search_engines_should_leave_out_say_so_in_copies(letter: Letter, make: Make) -> None:
    Letter.objects.update(indexing="text")
    files = opened(make(letter))
    assert "noindex" not in files["index.html"]
    assert 'content="noindex"' in files["signatures/1.html"]


def test_a_draft_has_no_bundle(draft: LetterMaker, make: Make) -> None:
    with pytest.raises(Bundle.DoesNotExist):
        make(draft())


def test_a_letter_that_was_taken_down_has_a_bundle_without_a_word_of_it(letter: Letter, make: Make) -> None:
    add_published(letter, 2)
    before = make(letter)
    Letter.objects.update(status=Letter.Status.TAKEN_DOWN, version=letter.version + 1)
    # At once, although the last bundle is a second old.
    after = make(letter, now=NOW + timedelta(seconds=1))
    assert not before.exists()
    files = opened(after)
    assert "has taken this letter down" in files["index.html"]
    assert not any(word in text for text in files.values() for word in ("night trains", "Signer", "Friends"))
