from django.db import models

from letters.models.display import Display

# What a signer says of themselves, and the public may read.
WORDS = ["name", "affiliation", "role", "country", "comment", "domain"]


class Said(models.Model):
    """What signers say of themselves, and who may see their names."""

    # As typed: NFC, trimmed, inner spaces folded. Empty for `display=nobody`, and after an erasure.
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
    """The exact words agreed to, and when, if the signer wants to hear of the letter again."""

    consent = models.TextField(blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
