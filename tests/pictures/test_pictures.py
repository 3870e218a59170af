"""Pictures of a letter: re-encoded, described, served from our own address, and no file can do harm."""

import re
import zlib
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from struct import pack
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from limits import parse
from PIL import Image
from pytest_django import Settings

from letters.models import AuditEvent, Letter, Picture, Translation, User
from letters.organizer.letter_editor.operations import (
    Text,
    publish_letter,
    schedule_letter,
    start_revision,
    translate_letter,
)
from letters.organizer.pictures import forms, operations
from letters.organizer.pictures.operations import add_picture, choose_cover
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from letters.shared.pictures import AT_WORK, Remade, UnusablePicture, remake
from letters.shared.refused import Refused
from letters.shared.text import digest
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Response, browser_of, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

PAGE = "/organize/letters/night-trains/pictures/"


def a_file(kind: str = "PNG", size: tuple[int, int] = (1200, 600), mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else None).save(out, kind, **options)
    return out.getvalue()


def a_bomb(width: int, height: int) -> bytes:
    """A small PNG that claims this size, and really has it once decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


def upload(client: Client, data: bytes, *, alt: str = "A sleeping car", name: str = "a.png", **more: Any) -> Response:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, data), "alt": alt}, follow=True, **more)


def test_a_picture_is_stored_and_served_from_our_own_address(letter: Letter, desk: Client, reader: Reader) -> None:
    page = upload(desk, a_file())
    picture = Picture.objects.get()
    assert (picture.width, picture.height, picture.alt) == (1200, 600, "A sleeping car")
    assert f'value="![A sleeping car]({picture.get_absolute_url()})"' in page.content.decode()
    answer = reader.get(picture.get_absolute_url())
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not answer.cookies
    assert Image.open(BytesIO(answer.content)).size == (1200, 600)
    assert Image.open(BytesIO(reader.get(f"/media/{picture.digest}-800.webp").content)).size == (800, 400)


def test_a_picture_in_a_text_has_its_size_and_a_description(letter: Letter, draft: LetterMaker, desk: Client) -> None:
    other = draft("another")
    upload(desk, a_file(), alt="A [sleeping] car")
    picture = Picture.objects.get()
    text = Text("en", EN.title, EN.addressee, f"See:\n\n{picture.markdown()}")
    organizer = User.objects.get(email="olga@example.org")
    html = translate_letter(other, text=text, by=organizer, now=NOW).html
    url = picture.get_absolute_url()
    assert f'src="{url}"' in html
    for part in ('alt="A [sleeping] car"', 'width="1200"', 'height="600"', 'loading="lazy"', f"{url} 1200w"):
        assert part in html


MODES = {
    "PNG": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"],
    "JPEG": ["RGB", "L", "CMYK", "1"],
    "WEBP": ["RGB", "RGBA", "L", "P"],
    "GIF": ["RGB", "RGBA", "L", "P", "1"],
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_every_common_format_is_accepted(kind: str, mode: str) -> None:
    assert remake(a_file(kind, (90, 60), mode)).width == 90


def test_wide_and_high_pictures_become_smaller() -> None:
    wide, high = remake(a_file(size=(3000, 300))), remake(a_file("GIF", size=(100, 20_000)))
    assert (wide.width, wide.height) == (2000, 200)
    assert high.height == 8000
    assert high.small == b""


def test_camera_data_is_removed_and_the_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Rotated by 90 degrees.
    exif[0x010F] = "Camera of Olga"
    exif.get_ifd(0x8825)[2] = (45.0, 4.0, 0.0)  # The place where it was taken.
    data = a_file("JPEG", (300, 200), exif=exif, comment=b"Olga was here")
    assert b"Olga" in data
    made = remake(data)
    assert (made.width, made.height) == (200, 300)
    again = Image.open(BytesIO(made.full))
    assert not again.getexif()
    assert {"exif", "xmp", "icc_profile", "comment"} & again.info.keys() == set()
    assert b"Olga" not in made.full


def test_the_first_frame_of_an_animation_is_used() -> None:
    out = BytesIO()
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    made = Image.open(BytesIO(remake(out.getvalue()).full))
    assert getattr(made, "n_frames", 1) == 1
    red, _, blue = made.convert("RGB").getpixel((25, 25))  # type: ignore[misc]
    assert red > 200 > blue


UNREADABLE = "We cannot show this file."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", UNREADABLE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", UNREADABLE),
        (b"<!doctype html><script>alert(1)</script>", UNREADABLE),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", UNREADABLE),
        (b"PK\x03\x04" + bytes(1000), UNREADABLE),
        (b"GIF89a", UNREADABLE),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), UNREADABLE),
        (a_file("PNG", (900, 900))[:-2000], UNREADABLE),
        (a_file("JPEG", (900, 900))[:4000], UNREADABLE),
        (a_file("WEBP", (900, 900))[:300], UNREADABLE),
        (a_file("TIFF", (90, 90)), UNREADABLE),
        (a_file("BMP", (90, 90)), UNREADABLE),
        (a_bomb(7000, 7000), "more than 40 megapixels"),
        (a_bomb(10_000, 10_000), "more than 40 megapixels"),
        (a_bomb(60_000, 60_000), "more than 40 megapixels"),
        (a_file() + bytes(10 * 1024 * 1024), "larger than 10 MB"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else f"{value[:8]!r}-{len(value)}",
)
def test_a_file_that_cannot_be_shown_gets_a_sentence(letter: Letter, desk: Client, data: bytes, sentence: str) -> None:
    page = upload(desk, data, name="innocent.png")
    assert page.status_code == 422
    assert sentence in words(page)
    assert not Picture.objects.exists()


def test_fifty_megabytes_are_not_even_read(letter: Letter, desk: Client) -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("it was read")

    length = 50 * 1024 * 1024
    answer = desk.generic("POST", PAGE, content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(length))
    assert answer.status_code == 413
    answer = desk.request(
        REQUEST_METHOD="POST", PATH_INFO=PAGE, CONTENT_LENGTH=str(length), **{"wsgi.input": Endless()}
    )
    assert answer.status_code == 413
    assert "You sent too much" in words(answer)


def test_other_forms_still_accept_only_small_requests(letter: Letter, desk: Client) -> None:
    for path in ("/organize/letters/night-trains/", "/letters/night-trains/pictures/", "/letters/night-trains/sign/"):
        answer = desk.generic("POST", path, bytes(300 * 1024), content_type="text/plain")
        assert answer.status_code == 413


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_picture_without_a_description_is_refused(letter: Letter, desk: Client, alt: str) -> None:
    page = upload(desk, a_file(), alt=alt)
    assert page.status_code == 422
    assert "Describe the picture" in words(page)


def test_the_editor_gets_the_markdown_of_the_picture(letter: Letter, desk: Client) -> None:
    answer = upload(desk, a_file(), headers={"Accept": "application/json"})
    assert answer.json() == {"markdown": Picture.objects.get().markdown()}
    answer = upload(desk, b"<svg/>", headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert UNREADABLE in answer.json()["problem"]


def test_the_same_picture_is_stored_once(letter: Letter, desk: Client) -> None:
    upload(desk, a_file())
    upload(desk, a_file(), alt="Said better")
    assert Picture.objects.get().alt == "Said better"
    assert AuditEvent.objects.filter(verb="add_picture").count() == 1


def test_the_number_of_pictures_is_limited(letter: Letter, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_PICTURES", 1)
    upload(desk, a_file())
    page = upload(desk, a_file(size=(5, 5)))
    assert page.status_code == 422
    assert "This letter has fifty pictures" in words(page)


COVER = "/organize/letters/night-trains/cover/"


def test_a_picture_can_be_put_above_the_letter_and_removed(draft: LetterMaker, desk: Client) -> None:
    letter = draft()
    upload(desk, a_file())
    picture = Picture.objects.get()
    cover = f'<p class="cover"><img src="{picture.get_absolute_url()}" alt="A sleeping car" width="1200" height="600">'
    preview = "/organize/letters/night-trains/preview/"
    assert cover not in desk.get(preview).content.decode()
    desk.post(COVER, {"picture": picture.digest})
    assert cover in desk.get(preview).content.decode()
    english = Translation.objects.filter(revision__letter=letter, language="en")
    assert english.get().fingerprint == digest(EN.title, EN.addressee, EN.body, picture.digest, "A sleeping car").hex()
    desk.post(COVER, {"picture": ""})
    assert cover not in desk.get(preview).content.decode()
    assert english.get().fingerprint == digest(EN.title, EN.addressee, EN.body).hex()
    assert desk.post(COVER, {"picture": "0" * 32}).status_code == 404


def test_a_dropped_picture_is_described_in_the_text_and_so_is_the_cover(draft: LetterMaker, desk: Client) -> None:
    letter = draft()
    answer = desk.post(
        "/organize/letters/night-trains/pictures/",
        {"file": SimpleUploadedFile("a.png", a_file(), "image/png"), "described": "later"},
        headers={"Accept": "application/json"},
    )
    picture = Picture.objects.get()
    assert answer.json() == {"markdown": f"![Describe the picture here]({picture.get_absolute_url()})"}
    body = f"Words.\n\n![A \\[red\\] engine]({picture.get_absolute_url()})"
    Translation.objects.filter(revision__letter=letter, language="en").update(body=body)
    desk.post(COVER, {"picture": picture.digest})
    assert letter.revisions.get().cover_alt == "A [red] engine"


def test_the_fingerprint_of_a_text_includes_its_cover(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    picture = add_picture(letter, picture=remake(a_file()), alt="A car", by=organizer, now=NOW)
    choose_cover(letter, digest=picture.digest, by=organizer, now=NOW)
    text = translate_letter(letter, text=EN, by=organizer, now=NOW)
    assert bytes(text.sha256) == digest(EN.title, EN.addressee, EN.body, picture.digest, "A car")


def test_the_cover_of_a_public_text_changes_only_with_a_new_text(
    letter: Letter, organizer: User, desk: Client, reader: Reader
) -> None:
    picture = add_picture(letter, picture=remake(a_file()), alt="A car", by=organizer, now=NOW)
    sign_and_confirm(letter)
    publish(NOW)
    with pytest.raises(Refused, match="revision_published"):
        choose_cover(letter, digest=picture.digest, by=organizer, now=NOW)
    page = desk.post(COVER, {"picture": picture.digest}, follow=True)
    assert "This picture is part of the text that people sign. Start a new revision first." in words(page)
    assert "Show above the letter" not in words(page)
    assert 'class="cover"' not in reader.read(letter)

    start_revision(letter, by=organizer, now=NOW)
    desk.post(COVER, {"picture": picture.digest})
    assert 'class="cover"' not in reader.read(letter)
    with pytest.raises(Refused, match="not_a_correction"):
        publish_letter(letter, by=organizer, now=NOW, kind="correction", note="A picture.")
    publish_letter(letter, by=organizer, now=NOW, kind="substance", note="A picture.")
    assert 'class="cover"' in reader.read(letter)
    assert "signed the first text" in words(reader.get(letter.url_of("signatures")))
    history = words(reader.get(letter.url_of("history")))
    assert digest(EN.title, EN.addressee, EN.body, picture.digest, "A car").hex() in history
    assert 'class="cover"' not in reader.get(letter.url_of("past_text", number=1)).content.decode()
    newest = reader.get(letter.url_of("past_text", number=2))
    assert 'class="cover"' in newest.content.decode()
    assert "A picture was added above the text." in words(newest)


def test_the_description_of_a_published_picture_cannot_change(
    draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    letter = draft()
    picture = add_picture(letter, picture=remake(a_file()), alt="A car", by=organizer, now=NOW)
    choose_cover(letter, digest=picture.digest, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    add_picture(letter, picture=remake(a_file()), alt="Vote for me", by=organizer, now=NOW)
    assert Picture.objects.get().alt == "Vote for me"
    page = reader.read(letter)
    assert 'alt="A car"' in page
    assert "Vote for me" not in page


@pytest.mark.parametrize(
    "change", ["UPDATE letters_revision SET cover_id = NULL", "UPDATE letters_picture SET small = 'x'"]
)
def test_the_database_refuses_to_change_published_pictures(draft: LetterMaker, organizer: User, change: str) -> None:
    letter = draft()
    picture = add_picture(letter, picture=remake(a_file()), alt="A car", by=organizer, now=NOW)
    choose_cover(letter, digest=picture.digest, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize("size", ["1x1", "800", "0x0", "1200x601", "9999x9999"])
def test_a_missing_size_is_a_404(letter: Letter, organizer: User, reader: Reader, size: str) -> None:
    picture = add_picture(letter, picture=remake(a_file(size=(90, 60))), alt="A", by=organizer, now=NOW)
    assert reader.get(f"/media/{picture.digest}-{size}.webp").status_code == 404
    assert reader.get(f"/media/{'0' * 32}-{size}.webp").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.webp",
        "//example.com/a.webp",
        "/media/../admin/",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        f"/media/{'0' * 32}-90x60.webp?x",
        f"https://example.com/media/{'0' * 32}-90x60.webp",
        f"/media/{'0' * 32}-90x60.webp\\n",
        f"/media/{'g' * 32}-90x60.webp",
    ],
)
def test_a_picture_from_another_site_becomes_its_description(draft: LetterMaker, organizer: User, address: str) -> None:
    text = Text("en", EN.title, EN.addressee, f'![A car]({address} "x") <img src="{address}">')
    html = translate_letter(draft(), text=text, by=organizer, now=NOW).html
    assert "<img" not in html
    assert re.search("A car", html)


def test_nobody_else_can_add_a_picture(letter: Letter, stranger: User, moderator: User) -> None:
    made = Remade(1, 1, b"x", b"")
    for person in (stranger, moderator):
        assert browser_of(person).get(PAGE).status_code == 404
        assert upload(browser_of(person), a_file()).status_code == 404
        for act in (
            lambda by: add_picture(letter, picture=made, alt="A", by=by, now=NOW),
            lambda by: choose_cover(letter, digest="", by=by, now=NOW),
        ):
            with pytest.raises(Refused, match="not_yours"):
                act(person)
    assert not Picture.objects.exists()


def test_a_page_with_pictures_reads_no_image_data(
    letter: Letter, organizer: User, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for width in range(1, 6):
        add_picture(letter, picture=remake(a_file(size=(width, 5))), alt="A", by=organizer, now=NOW)
    with django_assert_max_num_queries(8) as asked:
        desk.get(PAGE)
    assert not any('"full"' in query["sql"] for query in asked.captured_queries)


def test_several_uploads_at_once_do_not_hold_every_thread(letter: Letter, desk: Client) -> None:
    """A small file can be a picture that takes seconds and hundreds of megabytes."""
    with AT_WORK:
        answer = upload(desk, a_file())
    assert answer.status_code == 422
    assert "Try again in a few seconds." in words(answer)
    assert upload(desk, a_file()).status_code == 200


def test_the_next_file_is_accepted_after_a_bad_one(letter: Letter, desk: Client) -> None:
    assert upload(desk, b"none").status_code == 422
    assert upload(desk, a_file()).status_code == 200


@pytest.mark.parametrize("digest", ["\x00", "x" * 32, "0" * 33, "0" * 32])
def test_only_a_picture_of_the_letter_can_be_its_cover(letter: Letter, desk: Client, digest: str) -> None:
    assert desk.post("/organize/letters/night-trains/cover/", {"picture": digest}).status_code == 404


# File after file


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the length of each decoded file; all are refused."""
    found: list[int] = []

    def refuse(data: bytes) -> Remade:
        found.append(len(data))
        raise UnusablePicture("unreadable")

    monkeypatch.setattr(forms, "remake", refuse)
    return found


