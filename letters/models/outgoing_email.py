from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q, Value

from letters.models.email_kinds import BULK, FORGOTTEN_HOWEVER_ENDED, EmailKind
from letters.models.mail_request import MailRequest
from letters.models.member_invitation import MemberInvitation
from letters.models.signature import Signature
from letters.models.submission import Submission
from letters.models.update import Update
from letters.shared.addresses import SPELLING_HASH_BYTES

# Noted on a mail that arrived, and that the owner of the mailbox called spam.
COMPLAINED = "complained"
# What organizers are told of.
CAME_BACK = Q(failed_at__isnull=False) | Q(error=COMPLAINED)
# What is deleted a while after it has ended (see EMAIL_KINDS). Not the emails of most signers.
TO_FORGET = Q(kind__in=[kind.value for kind in FORGOTTEN_HOWEVER_ENDED]) | Q(dropped_at__isnull=False)
OWED = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True)
IS_BULK = Q(kind__in=[kind.value for kind in BULK])
# The second part of a key.
SPLIT_KEY = Func(F("key"), Value(":"), Value(2), function="split_part", output_field=models.CharField())


class DeliveryQuerySet(models.QuerySet["OutgoingEmail"]):
    def owed(self) -> DeliveryQuerySet:
        return self.filter(OWED)

    def owed_about(self, revision_id: int) -> DeliveryQuerySet:
        """Those that ask about a change and have still to be sent; read from an index of their own."""
        kind = OutgoingEmail.Kind.CARRY_OVER
        return self.owed().alias(about=SPLIT_KEY).filter(kind=kind, about=str(revision_id))


class OutgoingEmail(models.Model):
    """One mail that is owed. Written in the transaction of its cause: the queue may be lost, the row is the promise."""

    Kind = EmailKind

    kind = models.CharField(max_length=20, choices=Kind)
    # To the signer of this signature, at the address in its contact.
    signature = models.ForeignKey(
        Signature, on_delete=models.CASCADE, null=True, blank=True, related_name="outgoing_emails"
    )
    # What it brings, for mail of the kind "update". Its index is the one of what is owed, below.
    update = models.ForeignKey(
        Update, on_delete=models.PROTECT, related_name="outgoing_emails", null=True, blank=True, db_index=False
    )
    # Or to whom this invitation is for, at the address in it. No index of its own: that would hold a row for each mail
    # to a signer.
    invitation = models.ForeignKey(
        MemberInvitation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="outgoing_emails",
        db_index=False,
    )
    # The submission that it asks about, if a signing owes it. Neither constraint nor index: all submissions are deleted
    # when one is confirmed, and each deletion would look through all emails.
    submission = models.ForeignKey(
        Submission,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    # The request that asked for it, which knows the address where no signature does. No constraint, as above.
    request = models.ForeignKey(
        MailRequest,
        on_delete=models.DO_NOTHING,
        related_name="outgoing_emails",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    # As in a signature: the spelling that it goes to, if a form asked for it. None means the signer's own.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)
    # Why it is owed: unique, so that one reason makes one mail however often it is given.
    key = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    # Claims so far, the one under way included.
    attempts = models.PositiveSmallIntegerField(default=0)
    # Not before then. A worker that claims it moves this on, so that another takes over only if the worker dies.
    next_attempt_at = models.DateTimeField()
    # How it ended: accepted by the mail server, refused for good, or no longer true when its turn came.
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    # When it was put off, if its turn came and the address had had all the mails of a day; it is owed still.
    put_off_at = models.DateTimeField(null=True, blank=True)
    # The last refusal in short, for example "450" or "unreachable"; never an address.
    error = models.CharField(max_length=100, blank=True)

    objects: ClassVar[models.Manager[OutgoingEmail]] = models.Manager.from_queryset(DeliveryQuerySet)()

    class Meta:
        verbose_name_plural = "outgoing emails"
        constraints = [
            # Not `unique=True`, which in PostgreSQL brings a second index that no query of ours would use.
            models.UniqueConstraint(fields=["key"], name="email_key_once"),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, dropped_at__isnull=True)
                | Q(sent_at__isnull=True, dropped_at__isnull=True)
                | Q(sent_at__isnull=True, failed_at__isnull=True),
                name="email_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(signature__isnull=False, invitation__isnull=True)
                | Q(signature__isnull=True, invitation__isnull=False)
                # To an address that has not signed.
                | Q(signature__isnull=True, invitation__isnull=True, request__isnull=False),
                name="email_has_one_recipient",
            ),
        ]
        indexes = [
            # One work list for each way to claim (outbox/operations.py): whoever looks for mail that cannot
            # wait must not have to pass a million that can, nor those of an update that is paused.
            models.Index(
                "next_attempt_at",
                name="email_owed_at_once",
                condition=OWED & ~IS_BULK,
            ),
            models.Index(
                "next_attempt_at",
                name="email_owed_later",
                condition=OWED & IS_BULK & Q(update__isnull=True),
            ),
            models.Index(
                "update",
                "next_attempt_at",
                name="email_owed_of_update",
                condition=OWED & Q(update__isnull=False),
            ),
            # To count them.
            models.Index("update", name="email_of_update", condition=Q(update__isnull=False)),
            # Of few mails, in the order in which organizers are told of them.
            models.Index("signature", F("id").desc(), name="email_came_back", condition=CAME_BACK),
            models.Index("kind", "created_at", name="email_to_forget", condition=TO_FORGET),
            models.Index("invitation", name="email_of_an_invitation", condition=Q(invitation__isnull=False)),
            models.Index("request", name="email_of_a_request", condition=Q(request__isnull=False)),
            # How many signers have still to be written to about a change: the key begins "carry_over:<revision>:".
            models.Index(
                SPLIT_KEY,
                name="email_carry_over_owed",
                condition=Q(kind="carry_over", sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def goes_to_signer(self, signature: Signature) -> bool:
        """Whether it goes to the spelling of the address that its signer confirmed, or typed first.

        Another spelling may be another person's mailbox. So it is sent no link that can change a confirmed signature,
        and what comes back from it says nothing about the signer.
        """
        return self.spelling_hash is None or bytes(self.spelling_hash) == bytes(signature.spelling_hash or b"")
