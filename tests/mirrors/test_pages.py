"""Readers find the newest copy and those of others; organizers list the copies that others keep."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Bundle, Letter, Mirror, User
from letters.organizer.mirrors.operations import MAX_MIRRORS, add_mirror, remove_mirror
from letters.public.mirrors import files
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.mirrors.conftest import Make
from tests.people import NOW, Reader, Response, add_published, browser_of

ZIP = "/letters/night-trains/mirror.zip"
PAGE = "/letters/night-trains/mirrors/"
DESK = "/organize/letters/night-trains/copies/"
URL = "https://copies.example.org/night-trains/"


def content(answer: Response) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_the_address_of_the_newest_copy_leads_to_a_name_that_means_these_bytes(
    letter: Letter, make: Make, reader: Reader
) -> None:
    add_published(letter, 2)
    path = make(letter)
    found = reader.get(ZIP)
    assert found.status_code == 302
    name = found.headers["Location"]
    assert Bundle.objects.get().sha256[:16] in name
    answer = reader.get(name)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="night-trains-2025-03-03.zip"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    # Privacy: no cache keeps names for longer.
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert content(answer) == path.read_bytes()
    again = reader.get(name, If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304


def test_a_download_that_broke_off_goes_on(letter: Letter, make: Make, reader: Reader) -> None:
    data = make(letter).read_bytes()
    size, name = len(data), reader.get(ZIP).headers["Location"]
    whole = reader.get(name)
    assert (content(whole), whole.headers["Accept-Ranges"]) == (data, "bytes")
    asked = {"bytes=0-9": (0, 10), f"bytes={size - 5}-": (size - 5, size), "bytes=-7": (size - 7, size)}
    asked |= {f"bytes=100-{size + 100}": (100, size), f"bytes=-{size + 1}": (0, size), "bytes=3-3": (3, 4)}
    for header, (start, end) in asked.items():
        part = reader.get(name, Range=header, If_Range=whole.headers["ETag"])
        assert (part.status_code, content(part)) == (206, data[start:end]), header
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - start)
        for kept in ("Cache-Control", "ETag", "Content-Type", "Content-Disposition", "Access-Control-Allow-Origin"):
            assert part.headers[kept] == whole.headers[kept]


def test_readers_get_the_whole_file_if_a_part_would_not_fit_what_they_have(
    letter: Letter, make: Make, reader: Reader
) -> None:
    data = make(letter).read_bytes()
    name = reader.get(ZIP).headers["Location"]
    strange = ["bytes=0-1,4-5", "bytes=9-3", "bytes=-", "bytes=a-", "lines=1-2", f"bytes={'9' * 30}-", "bytes=-5-"]
    for header in strange:
        whole = reader.get(name, Range=header)
        assert (whole.status_code, content(whole)) == (200, data), header
    of_another = reader.get(name, Range="bytes=5-9", If_Range='"another"')
    assert (of_another.status_code, content(of_another)) == (200, data)


def test_a_part_after_the_end_of_the_file_is_refused(letter: Letter, make: Make, reader: Reader) -> None:
    size = len(make(letter).read_bytes())
    for header in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
        refused = reader.get(reader.get(ZIP).headers["Location"], Range=header)
        assert refused.status_code == 416
        assert refused.headers["Content-Range"] == f"bytes */{size}"


def test_an_older_copy_is_gone_as_soon_as_there_is_a_newer_one(letter: Letter, make: Make, reader: Reader) -> None:
    add_published(letter, 2)
    make(letter)
    old = reader.get(ZIP).headers["Location"]
    add_published(letter, 1)
    make(letter, now=NOW + timedelta(minutes=2))
    assert reader.get(old).status_code == 404
    assert reader.get(ZIP).headers["Location"] != old


def test_a_copy_that_is_far_behind_is_not_sent(letter: Letter, make: Make, reader: Reader) -> None:
    make(letter)
    # It was made in 2025, and is sent as long as nothing has changed.
    assert reader.get(ZIP).status_code == 302
    add_published(letter, 1)
    answer = reader.get(ZIP)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "being made" in reader.get(PAGE).content.decode()


def test_a_file_that_is_lost_is_made_again_for_its_reader(
    letter: Letter, make: Make, reader: Reader, woken: list[tuple[object, ...]]
) -> None:
    path = make(letter)
    name, first = reader.get(ZIP).headers["Location"], path.read_bytes()
    path.unlink()
    assert reader.get(name).status_code == 503
    assert woken == [("letters.make_bundle", letter.pk, "exports")]
    make(letter, now=timezone.now())
    assert content(reader.get(name)) == first


def test_the_note_is_sent_once_it_is_signed(letter: Letter, make: Make, reader: Reader) -> None:
    make(letter)
    name = f"{reader.get(ZIP).headers['Location']}.note"
    assert reader.get(name).status_code == 404
    Bundle.objects.update(note="signed\n")
    assert reader.get(name).content == b"signed\n"
    assert name in reader.get(PAGE).content.decode()


def test_nobody_gets_a_copy_of_a_draft_or_of_a_letter_that_was_taken_down(
    draft: LetterMaker, letter: Letter, make: Make, reader: Reader
) -> None:
    secret = draft(slug="secret")
    assert {reader.get(ZIP.replace(letter.slug, secret.slug)).status_code} == {404}
    make(letter)
    name = reader.get(ZIP).headers["Location"]
    Letter.objects.filter(pk=letter.pk).update(status=Letter.Status.TAKEN_DOWN, version=letter.version + 1)
    assert [reader.get(each).status_code for each in (ZIP, name, PAGE)] == [404, 404, 404]


def test_copies_of_a_letter_that_search_engines_should_leave_out_say_so(
    letter: Letter, make: Make, reader: Reader
) -> None:
    make(letter)
    name = reader.get(ZIP).headers["Location"]
    before = reader.get(name)
    Letter.objects.update(indexing="text")
    after = reader.get(name)
    assert "X-Robots-Tag" not in before.headers
    assert after.headers["X-Robots-Tag"] == "noindex"
    # Both are the same file.
    assert content(before) == content(after)


def test_the_page_says_what_was_found_at_each_copy(letter: Letter, make: Make, reader: Reader) -> None:
    make(letter)
    Mirror.objects.create(letter=letter, url=URL, added_at=NOW, check_at=NOW, finding="different", checked_at=NOW)
    Mirror.objects.create(letter=letter, url=f"{URL}two/", added_at=NOW, check_at=NOW)
    page = reader.get(PAGE).content.decode()
    assert "Its record is not the beginning of ours." in page
    assert "We last looked on March 3, 2025." in page
    assert "We have not looked at it yet." in page
    # The next finding is another page, although the letter is the same.
    Mirror.objects.update(finding="same")
    assert "not the beginning of ours" not in reader.get(PAGE).content.decode()
    assert PAGE in reader.read(letter)


# Organizers


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


def test_an_organizer_lists_a_copy_and_removes_it(letter: Letter, desk: Client, reader: Reader) -> None:
    page = desk.post(DESK, {"url": f"{URL}index.html"}, follow=True).content.decode()
    assert "The copy is listed." in page
    assert URL in reader.get(PAGE).content.decode()
    mirror = Mirror.objects.get()
    assert mirror.url == URL
    desk.post(f"{DESK}{mirror.pk}/remove/")
    assert URL not in reader.get(PAGE).content.decode()
    assert [*AuditEvent.objects.order_by("-pk").values_list("verb", "details")[:2]] == [
        ("remove_mirror", {"host": "copies.example.org"}),
        ("add_mirror", {"host": "copies.example.org"}),
    ]


@pytest.mark.parametrize(
    "url", ["http://copies.example.org/", "https://u:p@example.org/", f"{URL}?x=1", "https://example.org:8443/", "x"]
)
def test_only_a_plain_address_is_listed(letter: Letter, desk: Client, url: str) -> None:
    assert desk.post(DESK, {"url": url}).status_code == 422
    assert not Mirror.objects.exists()


def test_a_letter_lists_a_few_copies_of_its_organizers(letter: Letter, organizer: User) -> None:
    for number in range(MAX_MIRRORS):
        add_mirror(letter, url=f"{URL}{number}/", by=organizer, now=NOW)
    # A double click.
    add_mirror(letter, url=f"{URL}0/", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_mirrors"):
        add_mirror(letter, url=f"{URL}more/", by=organizer, now=NOW)


def test_a_draft_lists_none(draft: LetterMaker, organizer: User) -> None:
    with pytest.raises(Refused, match="mirror_not_public"):
        add_mirror(draft(), url=URL, by=organizer, now=NOW)


def test_organizers_do_not_remove_what_the_site_has_named(letter: Letter, organizer: User) -> None:
    mirror = Mirror.objects.create(letter=letter, url=URL, added_at=NOW, check_at=NOW)
    remove_mirror(letter, mirror.pk, by=organizer, now=NOW)
    assert Mirror.objects.exists()


def test_strangers_and_moderators_of_signatures_do_neither(letter: Letter, stranger: User, moderator: User) -> None:
    for person in (stranger, moderator):
        with pytest.raises(Refused, match="not_yours"):
            add_mirror(letter, url=URL, by=person, now=NOW)


def test_the_files_stay_private_to_the_site(letter: Letter, make: Make) -> None:
    assert make(letter).stat().st_mode & 0o777 == 0o600
    assert files.path_of(Bundle.objects.get()).parent.stat().st_mode & 0o777 == 0o700
