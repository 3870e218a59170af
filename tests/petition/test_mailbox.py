"""Without a mail server, emails become files, and a page shows them with working links."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

BACKEND = "petition.mailbox.MailboxBackend"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: object) -> Path:
    settings.MAILBOX_DIR = tmp_path / "mail"  # type: ignore[attr-defined]
    return tmp_path / "mail"


def send(subject: str = "Please confirm", text: str = "Hello", html: str = "", to: str = "ada@example.org") -> None:
    mail = EmailMultiAlternatives(subject, text, "letters@example.org", [to], connection=get_connection(BACKEND))
    if html:
        mail.attach_alternative(html, "text/html")
    assert mail.send() == 1


def test_an_empty_mailbox_says_what_to_do(client: Client) -> None:
    page = client.get("/mailbox/")
    assert page.status_code == 200
    assert "No emails yet" in page.text


def test_an_email_is_shown_with_a_link_to_click(client: Client) -> None:
    send(
        "Sign “Què?” <now>",
        "Open http://localhost:8000/signatures/confirm/a-b_c~1/ and press the button.",
        to="Ada Łovelace <ada@example.org>",
    )
    page = client.get("/mailbox/").text
    assert "Sign “Què?” &lt;now&gt;" in page
    assert "Ada Łovelace &lt;ada@example.org&gt;" in page
    assert 'href="http://localhost:8000/signatures/confirm/a-b_c~1/"' in page


def test_the_newest_email_comes_first(client: Client, folder: Path) -> None:
    for subject in ("first of three", "second of three", "third of three"):
        send(subject)
    page = client.get("/mailbox/").text
    assert page.index("third of three") < page.index("second of three") < page.index("first of three")
    assert ["third of three" in file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())] == [0, 0, 1]


def test_a_hundred_emails_are_shown_and_the_rest_counted(client: Client) -> None:
    for number in range(102):
        send(f"Number {number:03}")
    page = client.get("/mailbox/").text
    assert page.count("<article") == 100
    assert "Number 001" not in page
    assert "2 older emails are in the folder" in page


def test_nothing_in_an_email_becomes_markup_of_the_page(client: Client) -> None:
    send("<script>alert(1)</script>", "<script>alert(2)</script>", to='"<script>" <ada@example.org>')
    assert "<script>" not in client.get("/mailbox/").text


def test_no_cache_keeps_the_mailbox(client: Client) -> None:
    assert client.get("/mailbox/")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/name/"])
def test_the_mailbox_accepts_only_reading(address: str, client: Client) -> None:
    assert client.post(address).status_code == 405


def test_the_html_of_an_email_is_shown_as_it_is_and_runs_nothing(client: Client, folder: Path) -> None:
    send(html="<p style='color: #600'>Grüße</p>")
    (file,) = folder.iterdir()
    assert f"/mailbox/{file.stem}/" in client.get("/mailbox/").text
    page = client.get(f"/mailbox/{file.stem}/")
    assert page.text.strip() == "<p style='color: #600'>Grüße</p>"
    assert page["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert page["Cache-Control"] == "no-store"


def test_an_email_without_html_has_no_html_page(client: Client, folder: Path) -> None:
    send()
    (file,) = folder.iterdir()
    assert client.get(f"/mailbox/{file.stem}/").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fsecret",
        "..",
        "%2Fetc%2Fpasswd",
        "secret",
        "00000000000000000000-00000000",
        "%00",
        "..%5Csecret",
    ],
)
def test_no_name_leads_out_of_the_mailbox(name: str, client: Client, folder: Path) -> None:
    send()
    (folder.parent / "secret.eml").write_text("Content-Type: text/html\n\n<p>secret</p>", encoding="utf-8")
    page = client.get(f"/mailbox/{name}/")
    assert page.status_code == 404
    assert "<p>secret</p>" not in page.text


def test_a_file_that_is_not_our_email_is_left_alone(client: Client, folder: Path) -> None:
    send()
    (folder / "notes.eml").write_text("Subject: not ours\n\n", encoding="utf-8")
    (folder / ".half-written").write_text("Subject: not whole\n\n", encoding="utf-8")
    page = client.get("/mailbox/").text
    assert page.count("<article") == 1
    assert "not ours" not in page


def test_only_the_owner_of_the_process_can_read_the_emails(folder: Path) -> None:
    send()
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o77, file.stat().st_mode & 0o77) == (0, 0)


@pytest.mark.parametrize("mode", [{"EMAIL_URL": "smtp://localhost:2525"}, {"LAPTOP": "no"}])
def test_there_is_no_mailbox_in_any_other_mode(mode: dict[str, str]) -> None:
    asks = "import django; django.setup(); from django.urls import resolve; resolve('/mailbox/')"
    answer = subprocess.run(
        [sys.executable, "-c", asks],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "petition.settings"} | mode,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Resolver404" in answer.stderr
