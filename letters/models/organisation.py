"""Organisations that sign a letter: the states, the steps between them, and what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from letters.models.letter import Letter
from letters.models.revision import Revision
from letters.models.signature import SALT_BYTES
from letters.shared.tokens import make_token


class OrganisationState(models.TextChoices):
    PENDING = "pending", "Waiting for confirmation"
    WAITING = "waiting", "Waiting for the organizers"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected or removed"
    WITHDRAWN = "withdrawn", "Withdrawn by the person who signed for it"


State = OrganisationState


@dataclass(frozen=True)
class _Step:
    sources: tuple[OrganisationState, ...]
    target: OrganisationState


class OrganisationStep(Enum):
    """Every step between two states. No other code writes a state."""

    # The person confirmed, and nothing is in doubt.
    PUBLISH = _Step((State.PENDING,), State.PUBLISHED)
    # The person confirmed, and the organizers decide.
    WAIT = _Step((State.PENDING,), State.WAITING)
    VOUCH = _Step((State.WAITING,), State.PUBLISHED)
    REJECT = _Step((State.WAITING, State.PUBLISHED), State.REJECTED)
    # Undo a rejection. An organisation that was published is published again.
    RESTORE = _Step((State.REJECTED,), State.PUBLISHED)
    RESTORE_UNPROVEN = _Step((State.REJECTED,), State.WAITING)
    WITHDRAW = _Step((State.WAITING, State.PUBLISHED), State.WITHDRAWN)
    # The words go, and the domain stays: otherwise anyone could undo a rejection by withdrawing and signing again.
    WITHDRAW_REJECTED = _Step((State.REJECTED,), State.REJECTED)


def takes_organisations(letter: Letter) -> bool:
    """Return whether organisations may sign a letter. Privacy: not while it names nobody, because they are named at
    once, with an exact number.
    """
    return letter.organisations_sign and not letter.is_sealed


class OrganisationSignatureQuerySet(models.QuerySet["OrganisationSignature"]):
    def move(self, step: OrganisationStep, **values: Any) -> int:
        """Take a step for the rows in a state from which it starts. Returns how many. Race: one compare-and-set."""
        return self.filter(state__in=step.value.sources).update(state=step.value.target, **values)

    def published(self) -> OrganisationSignatureQuerySet:
        """Select the organisations that readers see.

        Privacy: the order is that of the names, so it does not tell which one signed when.
        """
        return self.filter(state=State.PUBLISHED).order_by(Lower("name"), "pk")

    def waiting(self) -> OrganisationSignatureQuerySet:
        """Select those that wait for the organizers, the longest wait first."""
        return self.filter(state=State.WAITING).order_by("confirmed_at", "pk")

    def withdraw(self) -> None:
        """Delete everything about those that were confirmed, and about the people who signed for them.

        Abuse: the domain of a rejected one stays. Otherwise a new signing would undo the rejection.
        """
        confirmed = self.exclude(state=State.PENDING).values("pk")
        OrganisationContact.objects.filter(organisation__in=confirmed).delete()
        emptied = {"name": "", "website": "", "because": ""}
        self.move(OrganisationStep.WITHDRAW_REJECTED, **emptied)
        self.move(OrganisationStep.WITHDRAW, **emptied, domain="", proof="", doubt="")

    def of(self, signature_id: int) -> OrganisationSignatureQuerySet:
        return self.select_related("letter__collective").filter(pk=signature_id)


class OrganisationSignature(models.Model):
    """An organisation under a letter, and what the public may know about it. The person is in OrganisationContact.

    It is never a row of `Signature`, so the count of people cannot include it.
    """

    State = OrganisationState

    class Proof(models.TextChoices):
        NONE = "", "None"
        ADDRESS = "address", "An address at its domain"
        VOUCHED = "vouched", "The organizers vouch for it"

    class Doubt(models.TextChoices):
        """Why the organizers decide."""

        NONE = "", "None"
        ADDRESS = "address", "The address is not at its domain"
        NAME = "name", "The name is odd"
        REVIEWED = "reviewed", "The letter reviews each signature"
        REJECTED = "rejected", "An organisation of this domain was rejected before"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="organisations", db_index=False)
    # The text that the person saw, and its language (BCP 47).
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=12)
    name = models.CharField(max_length=200, blank=True)
    # Security: shown as a link, and never fetched.
    website = models.CharField(max_length=500, blank=True)
    # The registrable domain of the website.
    domain = models.CharField(max_length=253, blank=True)
    state = models.CharField(max_length=10, choices=OrganisationState, default=OrganisationState.PENDING)
    proof = models.CharField(max_length=10, choices=Proof, default=Proof.NONE, db_default="", blank=True)
    doubt = models.CharField(max_length=10, choices=Doubt, default=Doubt.NONE, db_default="", blank=True)
    # The secret part of its links.
    salt = models.BinaryField(max_length=SALT_BYTES)
    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    # The last decision of an organizer: the note that vouches, or the reason of a rejection.
    because = models.CharField(max_length=500, default="", db_default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects: ClassVar[models.Manager[OrganisationSignature]] = models.Manager.from_queryset(
        OrganisationSignatureQuerySet
    )()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OrganisationState.values), name="organisation_state_known"),
            # Race: of two people who confirm for one organisation at once, one is published.
            models.UniqueConstraint(
                fields=["letter", "domain"], condition=Q(state="published"), name="organisation_once_a_domain"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | (~Q(proof="") & ~Q(name="") & Q(published_at__isnull=False)),
                name="organisation_published_has_proof",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "withdrawn"]) | (~Q(domain="") & Q(confirmed_at__isnull=False)),
                name="organisation_waits_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(name="", website="", domain=""),
                name="organisation_withdrawn_is_empty",
            ),
        ]
        indexes = [
            models.Index("letter", Lower("name"), "id", name="organisation_listed", condition=Q(state="published")),
            models.Index("letter", "state", "id", name="organisation_of_letter"),
            # Those that nobody has confirmed, by age.
            models.Index("signed_at", name="organisation_unconfirmed", condition=Q(state="pending")),
            models.Index("revision", name="organisation_of_revision"),
        ]

    def __str__(self) -> str:
        return f"Organisation {self.pk}"

    @property
    def is_emptied(self) -> bool:
        """Return whether the person withdrew it: nobody can restore it."""
        return self.name == ""

    def link(self, purpose: str, *, now: datetime) -> str:
        """Return the path of one of its pages with a token. The name in urls.py is also the purpose of the token."""
        token = make_token(purpose, signature_id=self.pk, salt=self.salt, now=now)
        return reverse(purpose, kwargs={"token": token})


class OrganisationContact(models.Model):
    """The person who signed for an organisation. Deleting this row deletes all that the site knows about them.

    Privacy: only members of the letter's collective read the name and the role, and nobody reads the address.
    """

    organisation = models.OneToOneField(
        OrganisationSignature, on_delete=models.CASCADE, related_name="contact", primary_key=True
    )
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=200, blank=True)
    # Encrypted (letters/shared/addresses.py).
    address = models.BinaryField()
    # The same hash as in `Signature`. It finds the organisation of an address that asks for its link again.
    address_hash = models.BinaryField(max_length=32)
    # The registrable domain of the address, which organizers read.
    domain = models.CharField(max_length=253)

    class Meta:
        indexes = [models.Index("address_hash", name="organisation_of_address")]

    def __str__(self) -> str:
        return f"Contact of organisation {self.organisation_id}"