@pytest.mark.parametrize("limit", ["LIMIT_PICTURES", "LIMIT_PICTURES_NETWORK"])
def test_refused_pictures_are_counted_and_soon_not_even_decoded(
    letter: Letter, desk: Client, settings: Settings, decoded: list[int], limit: str
) -> None:
    setattr(settings, limit, parse("2/hour"))
    pages = [upload(desk, b"no picture") for _ in range(3)]
    assert [page.status_code for page in pages] == [422, 422, 422]
    assert len(decoded) == 2
    assert "You have tried to upload too many pictures. Try again in 60 minutes." in words(pages[2])
    answer = upload(desk, b"no picture", headers={"Accept": "application/json"})
    assert (answer.status_code, len(decoded)) == (422, 2)
    assert "Try again in 60 minutes." in answer.json()["problem"]
    assert not Picture.objects.exists()


def test_another_member_can_still_upload(
    letter: Letter, desk: Client, teammate: User, settings: Settings, decoded: list[int]
) -> None:
    settings.LIMIT_PICTURES = parse("1/hour")
    for client in (desk, desk, browser_of(teammate)):
        upload(client, b"no picture")
    assert len(decoded) == 2


def test_a_form_without_a_file_does_not_count(
    letter: Letter, desk: Client, settings: Settings, decoded: list[int]
) -> None:
    settings.LIMIT_PICTURES = parse("1/hour")
    desk.post(PAGE, {"alt": "A"})
    upload(desk, b"no picture")
    assert len(decoded) == 1


