from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from letters.models.display import Display
from letters.models.entrusted import ENTRUSTED_WORDS, EntrustedField, EntrustedKeys, Word, open_entrusted, stored_words
from letters.shared.sealing import seal, unseal

NOTHING_ENTRUSTED: Mapping[str, None] = {"entrusted": None, "entrusted_keys": None}
# The fields in which signers describe themselves. The public may read them.
WORDS = ["name", "affiliation", "role", "country", "comment", "comment_for", "domain"]
# The columns in which they are.
STORED = [*WORDS, "entrusted", "entrusted_keys"]
# Who reads the comment, as the form told the signer. Empty means the organizers and the moderators alone.
COMMENT_FOR_EVERYONE = "everyone"
# Everyone reads the comment beside the name if the letter publishes comments. The same rule as `public_comment`.
PUBLIC_COMMENT = models.Q(display="public", comment_hidden=False, comment_for=COMMENT_FOR_EVERYONE)


@dataclass(frozen=True)
class Change:
    """One changed field, for a moderator to compare."""

    field: str
    old: str
    new: str


class SignerWords(models.Model):
    """The words of a signer about themselves, and who can see the name."""

    # The name as typed, but NFC, trimmed, and with white space collapsed. Empty for `display=nobody`, and after an
    # erasure.
    name = Word(max_length=200, blank=True)
    affiliation = Word(max_length=200, blank=True)
    role = Word(max_length=200, blank=True)
    # ISO 3166-1 alpha-2.
    country = models.CharField(max_length=2, blank=True)
    comment = Word(max_length=1000, blank=True)
    # COMMENT_FOR_EVERYONE if the signer was told that everyone can read the comment. Privacy: it belongs to the words,
    # so that a change of the letter's settings publishes nothing that was written for the organizers.
    comment_for = models.CharField(max_length=10, default="", db_default="", blank=True)
    display = models.CharField(max_length=10, choices=Display)
    # All of the words above in one, encrypted (letters/shared/sealing.py), while the letter names nobody; they are
    # empty then. None for every other letter.
    sealed = models.BinaryField(null=True, blank=True, editable=False)
    # Name, affiliation, role and comment, encrypted, if the signer shows them only to the organizers; these columns are
    # empty then, and reading them from a loaded row decrypts (letters/models/entrusted.py).
    entrusted = EntrustedField(null=True, blank=True, editable=False)
    # Organizers find them by these.
    entrusted_keys = EntrustedKeys(models.BigIntegerField(), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def open_words(self) -> None:
        """Decrypt the words into this instance, for a page that only its signer sees. Never save it afterwards."""
        if self.sealed:
            for name, value in unseal(self.sealed).items():
                setattr(self, name, value)

    def open_entrusted(self) -> None:
        """Decrypt what is entrusted to the organizers into this instance, once. Reading one of these words does it.

        Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits.
        """
        entrusted = self.entrusted
        if entrusted and self.__dict__.get("_opened") is not entrusted:
            self.__dict__.update(open_entrusted(entrusted), _opened=entrusted)

    def stored(self) -> dict[str, Any]:
        """Return the columns that store these words now, encrypted if only organizers may read them."""
        shown = {name: getattr(self, name) for name in [*ENTRUSTED_WORDS, "display"]}
        kept: tuple[dict[str, Any], dict[str, Any]] | None = self.__dict__.get("_stored")
        if kept is None or kept[0] != shown:
            letter_id = self.letter_key() if self.display == Display.ORGANIZERS else 0
            kept = self.__dict__["_stored"] = shown, stored_words(shown, letter_id)
        return kept[1]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields is not None and not {*ENTRUSTED_WORDS, "display"}.isdisjoint(update_fields):
            # They are one ciphertext, or several columns.
            update_fields = {*update_fields, *ENTRUSTED_WORDS, *NOTHING_ENTRUSTED}
        super().save(*args, update_fields=update_fields, **kwargs)

    def letter_key(self) -> int:
        """Return the id of its letter."""
        raise NotImplementedError

    def close_words(self) -> None:
        """Encrypt the words in this instance as `stored` says, for a statement that writes its columns.

        Never read the words afterwards.
        """
        stored = self.stored()
        self.__dict__.update(stored, _opened=stored["entrusted"])


def sealed_words(shown: dict[str, str]) -> dict[str, Any]:
    """Return the columns that store these fields of a signature without telling anyone: one ciphertext, no words.

    Who shows the name to nobody leaves nothing to encrypt.
    """
    words = {name: shown[name] for name in WORDS}
    sealed = seal(words) if shown["display"] != Display.NOBODY else None
    return {**dict.fromkeys(WORDS, ""), **NOTHING_ENTRUSTED, "display": shown["display"], "sealed": sealed}


class Consented(models.Model):
    """The exact words that the signer agreed to, and when, if they want updates."""

    consent = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
