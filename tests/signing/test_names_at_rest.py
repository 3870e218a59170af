"""What only organizers may read is encrypted in the database, and organizers find and read it all the same."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from letters.base.ledger.commitments import PublicWords, commit
from letters.models import (
    OPENING_BYTES,
    Display,
    Export,
    LedgerEntry,
    Letter,
    ReviewDecision,
    Signature,
    Submission,
    User,
)
from letters.models import entrusted as models_entrusted
from letters.models.entrusted import ENTRUSTED_WORDS
from letters.models.entrusted_keys import FILL, begin_words, keys_of, keys_to_find
from letters.models.signature_conditions import TO_ENCRYPT
from letters.moderator.moderation.operations import accept_signatures, decline_changes, undo_decision
from letters.moderator.moderation.queries import choice_of, number_of, scope_of, search
from letters.moderator.moderation.queries.criteria import Criteria
from letters.organizer.dashboard.queries import PAGE_LENGTH, signatures
from letters.organizer.exports.queries import chunks
from letters.shared import sealing
from letters.shared.addresses import _fernet
from letters.shared.sql import fetch_one, fetch_rows
from letters.signer.signing import tasks
from letters.signer.signing.operations import (
    Changes,
    change_signature,
    confirm_signature,
    encrypt_words,
    use_submission,
    withdraw_signature,
)
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Reader,
    add_confirmed,
    add_published,
    browser_of,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submit,
    words,
)
from tests.release.test_release import everything_stored

pytestmark = pytest.mark.django_db

LAN: dict[str, Any] = {
    "name": "Lan Nguyễn",
    "affiliation": "Zürcher Nachtwerk",
    "role": "Lokführerin",
    "comment": "Meine Schwester fährt täglich.",
}
# Each word as typed and folded, and as JSON and as bytes would have it.
SECRETS = ["Nguyễn", "nguyen", "Nachtwerk", "nachtwerk", "Lokführerin", "lokfuhrerin", "Schwester", "Zürcher"]


def assert_dump_tells_nothing() -> None:
    whole = everything_stored()
    for secret in SECRETS:
        forms = [secret, json.dumps(secret)[1:-1], secret.encode().hex()]
        assert not [form for form in forms if form.lower() in whole], secret


@pytest.fixture
def reviewed(published: LetterMaker) -> Letter:
    return published(reviewed=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of times that entrusted words were decrypted."""
    times = [0]

    def counted(sealed: bytes) -> dict[str, str]:
        times[0] += 1
        return sealing.unseal(sealed)

    monkeypatch.setattr(models_entrusted, "unseal", counted)
    return times


def lan(letter: Letter, **more: Any) -> Signature:
    return sign_and_confirm(letter, "lan@example.org", display="organizers", **{**LAN, **more})


def found(letter: Letter, typed: str, shown: str = "published") -> list[str]:
    letter.refresh_from_db()
    return [each.name for each in signatures(letter, shown=shown, search=typed).signatures]


# Nothing is readable


def test_a_dump_of_an_unconfirmed_a_confirmed_and_a_published_signature_holds_no_word(letter: Letter) -> None:
    sign(letter, "lan@example.org", display="organizers", **LAN)
    assert_dump_tells_nothing()
    confirm_signature(signature_of(letter, "lan@example.org"), verified=Signature.Verified.LINK, now=NOW)
    assert_dump_tells_nothing()
    publish(NOW)
    deliver()
    assert_dump_tells_nothing()
    sign(letter, "lan@example.org", display="organizers", **LAN)
    assert_dump_tells_nothing()


def test_the_same_dump_holds_the_words_of_a_public_signature(letter: Letter) -> None:
    sign(letter, "lan@example.org", **LAN)
    assert "nachtwerk" in everything_stored()


