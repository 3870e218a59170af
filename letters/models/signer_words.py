from dataclasses import dataclass
from typing import Any

from django.db import models

from letters.models.display import Display
from letters.shared.sealing import seal, unseal

# The fields in which signers describe themselves. The public may read them.
WORDS = ["name", "affiliation", "role", "country", "comment", "comment_for", "domain"]
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
    name = models.CharField(max_length=200, blank=True)
    affiliation = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=200, blank=True)
    # ISO 3166-1 alpha-2.
    country = models.CharField(max_length=2, blank=True)
    comment = models.CharField(max_length=1000, blank=True)
    # COMMENT_FOR_EVERYONE if the signer was told that everyone can read the comment. Privacy: it belongs to the words,
    # so that a change of the letter's settings publishes nothing that was written for the organizers.
    comment_for = models.CharField(max_length=10, default="", db_default="", blank=True)
    display = models.CharField(max_length=10, choices=Display)
    # All of the words above in one, encrypted (letters/shared/sealing.py), while the letter names nobody; they are
    # empty then. None for every other letter.
    sealed = models.BinaryField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def open_words(self) -> None:
        """Decrypt the words into this instance, for a page that only its signer sees. Never save it afterwards."""
        if self.sealed:
            for name, value in unseal(self.sealed).items():
                setattr(self, name, value)


def sealed_words(shown: dict[str, str]) -> dict[str, Any]:
    """Return the columns that store these fields of a signature without telling anyone: one ciphertext, no words.

    Who shows the name to nobody leaves nothing to encrypt.
    """
    words = {name: shown[name] for name in WORDS}
    sealed = seal(words) if shown["display"] != Display.NOBODY else None
    return {**dict.fromkeys(WORDS, ""), "display": shown["display"], "sealed": sealed}


class Consented(models.Model):
    """The exact words that the signer agreed to, and when, if they want updates."""

    consent = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
