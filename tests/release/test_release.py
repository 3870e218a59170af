"""A letter can name nobody until enough people have signed. Then all names appear at once, or everything is deleted."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from letters.base.outbox.operations import note_bounce
from letters.models import (
    AuditEvent,
    Display,
    Letter,
    MailRequest,
    OutgoingEmail,
    Release,
    Signature,
    SignerContact,
    State,
    Submission,
)
from letters.shared.sealing import BLOCK_BYTES, seal, unseal
from letters.shared.sql import fetch_rows
from letters.signer.release import operations
from letters.signer.signing.operations import change_signature, confirm_signature, withdraw_signature
from letters.signer.signing.operations.submitted_form import Changes
from tests.people import NOW, Reader, ask_again, deliver, in_threads, sign, sign_and_confirm, signature_of
from tests.release.conftest import CLOSES, DAY, NEEDED, Clock, sign_many


def everything_stored() -> str:
    """Return every value of every table of the database, as text."""
    tables = fetch_rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    parts = []
    for (table,) in tables:
        quoted = connection.ops.quote_name(table)
        parts += [str(row) for row in fetch_rows(f"SELECT t::text FROM {quoted} AS t")]  # noqa: S608
    return "\n".join(parts).lower()


def in_any_form(word: str) -> list[str]:
    return [word.lower(), word.lower().encode().hex(), word.encode().hex()]


def published(letter: Letter) -> set[str]:
    return set(Signature.objects.filter(letter=letter, state=State.PUBLISHED).values_list("name", flat=True))


def release_of(letter: Letter) -> Release:
    return Release.objects.get(letter=letter)


def announced(letter: Letter, tick: Clock) -> list[str]:
    """Let enough people sign, and announce their names. Returns the names."""
    names = sign_many(letter, NEEDED)
    tick(NOW + timedelta(minutes=1))
    OutgoingEmail.objects.filter(kind="release").update(sent_at=NOW + timedelta(minutes=2))
    return names


DUE = NOW + timedelta(hours=73)


def test_before_the_names_appear_the_database_holds_none_of_them(sealed: Letter, tick: Clock, reader: Reader) -> None:
    names = sign_many(sealed, NEEDED - 1)
    sign(sealed, "pending@gmail.com", name=(pending := "Zebulonia Quartz"))
    tick(NOW + timedelta(minutes=1))
    stored = everything_stored()
    assert not [form for name in [*names, *pending.split()] for form in in_any_form(name) if form in stored]
    page = reader.read(sealed) + reader.read(sealed, "signatures") + str(reader.count(sealed))
    assert not [name for name in names if name in page]
    assert release_of(sealed).due_at is None


def test_with_enough_names_all_appear_at_once_after_the_announcement(sealed: Letter, tick: Clock) -> None:
    names = announced(sealed, tick)
    assert release_of(sealed).due_at == NOW + timedelta(minutes=1, hours=72)
    assert published(sealed) == set()
    tick(DUE)
    sealed.refresh_from_db()
    assert published(sealed) == set(names)
    assert (sealed.signature_count, sealed.last_number, sealed.is_sealed) == (NEEDED, NEEDED, False)
    assert not Signature.objects.filter(letter=sealed, sealed__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_readers_never_see_some_of_the_names(
    sealed: Letter, tick: Clock, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = announced(sealed, tick)
    monkeypatch.setattr(operations, "BATCH_SIZE", 3)
    write, seen = operations._write_words, []

    def written(*given: Any) -> None:
        write(*given)
        # Readers have another connection, which sees what was committed.
        (text,) = in_threads(lambda page: Reader().read(sealed, page), ["signatures"], threads=1)
        seen.append([name for name in names if name in text])

    monkeypatch.setattr(operations, "_write_words", written)
    tick(DUE)
    assert seen == [[]] * 7
    assert published(sealed) == set(names)
    text = reader.read(sealed, "signatures")
    assert all(name in text for name in names)


def test_a_release_that_dies_half_way_has_written_nothing_and_is_repeated(
    sealed: Letter, tick: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = announced(sealed, tick)
    monkeypatch.setattr(operations, "BATCH_SIZE", 5)
    write, calls = operations._write_words, []

    def dies(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise RuntimeError("killed")
        write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(operations, "_write_words", dies)
        tick(DUE)
    sealed.refresh_from_db()
    assert sealed.is_sealed
    assert not [name for name in names if name.lower() in everything_stored()]
    tick(DUE + timedelta(minutes=1))
    assert published(sealed) == set(names)


def test_the_order_and_the_day_of_signing_are_forgotten(sealed: Letter, tick: Clock) -> None:
    names = announced(sealed, tick)
    tick(DUE)
    rows = Signature.objects.filter(letter=sealed).order_by("number")
    assert [row.name for row in rows] != names
    assert {row.confirmed_at.date() for row in rows if row.confirmed_at} == {DUE.date()}


def test_below_the_number_at_the_end_everything_is_deleted_after_an_email(sealed: Letter, tick: Clock) -> None:
    names = sign_many(sealed, NEEDED - 1)
    sign(sealed, "pending@gmail.com", name="Zebulonia Quartz")
    ask_again(signature_of(sealed, f"{names[0].lower()}@gmail.com"), f"{names[0].lower()}@gmail.com", now=NOW)
    deliver()
    mail.outbox.clear()
    over = CLOSES + DAY
    tick(over)
    # The words go at once; the addresses stay until the emails that say so have left.
    assert {bytes(each or b"") for each in Signature.objects.values_list("sealed", flat=True)} == {b""}
    assert SignerContact.objects.count() == NEEDED
    OutgoingEmail.objects.filter(kind="unreached").update(next_attempt_at=NOW)
    deliver()
    assert sorted(to for message in mail.outbox for to in message.to) == sorted(f"{n.lower()}@gmail.com" for n in names)
    tick(over + timedelta(minutes=1))
    left = [Signature, SignerContact, Submission, OutgoingEmail, MailRequest]
    assert [model._default_manager.count() for model in left] == [0] * len(left)
    assert release_of(sealed).deleted_at == over + timedelta(minutes=1)
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["miss_names", "delete_unreached"]


def test_everything_is_deleted_even_if_an_email_cannot_leave(sealed: Letter, tick: Clock) -> None:
    sign_many(sealed, 1)
    tick(CLOSES + DAY)
    tick(CLOSES + 2 * DAY)
    assert Signature.objects.exists()
    tick(CLOSES + 4 * DAY)
    assert not Signature.objects.exists()


def test_the_number_is_counted_once_a_day_and_shown_in_steps(sealed: Letter, tick: Clock) -> None:
    sign_many(sealed, 10)
    tick(NOW + timedelta(minutes=1))
    assert release_of(sealed).shown == 0
    sign_many(sealed, 1)
    sealed.refresh_from_db()
    version = sealed.version
    tick(NOW + timedelta(hours=20))
    sealed.refresh_from_db()
    assert (release_of(sealed).shown, sealed.version) == (0, version)
    tick(NOW + timedelta(hours=25))
    assert release_of(sealed).shown == 10


def test_a_signing_moves_nothing_that_the_public_can_see(sealed: Letter, tick: Clock, reader: Reader) -> None:
    sign_many(sealed, 3)
    tick(NOW + timedelta(minutes=1))
    before, page = reader.count(sealed), reader.read(sealed)
    withdraw_signature(sign_and_confirm(sealed, "one@gmail.com", name="Onda"), now=NOW)
    sign_many(sealed, 2)
    sign(sealed, "pending@gmail.com", name="Pendula")
    tick(NOW + timedelta(minutes=2))
    assert reader.count(sealed) == before
    assert reader.read(sealed) == page


def test_people_who_leave_call_the_names_off_and_the_next_announcement_tells_the_others(
    sealed: Letter, tick: Clock
) -> None:
    names = announced(sealed, tick)
    withdraw_signature(signature_of(sealed, f"{names[0].lower()}@gmail.com"), now=NOW)
    tick(DUE)
    assert published(sealed) == set()
    assert (release_of(sealed).due_at, release_of(sealed).announced) == (None, 1)
    sign_many(sealed, 1)
    tick(DUE + DAY)
    assert release_of(sealed).announced == 2
    owed = OutgoingEmail.objects.filter(kind="release", sent_at=None)
    assert owed.count() == NEEDED


@pytest.mark.parametrize("kind", ["thanks", "release"])
def test_a_company_that_bounces_its_own_mail_keeps_no_name_back(sealed: Letter, tick: Clock, kind: str) -> None:
    sign_many(sealed, NEEDED)
    minute = timedelta(minutes=1)
    if kind == "release":
        tick(NOW + minute)
    for email in OutgoingEmail.objects.filter(kind=kind):
        note_bounce(email, error="550 5.1.1 no such mailbox", at=NOW + 2 * minute, now=NOW + 2 * minute)
    assert set(Signature.objects.values_list("state", "concern")) == {("sealed", "")}
    tick(NOW + 3 * minute)
    assert Release.objects.get(letter=sealed).due_at


def test_names_never_appear_before_the_announcement_has_been_out_for_its_time(sealed: Letter, tick: Clock) -> None:
    announced(sealed, tick)
    late = OutgoingEmail.objects.filter(kind="release").first()
    assert late
    OutgoingEmail.objects.filter(pk=late.pk).update(sent_at=NOW + DAY)
    tick(DUE)
    assert published(sealed) == set()
    tick(NOW + DAY + timedelta(hours=73))
    assert len(published(sealed)) == NEEDED


def test_who_withholds_the_name_is_not_counted_and_leaves_no_word(sealed: Letter, tick: Clock) -> None:
    names = announced(sealed, tick)
    one = signature_of(sealed, f"{names[0].lower()}@gmail.com")
    change_signature(one, changes=Changes(display=Display.NOBODY, name=names[0], country="IT"), now=NOW)
    one.refresh_from_db()
    assert (one.state, one.sealed, one.country) == (State.SEALED, None, "")
    tick(DUE)
    assert published(sealed) == set()


def test_a_change_is_encrypted_too(sealed: Letter) -> None:
    one = sign_and_confirm(sealed, name="Before")
    change_signature(one, changes=Changes(display=Display.PUBLIC, name="Afterwards"), now=NOW)
    one.refresh_from_db()
    assert one.name == ""
    assert unseal(one.sealed or b"")["name"] == "Afterwards"
    assert "afterwards" not in everything_stored()


def test_who_confirms_after_the_names_appeared_is_named_too(sealed: Letter, tick: Clock) -> None:
    announced(sealed, tick)
    sign(sealed, "late@gmail.com", name="Latecomer")
    tick(DUE)
    late = signature_of(sealed, "late@gmail.com")
    assert late.name == ""
    confirm_signature(late, verified="link", now=DUE)
    tick(DUE + timedelta(minutes=1))
    assert "Latecomer" in published(sealed)


def test_the_length_of_what_is_stored_does_not_tell_a_name(sealed: Letter) -> None:
    lengths = {len(seal({"name": name})) for name in ["Li", "Wolfeschlegelsteinhausenbergerdorff"]}
    assert len(lengths) == 1
    assert BLOCK_BYTES >= 1024


def test_a_new_key_encrypts_the_words_again(sealed: Letter, settings: Settings) -> None:
    sign_and_confirm(sealed, "ada@gmail.com", name="Ada")
    sign(sealed, "bea@gmail.com", name="Bea")
    new = Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [new, *settings.ADDRESS_KEYS]
    call_command("reencrypt_addresses", stdout=StringIO())
    settings.ADDRESS_KEYS = [new]
    rows = [*Signature.objects.all(), *Submission.objects.all()]
    assert sorted(unseal(row.sealed or b"")["name"] for row in rows) == ["Ada", "Bea", "Bea"]