def test_a_dump_holds_no_word_while_new_words_wait_are_declined_accepted_and_undone(
    reviewed: Letter, moderator: User
) -> None:
    signature = lan(reviewed, name="Old Name", affiliation="")
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    publish(NOW)

    def change(**words: str) -> None:
        change_signature(signature, changes=Changes(display="organizers", **{**LAN, **words}), now=NOW)

    change()
    assert_dump_tells_nothing()
    signature.refresh_from_db()
    assert (signature.name, signature.pending_changes["name"]) == ("Old Name", LAN["name"])
    decline_changes(reviewed, [signature.pk], reason="No.", by=moderator, now=NOW)
    assert_dump_tells_nothing()
    change()
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    assert_dump_tells_nothing()
    assert found(reviewed, "nguyen") == [LAN["name"]]
    change(name="New Name")
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    assert_dump_tells_nothing()
    newest = ReviewDecision.objects.order_by("pk").last()
    assert newest
    undo_decision(newest, by=moderator, now=NOW)
    assert_dump_tells_nothing()
    signature.refresh_from_db()
    assert (signature.name, signature.pending_changes) == (LAN["name"], {"name": "New Name"})


def test_a_name_that_becomes_private_is_encrypted_and_one_that_becomes_public_is_not(letter: Letter) -> None:
    signature = sign_and_confirm(letter, "lan@example.org", **LAN)
    change_signature(signature, changes=Changes(display="organizers", **LAN), now=NOW)
    assert_dump_tells_nothing()
    change_signature(signature, changes=Changes(display="public", **LAN), now=NOW)
    assert Signature.objects.values_list("name", "entrusted", "entrusted_keys").get() == (LAN["name"], None, None)
    change_signature(signature, changes=Changes(display="nobody"), now=NOW)
    assert Signature.objects.values_list("name", "entrusted", "entrusted_keys").get() == ("", None, None)


def test_a_public_form_after_a_private_one_is_confirmed_privately_and_encrypted(letter: Letter) -> None:
    sign(letter, "lan@example.org", display="organizers", name="Someone")
    public = submit(letter, email="lan@example.org", **LAN)
    signature = signature_of(letter, "lan@example.org")
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW, submission_id=public)
    assert_dump_tells_nothing()
    signature.refresh_from_db()
    assert (signature.name, signature.display) == (LAN["name"], "organizers")


def test_a_second_form_is_used_without_a_readable_word(letter: Letter) -> None:
    signature = sign_and_confirm(letter, "lan@example.org", name="Someone")
    second = submit(letter, email="lan@example.org", display="organizers", **LAN)
    assert_dump_tells_nothing()
    use_submission(signature, submission_id=second, now=NOW)
    assert_dump_tells_nothing()
    assert {name: getattr(signature_of(letter, "lan@example.org"), name) for name in LAN} == LAN


def test_no_word_is_left_after_a_withdrawal(letter: Letter) -> None:
    withdraw_signature(lan(letter), now=NOW)
    assert Signature.objects.values_list("entrusted", "entrusted_keys").get() == (None, None)


def test_the_database_refuses_words_that_are_encrypted_and_readable(letter: Letter) -> None:
    lan(letter)
    for name in ENTRUSTED_WORDS:
        with pytest.raises(IntegrityError, match="signature_entrusted_once"), transaction.atomic():
            Signature.objects.update(**{name: "x"})


def test_every_way_to_save_a_row_encrypts(letter: Letter) -> None:
    add_confirmed(letter, 1, display="organizers", **{name: LAN[name] for name in ("affiliation", "role", "comment")})
    assert_dump_tells_nothing()
    row = Signature.objects.get()
    row.name, row.comment = LAN["name"], ""
    row.save(update_fields=["name"])
    assert_dump_tells_nothing()
    row = Signature.objects.get()
    assert (row.name, row.role, row.comment) == (LAN["name"], LAN["role"], "")
    row.display = Display.PUBLIC
    row.save()
    assert Signature.objects.values_list("name", "entrusted").get() == (LAN["name"], None)


def test_a_dump_does_not_open_the_commitment_to_an_entrusted_name(letter: Letter) -> None:
    """Otherwise whoever has it could try each name on a list of staff against the ledger."""
    lan(letter)
    sign_and_confirm(letter, "ada@example.org", name="Ada King", affiliation="", role="")
    publish(NOW)
    committed = " ".join(LedgerEntry.objects.values_list("data", flat=True))
    for signature in Signature.objects.all():
        said = PublicWords(signature.name, signature.affiliation, signature.role)
        (in_dump,) = fetch_one("SELECT opening FROM letters_ledgeropening WHERE signature_id = %s", [signature.pk])
        opens = commit(said, bytes(in_dump)).hex() in committed
        assert opens is (signature.display == Display.PUBLIC)
        assert commit(said, signature.ledger_opening.opening).hex() in committed


