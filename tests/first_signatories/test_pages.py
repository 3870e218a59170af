"""The organizers' pages about first signatories: upload a list, check the columns, follow the invitations."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.base.accounts import queries as account_queries
from letters.models import Letter, SignatoryList, Signature, SignerContact, User
from letters.shared.addresses import decrypt, encrypt
from tests.first_signatories.conftest import Inviter
from tests.first_signatories.test_signatory_import import FORM, a_workbook, short
from tests.people import Response, browser_of, signature_of, words

PAGE = "/organize/letters/night-trains/first-signers/"
LIST = f"{PAGE}list/"
ROUND = f"{PAGE}round/"


def upload(browser: Client, content: bytes, name: str = "people.csv") -> Response:
    return browser.post(PAGE, {"pasted": "", "file": SimpleUploadedFile(name, content)}, follow=True)


def paste(browser: Client, text: str) -> Response:
    return browser.post(PAGE, {"pasted": text}, follow=True)


def send(browser: Client, action: str, *columns: str, **fields: str) -> Response:
    meanings = {f"column_{place}": column for place, column in enumerate(columns)}
    return browser.post(LIST, {**meanings, "action": action, **fields}, follow=True)


# Authority


@pytest.mark.parametrize("url", [PAGE, LIST, ROUND])
def test_others_get_a_404(before: Letter, stranger: User, moderator: User, url: str) -> None:
    for person in (stranger, moderator):
        assert browser_of(person).get(url).status_code == (405 if url == ROUND else 404)
        assert browser_of(person).post(url, {"action": "cancel"}).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_a_list_belongs_to_the_organizer_who_uploaded_it(before: Letter, browser: Client, teammate: User) -> None:
    paste(browser, "Ada <ada@example.org>")
    page = browser_of(teammate).get(LIST, follow=True)
    assert "We no longer have that list" in words(page)
    assert "ada@example.org" not in words(page)


# The list


def test_the_export_of_a_form_is_understood_and_shown(before: Letter, browser: Client) -> None:
    page = upload(browser, FORM.encode())
    assert page.redirect_chain == [(LIST, 302)]
    text = words(page)
    assert "2 people on the list" in text
    assert "Ada Lovelace ada@example.org · Analytical Engines, Ltd" in text
    assert "The first line contains column names" in text
    assert not Signature.objects.exists()
    kept = SignatoryList.objects.get()
    assert b"ada" not in bytes(kept.encrypted)
    # No browser keeps a page that contains addresses.
    assert "no-store" in page.headers["Cache-Control"]


def test_the_organizer_corrects_the_columns(before: Letter, browser: Client) -> None:
    upload(browser, b"Engines;ada@example.org;Ada\nSociety;bob@example.org;Bob\n")
    assert "Engines ada@example.org · Ada" in words(browser.get(LIST))
    page = send(browser, "look", "affiliation", "address", "name")
    assert "Ada ada@example.org · Engines" in words(page)
    assert not Signature.objects.exists()
    page = send(browser, "invite", "affiliation", "address", "name")
    assert "We have received your list of 2 addresses." in words(page)
    assert (signature_of(before).name, signature_of(before).affiliation) == ("Ada", "Engines")
    assert not SignatoryList.objects.exists()


def test_both_clicks_of_a_double_click_invite_once(before: Letter, browser: Client) -> None:
    paste(browser, "Ada <ada@example.org>")
    send(browser, "invite", "name", "address")
    page = send(browser, "invite", "name", "address")
    assert "We no longer have that list" in words(page)
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (("name", "ignored"), "Select the column with the email addresses."),
        (("address", "address"), "Two columns are marked as “email address”. Select only one."),
        (("address", "spaceship"), "spaceship is not one of the available choices"),
    ],
)
def test_columns_that_make_no_sense_invite_nobody(
    before: Letter, browser: Client, columns: tuple[str, ...], sentence: str
) -> None:
    paste(browser, "Ada <ada@example.org>")
    page = send(browser, "invite", *columns)
    assert page.status_code == 422
    assert sentence in words(page)
    assert not Signature.objects.exists()


def test_lines_without_a_person_are_listed_with_a_reason(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, "Bob <bob@example.org>")
    text = words(
        paste(browser, "Name,Email\nAda,ada@example.org\nX,nowhere\nAda,ADA+x@example.org\nBob,bob@example.org")
    )
    assert "2 people on the list" in text
    assert "Line 3 has no address." in text
    assert "The address on line 4 is in the list twice." in text
    # Bob is known, and the page does not reveal it.
    assert "line 5" not in text.replace("Leave out line 5", "")


def test_a_cancelled_list_is_deleted(before: Letter, browser: Client) -> None:
    paste(browser, "Ada <ada@example.org>")
    assert send(browser, "discard").redirect_chain == [(PAGE, 302)]
    assert not SignatoryList.objects.exists()


def test_the_page_says_if_a_list_is_not_in_utf_8(before: Letter, browser: Client) -> None:
    page = upload(browser, "Zoë;zoe@example.org".encode("cp1252"))
    assert "The file is not in UTF-8." in words(page)
    assert '<option value="windows-1252" selected>' in page.content.decode()
    assert "Zoë" in words(page)
    page = upload(browser, "Zoë;zoe@example.org".encode("utf-16"))
    assert '<option value="utf-16" selected>' in page.content.decode()
    assert "not in UTF-8" not in words(upload(browser, "Zoë;zoe@example.org".encode()))


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Zoë Müller", "mac-roman"),
        ("Иван Петров", "windows-1251"),
        ("Łukasz Żak", "windows-1250"),
        ("Γιώργος Νίκου", "windows-1253"),
        ("İnci Şahin", "windows-1254"),
        ("山田太郎", "shift-jis"),
        ("王小明", "gb18030"),
    ],
)
def test_another_encoding_can_be_chosen_and_is_kept_to_the_end(
    before: Letter, browser: Client, name: str, encoding: str
) -> None:
    upload(browser, f"{name};zoe@example.org\n".encode(encoding))
    assert name not in words(browser.get(LIST))
    page = send(browser, "encoding", "name", "address", encoding=encoding)
    assert f"{name} zoe@example.org" in words(page)
    send(browser, "invite", "name", "address", encoding=encoding)
    assert Signature.objects.get().name == name


def test_a_wrong_encoding_is_refused_with_a_sentence(before: Letter, browser: Client) -> None:
    upload(browser, "Zoë;zoe@example.org".encode("cp1252"))
    page = send(browser, "encoding", encoding="utf-8")
    assert page.status_code == 422
    assert "We cannot read the file with this encoding. Select another one." in words(page)
    assert "Zoë zoe@example.org" in words(page)
    assert send(browser, "encoding", encoding="rot13").status_code == 200
    assert not Signature.objects.exists()


def test_the_page_names_doubtful_addresses_and_corrects_none(before: Letter, browser: Client) -> None:
    page = paste(browser, "Name\tEmail\nAda\tada@example.org; ada@work.example\nBob\tbob@gmial.com\n")
    assert "Line 2 has more than one address for one person. We use only the first." in words(page)
    assert "The address on line 3 may be mistyped." in words(page)
    send(browser, "invite", "name", "address", has_heading="on")
    assert {decrypt(each.address) for each in SignerContact.objects.all()} == {"ada@example.org", "bob@gmial.com"}


def test_an_export_with_a_hundred_columns_asks_only_about_those_with_something_in_them(
    before: Letter, browser: Client
) -> None:
    heading = ",".join(["First Name", "Last Name", "E-mail Address", *(f"Field {place}" for place in range(97))])
    page = paste(browser, f"{heading}\nAda,Lovelace,ada@example.org{',' * 97}\n")
    assert page.content.decode().count("<select") == 3
    assert "Ada Lovelace ada@example.org" in words(page)
    send(browser, "invite", "given", "family", "address", has_heading="on")
    assert signature_of(before).name == "Ada Lovelace"


def test_formulas_are_not_taken_as_names(before: Letter, browser: Client) -> None:
    upload(browser, b"=cmd|' /C calc'!A0,ada@example.org\n@SUM(A1),bob@example.org\nEve,=1+1@example.org\n")
    send(browser, "invite", "name", "address")
    assert {*Signature.objects.values_list("name", flat=True)} == {""}
    assert Signature.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This is empty."),
        (
            a_workbook(),
            "We cannot read spreadsheet files. Save the sheet as CSV, then upload that file.",
        ),
        (b"ada@example.org\0", "This is not a plain-text list."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This is not a plain-text list."),
        (b"a@b.org\n" * 5002, "The list has more than 5,000 lines."),
        (b"a@b.org\n" * 280_000, "The file is larger than 2 MB."),
        (b"," * 1000, "This is empty."),
        (b"a," * 1000, "This list has more than 256 columns."),
    ],
    ids=short,
)
def test_a_file_that_is_no_list_is_refused_with_a_sentence(
    before: Letter, browser: Client, content: bytes, sentence: str
) -> None:
    page = upload(browser, content)
    assert page.status_code == 422
    assert sentence in words(page)
    assert not SignatoryList.objects.exists()


@pytest.mark.parametrize("size", [4 * 1024 * 1024, 50 * 1024 * 1024])
def test_fifty_megabytes_are_refused_before_they_are_read(before: Letter, browser: Client, size: int) -> None:
    page = upload(browser, b"a" * size)
    assert page.status_code == 413
    assert "too large, so nothing was saved" in words(page)


def test_an_empty_form_is_refused_with_a_sentence(before: Letter, browser: Client) -> None:
    page = paste(browser, " \n")
    assert page.status_code == 422
    assert "This is empty. Enter one address on each line." in words(page)


def test_five_thousand_lines_can_be_pasted(before: Letter, browser: Client) -> None:
    line = "Person with a rather long name,p{}@department.university.example,Institute of rather long names\n"
    assert "5,000 people on the list" in words(paste(browser, "".join(map(line.format, range(5000)))))
    page = paste(browser, "ada@example.org " * 140_000)
    assert page.status_code == 422
    assert "The file is larger than 2 MB." in words(page)
    assert paste(browser, "ada@example.org\0").status_code == 422


def test_pasted_text_is_still_in_the_form(before: Letter, browser: Client) -> None:
    assert "a,b,c" in words(paste(browser, "a,b,c" * 40 + "," * 290))


# Too late


def test_no_list_is_accepted_once_the_letter_is_open(letter: Letter, browser: Client, organizer: User) -> None:
    assert "You can invite first signatories only before a letter opens." in words(browser.get(PAGE))
    assert paste(browser, "Ada <ada@example.org>").status_code == 409
    assert not SignatoryList.objects.exists()


def test_a_letter_that_opens_during_the_import_invites_nobody(before: Letter, browser: Client, organizer: User) -> None:
    paste(browser, "Ada <ada@example.org>")
    browser.post("/organize/letters/night-trains/state/", {"action": "publish"})
    page = send(browser, "invite", "name", "address")
    assert page.status_code == 409
    assert "This letter is already open" in words(page)
    assert not Signature.objects.exists()


# The invitations


def test_the_page_counts_and_shows_no_address(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, "Ada <ada@example.org>\nBob <bob@example.org>")
    text = words(browser.get(PAGE))
    assert "2 addresses on your lists" in text
    assert "Ada a…@example.org Invited" in text
    assert "ada@example.org" not in text


def test_names_are_shown_as_signers_chose(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, "a@example.org\nb@example.org\nc@example.org")
    before.refresh_from_db()
    rows = list(Signature.objects.order_by("pk"))
    for row, (name, display) in zip(rows, [("Ada", "public"), ("Bob", "organizers"), ("", "nobody")], strict=True):
        row.state, row.confirmed_at, row.verified = "confirmed", timezone.now(), "link"
        row.name, row.display = name, display
        row.save()
    text = words(browser.get(PAGE))
    assert "Signed, with a name that you can see Ada Bob only organizers see this name" in text


def test_invitations_are_sent_again_and_cancelled_from_the_page(
    before: Letter, browser: Client, invite: Inviter
) -> None:
    invite(before, "a@example.org\nb@example.org\nc@example.org", now=timezone.now() - timedelta(days=2))
    for _ in range(2):
        text = words(browser.post(ROUND, {"action": "remind"}, follow=True))
        assert "We will send one reminder to everyone who has not answered for a day." in text
    sentence = "If there was an unanswered invitation to that address, we have cancelled it."
    for email in ("a@example.org", "never@example.org"):
        assert sentence in words(browser.post(ROUND, {"action": "withdraw", "email": email}, follow=True))
    page = browser.post(ROUND, {"action": "withdraw", "email": "nonsense"})
    assert page.status_code == 422
    assert "This email address has no @." in words(page)
    assert "This cancels all unanswered invitations." in words(browser.post(ROUND, {"action": "cancel"}, follow=True))
    assert browser.post(ROUND, {"action": "explode"}).status_code == 404


def test_a_fixed_text_can_be_published_from_its_page(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before)
    page = browser.get("/organize/letters/night-trains/")
    assert "You can no longer change this text" in words(page)
    assert b"<textarea" not in page.content
    browser.post("/organize/letters/night-trains/state/", {"action": "publish"})
    before.refresh_from_db()
    assert before.status == "published"


def test_an_account_that_invited_a_thousand_today_is_told_to_wait(
    before: Letter, browser: Client, invite: Inviter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", 1)
    paste(browser, "a@example.org\nb@example.org")
    page = send(browser, "invite", "address")
    assert page.status_code == 409
    assert "Your account cannot invite that many people today." in words(page)
    assert not Signature.objects.exists()


def test_what_was_typed_before_the_text_became_fixed_is_not_lost(
    before: Letter, browser: Client, invite: Inviter
) -> None:
    invite(before)
    typed = {"title": "A", "addressee": "B", "body": "Written in another window", "summary": "", "seen": "x"}
    page = browser.post("/organize/letters/night-trains/", typed)
    assert page.status_code == 409
    assert "Written in another window" in words(page)


@pytest.mark.parametrize("url", [PAGE, "/letters/night-trains/"])
def test_a_thousand_more_signatures_cost_no_more_queries(letter: Letter, browser: Client, url: str) -> None:
    counts = []
    for number in (3, 1000):
        Signature.objects.filter(letter=letter).delete()
        first = [
            Signature(
                letter=letter,
                revision=letter.current_revision,
                language="en",
                name=f"First {place}",
                display="public",
                is_first=True,
                state="published",
                number=place + 1,
                counted=True,
                verified="link",
                salt=bytes(8),
                signed_at=timezone.now(),
                confirmed_at=timezone.now(),
                published_at=timezone.now(),
            )
            for place in range(number)
        ]
        Signature.objects.bulk_create(first)
        Letter.objects.update(signature_count=number, last_number=number, version=number)
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(url)
        assert page.status_code == 200
        counts.append(len(captured))
    assert abs(counts[0] - counts[1]) <= 1
    assert page.content.count(b"First 9") < 200


@pytest.mark.parametrize("text", ['"', "", None])
def test_a_list_that_cannot_be_decrypted_is_gone(
    before: Letter, browser: Client, organizer: User, text: str | None
) -> None:
    encrypted = b"under a key that is gone" if text is None else encrypt(text)
    SignatoryList.objects.create(letter=before, sent_by=organizer, encrypted=encrypted, created_at=timezone.now())
    assert "We no longer have that list" in words(browser.get(LIST, follow=True))