def test_the_limit_leaves_room_for_sixty_pictures_and_as_many_mistakes() -> None:
    assert django_settings.LIMIT_PICTURES.amount >= 2 * operations.MAX_A_DAY


def test_nobody_can_ask_whether_a_draft_shows_a_picture_that_they_have(
    draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    """Its URL cannot be calculated, and differs for each letter."""
    made = remake(a_file())
    one, two = (add_picture(draft(slug), picture=made, alt="A car", by=organizer, now=NOW) for slug in ("a", "b"))
    assert one.digest != two.digest
    assert sha256(made.full).hexdigest()[:32] not in {one.digest, two.digest}


@pytest.mark.parametrize("asks", ["Describe the picture here", "Descrivi qui l\u2019immagine"])
def test_a_picture_that_nobody_has_described_is_not_published(draft: LetterMaker, organizer: User, asks: str) -> None:
    """The words that ask for a description are found in every language: any member may have uploaded it."""
    letter = draft("sleepers")
    Translation.objects.filter(revision__letter=letter).update(body=f"![{asks}](/media/{'0' * 32}-40x20.webp)")
    with pytest.raises(Refused, match="picture_not_described"):
        publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="picture_not_described"):
        schedule_letter(letter, at=NOW + timedelta(days=1), by=organizer, now=NOW)
    Translation.objects.filter(revision__letter=letter).update(body=f"![A train](/media/{'0' * 32}-40x20.webp)")
    publish_letter(letter, by=organizer, now=NOW)


def test_the_page_says_that_a_picture_has_no_description(draft: LetterMaker, organizer: User) -> None:
    letter, desk = draft("sleepers"), browser_of(organizer)
    text = letter.revisions.get().translations.get(language="en")
    typed = {"title": text.title, "addressee": text.addressee, "summary": "", "seen": text.version}
    body = f"![Describe the picture here](/media/{'0' * 32}-40x20.webp)"
    page = desk.post("/organize/letters/sleepers/", {**typed, "body": body, "action": "publish"}, follow=True)
    assert "A picture has no description yet." in words(page)
    text.refresh_from_db()
    assert text.body == body


def test_an_update_with_a_picture_that_nobody_has_described_is_not_sent(letter: Letter, organizer: User) -> None:
    body = f"![Describe the picture here](/media/{'0' * 32}-40x20.webp)"
    update = write_update(letter, text=UpdateText(title="News", body=body, language="en"), by=organizer, now=NOW)
    with pytest.raises(Refused, match="picture_not_described"):
        send_update(update, seen=update.whole_version, by=organizer, now=NOW)
