from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value

from letters.models.email_kinds import BULK, FORGOTTEN_HOWEVER_ENDED, EmailKind
from letters.models.mail_request import MailRequest
from letters.models.member_invitation import MemberInvitation
from letters.models.notification import Notification
from letters.models.signature import Signature
from letters.models.submission import Submission
from letters.models.update import Update
from letters.shared.addresses import SPELLING_HASH_BYTES

# Stored on an email that arrived and was reported as spam.
COMPLAINED = "complained"
# The prefix of an email's key if the email is kept although its signature is gone. It is never sent.
LEFT = "left:"
# The emails whose results organizers see.
BOUNCED_OR_REPORTED = Q(failed_at__isnull=False) | Q(error=COMPLAINED)
# Emails that are deleted some time after they have ended (see EMAIL_KINDS), which most emails to signers are not.
TO_FORGET = Q(kind__in=[kind.value for kind in FORGOTTEN_HOWEVER_ENDED]) | Q(dropped_at__isnull=False)
OWED = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True)
IS_BULK = Q(kind__in=[kind.value for kind in BULK])
# The second part of a key.
SPLIT_KEY = Func(F("key"), Value(":"), Value(2), function="split_part", output_field=models.CharField())


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def owed(self) -> OutgoingEmailQuerySet:
        return self.filter(OWED)

    def owed_about(self, revision_id: int) -> OutgoingEmailQuerySet:
        """Select the emails that still have to ask about a change; served by its own index."""
        kind = OutgoingEmail.Kind.CARRY_OVER
        return self.owed().alias(about=SPLIT_KEY).filter(kind=kind, about=str(revision_id))


class OutgoingEmail(models.Model):
    """An email that must be sent.

    The transaction of its cause writes the row. Only the row matters: the queue may be lost.
    """

    Kind = EmailKind

    kind = models.CharField(max_length=20, choices=Kind)
    # The signature that it is about. Without a submission or a request, it goes to the address in the signature's
    # contact.
    signature = models.ForeignKey(
        Signature, on_delete=models.CASCADE, null=True, blank=True, related_name="outgoing_emails"
    )
    # The update that it contains. Its index is the work list below.
    update = models.ForeignKey(
        Update, on_delete=models.PROTECT, related_name="outgoing_emails", null=True, blank=True, db_index=False
    )
    # The invitation that it is about, which has the address. Performance: without an index of its own, which would have
    # a row for each email to a signer.
    invitation = models.ForeignKey(
        MemberInvitation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="outgoing_emails",
        db_index=False,
    )
    # The submission that it asks about, if any. Performance: without constraint and index. All submissions are deleted
    # when one is confirmed, and each deletion would search all emails.
    submission = models.ForeignKey(
        Submission,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    # The request that asked for it, which has the address if no signature has. No constraint, as above.
    request = models.ForeignKey(
        MailRequest,
        on_delete=models.DO_NOTHING,
        related_name="outgoing_emails",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    # The notification that it contains, and the account to whose address it goes, if it is for an organizer or staff.
    # Performance: no index of accounts, and so no constraint, because deleting an account would search all emails.
    notification = models.ForeignKey(
        Notification,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="outgoing_emails",
        db_index=False,
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    # The hash of the spelling that it goes to, if a form caused it. None means the spelling that the signature has.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)
    # The cause. Unique, so that one cause creates one email however often it occurs.
    key = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    # Claims so far, including the current one.
    attempts = models.PositiveSmallIntegerField(default=0)
    # The earliest time of the next attempt. A worker that claims the email extends this, so that another takes over
    # only if it dies.
    next_attempt_at = models.DateTimeField()
    # One of these says when and how it ended: accepted by the mail server, refused permanently, or dropped.
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    # When it was delayed because its address was at the daily limit. It still has to be sent.
    put_off_at = models.DateTimeField(null=True, blank=True)
    # The last refusal in short, for example "450" or "unreachable". Privacy: never an address.
    error = models.CharField(max_length=100, blank=True)

    objects: ClassVar[models.Manager[OutgoingEmail]] = models.Manager.from_queryset(OutgoingEmailQuerySet)()

    class Meta:
        verbose_name_plural = "outgoing emails"
        constraints = [
            # Not `unique=True`, which creates a second index in PostgreSQL that no query uses.
            models.UniqueConstraint(fields=["key"], name="email_key_once"),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, dropped_at__isnull=True)
                | Q(sent_at__isnull=True, dropped_at__isnull=True)
                | Q(sent_at__isnull=True, failed_at__isnull=True),
                name="email_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(signature__isnull=False, invitation__isnull=True, account__isnull=True)
                | Q(signature__isnull=True, invitation__isnull=False, account__isnull=True)
                # The email goes to an address that has not signed.
                | Q(signature__isnull=True, invitation__isnull=True, request__isnull=False, account__isnull=True)
                | Q(
                    signature__isnull=True,
                    invitation__isnull=True,
                    request__isnull=True,
                    account__isnull=False,
                    notification__isnull=False,
                ),
                name="email_has_its_recipient",
            ),
        ]
        indexes = [
            # One work list for each way to claim (outbox/operations.py), so that claiming urgent emails does not scan a
            # million bulk emails, or those of a paused update.
            models.Index(
                "next_attempt_at",
                name="email_due_soon",
                condition=OWED & ~IS_BULK,
            ),
            models.Index(
                "next_attempt_at",
                name="email_due_in_bulk",
                condition=OWED & IS_BULK & Q(update__isnull=True),
            ),
            models.Index(
                "update",
                "next_attempt_at",
                name="email_owed_of_update",
                condition=OWED & Q(update__isnull=False),
            ),
            # Performance: counts the emails of an update.
            models.Index("update", name="email_of_update", condition=Q(update__isnull=False)),
            # Performance: these are few emails, in the order in which organizers see them.
            models.Index("signature", F("id").desc(), name="email_came_back", condition=BOUNCED_OR_REPORTED),
            models.Index("kind", "created_at", name="email_forgotten_later", condition=TO_FORGET),
            models.Index("invitation", name="email_of_an_invitation", condition=Q(invitation__isnull=False)),
            models.Index("notification", name="email_of_a_notification", condition=Q(notification__isnull=False)),
            models.Index("request", name="email_of_a_request", condition=Q(request__isnull=False)),
            # Performance: counts the signers who still have to be asked about a change. The key begins
            # "carry_over:<revision>:".
            models.Index(
                SPLIT_KEY,
                name="email_carry_over_owed",
                condition=Q(kind="carry_over", sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def goes_to_signer(self, signature: Signature) -> bool:
        """Return whether it goes to the spelling of the address that its signer confirmed, or typed first.

        Privacy: another spelling may be another person's mailbox. So it gets no link that can change a confirmed
        signature, and its bounces say nothing about the signer.
        """
        return self.spelling_hash is None or bytes(self.spelling_hash) == bytes(signature.spelling_hash or b"")
