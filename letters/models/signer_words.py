from django.db import models

from letters.models.display import Display

# The fields in which signers describe themselves. The public may read them.
WORDS = ["name", "affiliation", "role", "country", "comment", "domain"]


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
    display = models.CharField(max_length=10, choices=Display)

    class Meta:
        abstract = True


class Consented(models.Model):
    """The exact words that the signer agreed to, and when, if they want updates."""

    consent = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