# Organizers and moderators read and find it


@pytest.mark.parametrize("typed", ["nguyen", "NGUYỄN la", "lan", "nacht", "n", "zurcher lan"])
def test_organizers_find_the_beginnings_of_words(letter: Letter, typed: str) -> None:
    lan(letter)
    sign_and_confirm(letter, "other@example.org", name="Ada King", display="organizers")
    sign_and_confirm(letter, "third@example.org", name="Lan Nguyen")
    publish(NOW)
    assert LAN["name"] in found(letter, typed)
    assert "Ada King" not in found(letter, typed)
    assert found(letter, f"{typed} xavier") == []


def test_readable_and_encrypted_names_are_found_together_in_the_order_of_numbers(letter: Letter) -> None:
    for place in range(6):
        display = "organizers" if place % 2 else "public"
        sign_and_confirm(letter, f"n{place}@example.org", name=f"Nguyen {'ABCDEF'[place]}", display=display)
    publish(NOW)
    letter.refresh_from_db()
    for oldest_first in (False, True):
        page = signatures(letter, shown="published", search="nguyen", oldest_first=oldest_first)
        numbers = [each.number for each in page.signatures]
        assert numbers == sorted(range(1, 7), reverse=not oldest_first)
        rest = signatures(letter, shown="published", search="nguyen", after=str(numbers[2]), oldest_first=oldest_first)
        assert [each.number for each in rest.signatures] == numbers[3:]


def test_moderators_find_held_ones_and_choose_them_by_word(reviewed: Letter, moderator: User) -> None:
    lan(reviewed)
    sign_and_confirm(reviewed, "other@example.org", name="Ada King", display="organizers")
    assert found(reviewed, "nguyen", "held") == [LAN["name"]]
    scope, criteria = scope_of(moderator, reviewed.slug), Criteria(words="nguyen")
    assert [each.name for each in search(scope, criteria).signatures] == [LAN["name"]]
    assert number_of(choice_of(scope, criteria, ReviewDecision.Verb.ACCEPT)) == 1
    everywhere = scope_of(moderator)
    assert [each.name for each in search(everywhere, criteria).signatures] == [LAN["name"]]


def test_an_export_has_the_words_and_says_that_the_comment_is_not_public(letter: Letter, organizer: User) -> None:
    lan(letter)
    sign_and_confirm(letter, "ada@example.org", name="Ada King")
    publish(NOW)
    letter.refresh_from_db()
    for form in Export.Format.CSV, Export.Format.XLSX:
        export = Export(letter=letter, asked_by=organizer, format=form, last_number=letter.last_number)
        (chunk,) = chunks(export)
        text = chunk.rows.decode() if isinstance(chunk.rows, bytes) else str(chunk.rows)
        for word in [*LAN.values(), "Ada King"]:
            assert word in text
        assert chunk.number == 2


def test_a_page_of_the_list_decrypts_each_name_once_and_needs_no_more_queries(
    letter: Letter, organizer: User, opened: list[int]
) -> None:
    add_published(letter, PAGE_LENGTH + 10, display="organizers")
    opened[0] = 0
    page = browser_of(organizer).get("/organize/letters/night-trains/signatures/")
    assert words(page).count("Signer ") == PAGE_LENGTH
    # One more tells that there is a next page. Nobody reads its name.
    assert opened[0] == PAGE_LENGTH
    with CaptureQueriesContext(connection) as queries:
        list(signatures(letter, shown="published").signatures)
    assert len(queries) == 1


def test_public_pages_decrypt_nothing(letter: Letter, reader: Reader, opened: list[int]) -> None:
    lan(letter)
    publish(NOW)
    opened[0] = 0
    for page in ("letter", "signatures", "feed", "signatures_csv", "signatures_json"):
        assert len(b"".join(reader.get(letter.url_of(page)))) > 100
    assert opened[0] == 0


# The keys for searching


def test_letters_share_no_key_and_one_name_fills_a_row_like_another() -> None:
    assert not {*keys_of(7, LAN["name"])} & {*keys_of(8, LAN["name"])}
    assert len(keys_of(7, "Ö")) == len(keys_of(7, LAN["name"])) == FILL
    assert {*keys_to_find(7, ["nguyen"])} < {*keys_of(7, "Lan NGUYỄN")}


