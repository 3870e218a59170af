"""The keys that encrypt addresses can be changed while people sign and withdraw, and no email is lost."""

from collections.abc import Callable
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from letters.models import Letter, SignerContact
from letters.shared.addresses import decrypt, encrypt
from letters.signer.signing.operations import Reencrypted, reencrypt_addresses, reencrypting, withdraw_signature
from tests.people import NOW, deliver, in_threads, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

PEOPLE = [f"signer{number}@example.org" for number in range(5)]


@pytest.fixture
def contacts(letter: Letter) -> list[int]:
    """Five signers, encrypted with the key of all tests."""
    return [sign(letter, email).pk for email in PEOPLE]


@pytest.fixture
def new_key(settings: Settings, contacts: list[int]) -> str:
    """A new key, listed before the one that encrypted their addresses."""
    new = Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [new, *settings.ADDRESS_KEYS]
    return new


def reencrypt(batch: int = 500) -> str:
    said = StringIO()
    call_command("reencrypt_addresses", batch=batch, stdout=said)
    return said.getvalue()


def addresses() -> list[str]:
    return [decrypt(encrypted) for encrypted in SignerContact.objects.order_by("pk").values_list("address", flat=True)]


def test_the_old_key_can_be_removed_afterwards_and_emails_still_arrive(
    new_key: str, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    # Each address is in the contact, and in the submission that waits.
    assert "10 addresses encrypted again; 0 already had the newest key." in reencrypt()
    settings.ADDRESS_KEYS = [new_key]
    assert addresses() == PEOPLE
    deliver()
    assert [message.to for message in mailoutbox] == [[email] for email in PEOPLE]


def test_running_the_command_again_changes_nothing(new_key: str) -> None:
    reencrypt()
    before = list(SignerContact.objects.order_by("pk").values_list("address", flat=True))
    assert "0 addresses encrypted again; 5 already had the newest key." in reencrypt()
    assert list(SignerContact.objects.order_by("pk").values_list("address", flat=True)) == before


def test_the_command_has_nothing_to_do_without_addresses(db: None) -> None:
    assert "Every address is encrypted with the newest key." in reencrypt()


def test_a_batch_continues_where_the_last_one_ended(new_key: str, contacts: list[int]) -> None:
    first = reencrypt_addresses(after=0, most=2)
    assert first == Reencrypted(last=contacts[1], changed=2, already=0, unreadable=[])
    assert reencrypt_addresses(after=contacts[1], most=9) == Reencrypted(contacts[4], 3, 0, [])
    assert reencrypt_addresses(after=contacts[4], most=9) is None


def test_an_interrupted_run_is_completed_by_the_next(
    new_key: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = reencrypting._write_reencrypted

    def interrupted(fresh: dict[int, tuple[bytes, bytes]]) -> set[int]:
        if SignerContact.objects.count() - len(still_old(settings)) == 4:
            raise KeyboardInterrupt
        return write(fresh)

    monkeypatch.setattr(reencrypting, "_write_reencrypted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reencrypt(batch=2)
    assert addresses() == PEOPLE
    monkeypatch.setattr(reencrypting, "_write_reencrypted", write)
    assert "1 addresses encrypted again; 4 already had the newest key." in reencrypt()
    settings.ADDRESS_KEYS = [new_key]
    assert addresses() == PEOPLE


def still_old(settings: Settings) -> list[int]:
    """Return the ids of rows that the newest key alone does not decrypt."""
    newest = Fernet(settings.ADDRESS_KEYS[0])
    return [contact.pk for contact in SignerContact.objects.order_by("pk") if not opens(newest, bytes(contact.address))]


def opens(key: Fernet, encrypted: bytes) -> bool:
    try:
        key.decrypt(encrypted)
    except Exception:  # noqa: BLE001 -- whatever it is, it is not open
        return False
    return True


def test_an_address_that_no_key_decrypts_is_named_by_its_id_and_delays_no_other(
    new_key: str, contacts: list[int], settings: Settings
) -> None:
    lost = Fernet(Fernet.generate_key()).encrypt(b"lost@example.org")
    SignerContact.objects.filter(pk=contacts[1]).update(address=lost)
    SignerContact.objects.filter(pk=contacts[3]).update(address=b"no token at all")
    said, complaints = StringIO(), StringIO()
    with pytest.raises(CommandError, match="2 addresses could not be read") as failure:
        call_command("reencrypt_addresses", stdout=said, stderr=complaints)
    assert failure.value.returncode == 1
    assert complaints.getvalue().splitlines() == [
        f"No key in ADDRESS_KEYS can decrypt the address of signature {contacts[1]}.",
        f"No key in ADDRESS_KEYS can decrypt the address of signature {contacts[3]}.",
    ]
    assert "8 addresses encrypted again" in said.getvalue()
    assert "Every address" not in said.getvalue()
    assert still_old(settings) == [contacts[1], contacts[3]]
    assert bytes(SignerContact.objects.get(pk=contacts[1]).address) == lost


def test_a_change_between_reading_and_writing_is_not_overwritten(
    new_key: str, contacts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One signer withdraws, and another's address is corrected, at the worst moment."""
    write = reencrypting._write_reencrypted

    def meanwhile(fresh: dict[int, tuple[bytes, bytes]]) -> set[int]:
        withdraw_signature(SignerContact.objects.select_related("signature").get(pk=contacts[0]).signature, now=NOW)
        SignerContact.objects.filter(pk=contacts[1]).update(address=encrypt("changed@example.org"))
        return write(fresh)

    monkeypatch.setattr(reencrypting, "_write_reencrypted", meanwhile)
    reencrypt()
    assert addresses() == ["changed@example.org", *PEOPLE[2:]]


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_delays_no_other_and_is_done_when_it_is_free(
    new_key: str, contacts: list[int], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the lock waits for another row of the same batch, so waiting for the locked row would never end."""
    write_one: Callable[[int], set[int]] = reencrypting._write_one_reencrypted
    left: list[int] = []

    def leave(pk: int) -> set[int]:
        left.append(pk)
        return set()

    monkeypatch.setattr(reencrypting, "_write_one_reencrypted", leave)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        SignerContact.objects.select_for_update().get(pk=contacts[3])
        batch = in_threads(lambda _: reencrypt_addresses(after=0, most=9), [0], threads=1)
        SignerContact.objects.select_for_update().get(pk=contacts[1])
    assert batch == [Reencrypted(contacts[4], 4, 0, [])]
    assert left == [contacts[3]]
    assert write_one(contacts[3]) == {contacts[3]}
    assert still_old(settings) == []


@pytest.mark.django_db(transaction=True)
def test_no_address_is_lost_while_people_sign_and_withdraw(new_key: str, letter: Letter, settings: Settings) -> None:
    more = [f"late{number}@example.org" for number in range(12)]

    def work(part: int) -> None:
        if part == 0:
            for _ in range(3):
                reencrypt()
            return
        for email in more[part - 1 :: 3]:
            signature = sign(letter, email)
            if int(email[4:-12]) % 2:
                withdraw_signature(signature, now=signature.signed_at)

    in_threads(work, range(4), threads=4)
    reencrypt()
    settings.ADDRESS_KEYS = [new_key]
    assert sorted(addresses()) == sorted([*PEOPLE, *more[::2]])


def test_the_addresses_that_are_kept_for_one_email_are_encrypted_again_too(
    letter: Letter, new_key: str, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ADDRESS_KEYS = settings.ADDRESS_KEYS[1:]
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    sign(letter, "nobody@example.org")
    settings.ADDRESS_KEYS = [new_key, *settings.ADDRESS_KEYS]
    assert "11 addresses encrypted again" in reencrypt()
    settings.ADDRESS_KEYS = [new_key]
    deliver()
    assert ["nobody@example.org"] in [message.to for message in mailoutbox]
