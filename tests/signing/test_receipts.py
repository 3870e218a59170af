"""A signer's receipt: only behind the control link, true for programs that are not ours, and gone with the words."""

import json
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from django.http import HttpResponseBase

from letters.base.ledger_logs.queries import open_log
from letters.models import LedgerOpening, Letter, Signature
from letters.public.ledger.signing import sign_logs
from letters.signer.signing.operations import Changes, change_signature, withdraw_signature
from tests.checking import checked
from tests.ledger_logs import conftest as logs
from tests.people import NOW, Reader, publish, sign, sign_and_confirm, signature_of, words

# The worker that signs the logs, with a key.
signs, ledger_dir = logs.signs, logs.ledger_dir
pytestmark = pytest.mark.usefixtures("signs")

ADA = {"name": "Ada Lovelace", "role": "", "affiliation": ""}
NAMELESS = {"name": "", "role": "", "affiliation": ""}


def link_of(signature: Signature) -> str:
    return f"{signature.link('manage', now=NOW)}receipt.tlog-proof"


def publish_and_sign_logs(minutes: int = 0) -> None:
    now = NOW + timedelta(minutes=minutes)
    publish(now)
    sign_logs(now=now)


def text_of(response: HttpResponseBase) -> str:
    assert response.status_code == 200, response
    return b"".join(response).decode()


def said_in(receipt: str) -> dict[str, object]:
    """Return what the line `extra` of a receipt says."""
    said: dict[str, object] = json.loads(b64decode(receipt.split("\n")[1].removeprefix("extra ")))
    return said


@pytest.fixture
def keys(letter: Letter, reader: Reader, tmp_path: Path) -> Path:
    """The file of keys, as a person saves it from the address of the record once the log has begun."""
    sign_and_confirm(letter, "first@example.org")
    publish_and_sign_logs()
    log = open_log(letter)
    assert log
    file = tmp_path / "vkeys.txt"
    file.write_text(text_of(reader.get(f"/log/{log.name}/vkeys.txt")))
    return file


def is_true(receipt: str, keys: Path) -> str:
    """Let the script of the docs check a receipt, and return what it says."""
    file = keys.with_name("receipt.tlog-proof")
    file.write_text(receipt, encoding="utf-8")
    return checked("check_receipt.py", str(file), str(keys))


@pytest.mark.parametrize(
    ("display", "shown"),
    [("public", ADA), ("organizers", ADA), ("nobody", NAMELESS)],
    ids=["public", "organizers", "nobody"],
)
def test_the_receipt_proves_the_signature_to_the_script_of_the_docs(
    letter: Letter, reader: Reader, keys: Path, display: str, shown: dict[str, str]
) -> None:
    signature = sign_and_confirm(letter, display=display)
    publish_and_sign_logs(1)
    receipt = text_of(reader.get(link_of(signature)))
    assert said_in(receipt)["words"] == shown
    assert "The receipt is true." in is_true(receipt, keys)
    assert len(receipt.encode()) < 16_384


def test_nothing_keeps_it(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs()
    answer = reader.get(link_of(signature))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt.tlog-proof"'


def test_only_the_control_link_gives_it(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs()
    other = sign(letter, "eve@example.org")
    url = link_of(signature)
    for wrong in (
        url.replace("manage", "confirm"),
        url[:40] + "x" + url[41:],
        url.replace(url.split("/")[3], "x" * 60),
    ):
        assert reader.get(wrong).status_code == 404
    assert "Ada" not in words(reader.get(link_of(other)))


def test_before_the_signature_is_published_or_signed_the_page_says_when_it_will_be_there(
    letter: Letter, reader: Reader
) -> None:
    signature = sign_and_confirm(letter)
    waits = reader.get(link_of(signature))
    assert waits.status_code == 404
    assert "You can save it here as soon as your signature is published." in words(waits)
    assert "as soon as your signature is published" in words(reader.get(signature.link("manage", now=NOW)))
    publish(NOW)
    unsigned = reader.get(link_of(signature))
    assert unsigned.status_code == 404
    assert "Try again in a minute" in words(unsigned)
    sign_logs(now=NOW)
    assert reader.get(link_of(signature)).status_code == 200


def test_the_page_says_that_a_receipt_proves_it_to_anyone(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs()
    page = reader.get(signature.link("manage", now=NOW))
    assert "whoever has it can prove that you signed" in words(page)
    assert 'href="receipt.tlog-proof"' in page.content.decode()


def test_after_a_withdrawal_there_is_no_receipt_any_more(letter: Letter, reader: Reader, keys: Path) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs(1)
    before = text_of(reader.get(link_of(signature)))
    withdraw_signature(signature, now=NOW)
    gone = reader.get(link_of(signature))
    assert gone.status_code == 404
    assert "There is no receipt any more" in words(gone)
    assert not LedgerOpening.objects.filter(signature=signature).exists()
    publish_and_sign_logs(2)
    assert "Ada Lovelace" in is_true(before, keys)
    assert "still proves that you had signed" in words(reader.get(signature.link("manage", now=NOW)))


def test_a_receipt_after_a_change_has_the_new_words(letter: Letter, reader: Reader, keys: Path) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs(1)
    change_signature(
        signature, changes=Changes(name="Ada Lovelace", affiliation="Night Trains", display="public"), now=NOW
    )
    assert reader.get(link_of(signature_of(letter))).status_code == 404
    publish_and_sign_logs(2)
    receipt = text_of(reader.get(link_of(signature_of(letter))))
    assert said_in(receipt)["words"] == {**ADA, "affiliation": "Night Trains"}
    assert "The receipt is true." in is_true(receipt, keys)


def test_a_change_that_the_public_does_not_see_leaves_no_receipt(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter, display="organizers")
    publish_and_sign_logs()
    change_signature(
        signature, changes=Changes(name="Ada Lovelace", affiliation="Night Trains", display="organizers"), now=NOW
    )
    publish_and_sign_logs(1)
    answer = reader.get(link_of(signature_of(letter)))
    assert answer.status_code == 404
    assert "in a way that the public cannot see" in words(answer)


def test_what_opens_the_entry_is_among_the_stored_data(letter: Letter, reader: Reader) -> None:
    signature = sign_and_confirm(letter)
    publish_and_sign_logs()
    stored = reader.get(f"{signature.link('manage', now=NOW)}data.json").json()
    assert stored["opens_the_entry_in_the_record"] == bytes(signature.ledger_opening.opening).hex()