@pytest.mark.parametrize(
    ("text", "typed"),
    [("Seán O\u2019Brien", "o'b"), ("Jean-Luc", "luc"), ("Łódź", "lodz"), ("Straße", "strass"), ("王小明", "王")],
)
def test_words_match_whatever_the_marks(text: str, typed: str) -> None:
    assert begin_words(text, [typed])
    assert {*keys_to_find(3, [typed])} <= {*keys_of(3, text)}


# New keys, and rows of an older program


def stored() -> Iterator[tuple[str, bytes]]:
    """Yield every ciphertext of words that the database holds, and what opens them in the ledger."""
    for model in (Signature, Submission):
        for (entrusted,) in model._default_manager.values_list("entrusted"):
            if entrusted:
                yield model.__name__, bytes(entrusted)
    for (opening,) in fetch_rows("SELECT opening FROM letters_ledgeropening"):
        yield "LedgerOpening", bytes(opening)
    for column in models_entrusted.CHANGES:
        for (text,) in Signature.objects.annotate(as_text=Cast(column, TextField())).values_list("as_text"):
            if text:
                yield column, json.loads(text)["sealed"].encode()


def test_after_new_keys_no_word_is_left_under_the_old_one(
    reviewed: Letter, moderator: User, settings: Settings
) -> None:
    signature = lan(reviewed, name="Old Name")
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    publish(NOW)
    change_signature(signature, changes=Changes(display="organizers", **LAN), now=NOW)
    submit(reviewed, email="ada@example.org", display="organizers", **LAN)
    old = list(settings.ADDRESS_KEYS)
    settings.ADDRESS_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("reencrypt_addresses", stdout=StringIO())
    kept = ["LedgerOpening", "Signature", "Signature", "Submission", "pending_changes"]
    assert sorted(where for where, _ in stored()) == kept
    newest = _fernet((settings.ADDRESS_KEYS[0],))
    for _, sealed in stored():
        newest.decrypt(sealed)
    settings.ADDRESS_KEYS = settings.ADDRESS_KEYS[:1]
    signature.refresh_from_db()
    assert (signature.name, signature.changes[0].new) == ("Old Name", LAN["name"])
    assert len(signature.ledger_opening.opening) == OPENING_BYTES


@pytest.fixture
def readable(letter: Letter) -> Letter:
    """Rows as a program wrote them that knew no encryption: three signatures, one of which has a submission."""
    add_confirmed(letter, 3)
    sign(letter, "lan@example.org", **LAN)
    Signature.objects.update(display="organizers", **{name: LAN[name] for name in LAN})
    Submission.objects.update(display="organizers")
    publish(NOW)
    return letter


def test_readable_words_of_an_older_program_are_read_and_the_clock_encrypts_them(
    readable: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(readable, "nguyen") == [LAN["name"]] * 3
    monkeypatch.setattr("letters.signer.signing.operations.encrypting.BATCH_SIZE", 1)
    monkeypatch.setattr(tasks, "BATCHES", 2)
    tasks.encrypt_some_words()
    # It was stopped half way: both are read and found.
    assert Signature.objects.filter(TO_ENCRYPT).count() == 2
    assert found(readable, "nguyen") == [LAN["name"]] * 3
    tasks.encrypt_some_words()
    assert_dump_tells_nothing()
    assert found(readable, "nguyen") == [LAN["name"]] * 3
    assert encrypt_words() == 0


def test_the_command_encrypts_changes_too(reviewed: Letter, moderator: User) -> None:
    signature = lan(reviewed, name="Old Name")
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    publish(NOW)
    raw = json.dumps({"name": LAN["name"], "country": "CH"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE letters_signature SET concern = 'changed', pending_changes = %s::jsonb", [raw])
    said = StringIO()
    call_command("encrypt_words", stdout=said)
    assert "No word that only organizers may read is stored readable." in said.getvalue()
    assert "nguy" not in everything_stored().replace("\\u1ec5", "ễ")
    signature.refresh_from_db()
    assert signature.pending_changes == {"name": LAN["name"], "country": "CH"}
