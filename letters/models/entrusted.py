"""What only organizers may read is encrypted in the database, and opened where it is read.

Name, affiliation, role and comment that the signer entrusts to the organizers (`display=organizers`) are in one
ciphertext (letters/shared/sealing.py), and their own columns are empty. A loaded row opens them when someone reads one
of them, and `save` and `bulk_create` encrypt them again. An `update` takes `stored_words`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cryptography.fernet import InvalidToken
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from letters.models.display import Display
from letters.models.entrusted_keys import keys_of
from letters.shared.sealing import seal, unseal

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from letters.models.signer_words import SignerWords

# The words that are encrypted. Country, domain and the language stay readable: they are counted.
ENTRUSTED_WORDS = ["name", "affiliation", "role", "comment"]
# Privacy: words are padded to a multiple of this, so that the length does not tell one ordinary name from another.
# Performance: less than for a letter that names nobody, because there are millions of these.
BLOCK_BYTES = 256


def stored_words(shown: Mapping[str, Any], letter_id: int) -> dict[str, Any]:
    """Return the columns that store all words of a signature: readable, or encrypted if only organizers may read them.

    `shown` has at least ENTRUSTED_WORDS and `display`.
    """
    words = {name: str(shown[name]) for name in ENTRUSTED_WORDS}
    if shown["display"] != Display.ORGANIZERS or not any(words.values()):
        return {**shown, "entrusted": None, "entrusted_keys": None}
    return {
        **shown,
        **dict.fromkeys(ENTRUSTED_WORDS, ""),
        "entrusted": seal(words, block=BLOCK_BYTES),
        "entrusted_keys": keys_of(letter_id, f"{words['name']} {words['affiliation']}"),
    }


def open_entrusted(entrusted: bytes | memoryview | None) -> dict[str, str]:
    """Return the words of the column `entrusted`, for a row that SQL has read; {} if it has none.

    Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits.
    """
    return unseal(entrusted) if entrusted else {}


class _Opened(DeferredAttribute):
    """Decrypt the words of a loaded row when one of them is read. Whoever shows none pays for none."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is not None:
            instance.open_entrusted()
        return super().__get__(instance, cls)

    def __set__(self, instance: SignerWords, value: str) -> None:
        # Otherwise the next reading would replace this word by the old one. While a row is built, there is none yet.
        if "entrusted" in instance.__dict__:
            # If no key fits, the next reading says so, unless the row is just being read again.
            with suppress(InvalidToken):
                instance.open_entrusted()
        instance.__dict__[self.field.attname] = value


class Word(models.CharField):  # type: ignore[type-arg]
    """A column of ENTRUSTED_WORDS."""

    descriptor_class = _Opened

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return model_instance.stored()[self.attname]


class EntrustedField(models.BinaryField):  # type: ignore[type-arg]
    """The ciphertext of ENTRUSTED_WORDS; None if everyone may read them, or if there are none."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return model_instance.stored()[self.attname]


class EntrustedKeys(ArrayField):  # type: ignore[type-arg]
    """The keys by which organizers find the entrusted words (letters/models/entrusted_keys.py)."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return model_instance.stored()[self.attname]


# The columns with changes of a signature, and the key of the ciphertext in each.
CHANGES = ["pending_changes", "declined_changes", "replaced_words"]
SEALED = "sealed"


class SealedChanges(models.JSONField):
    """Fields of a signature by name, in which ENTRUSTED_WORDS are encrypted, whoever may read the name.

    The names of the fields stay readable for constraints. Privacy: a proposed name is not public before a moderator has
    accepted it, and perhaps only organizers may read it.
    """

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(seal_changes(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return open_changes(super().from_db_value(value, expression, connection))


def seal_changes(changes: Any) -> Any:
    """Return what the database stores of these changes. Anything else, such as None or SQL, stays as it is."""
    if not isinstance(changes, dict) or SEALED in changes:
        return changes
    if not (words := {name: changes[name] for name in ENTRUSTED_WORDS if name in changes}):
        return changes
    return {**changes, **dict.fromkeys(words), SEALED: seal(words, block=BLOCK_BYTES).decode()}


def open_changes(stored: Any) -> Any:
    """Return the changes that the database has stored so, as JSON or as text.

    Those of older programs are readable. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits.
    """
    changes = json.loads(stored) if isinstance(stored, str) else stored
    if not isinstance(changes, dict) or SEALED not in changes:
        return changes
    words = unseal(changes[SEALED].encode())
    return {name: words.get(name, value) for name, value in changes.items() if name != SEALED}
