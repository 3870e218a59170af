from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.shared.addresses import decrypt, encrypt

# How many characters organizers can add to an invitation to sign first.
MAX_SENDER_LENGTH = 80
MAX_NOTE_LENGTH = 1000


class InvitationBatch(models.Model):
    """The invitations to sign first that one list caused, with the words that their emails repeat.

    Its `created_at` is the `signed_at` of its invitations while nobody has answered them, so an email finds its words.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    # Privacy: a collective may publish under a pseudonym, so the name of the person who invites is encrypted
    # (letters/shared/addresses.py, `encrypt`). Empty if there is neither a name nor a note.
    encrypted = models.BinaryField(default=b"", blank=True)

    class Meta:
        verbose_name_plural = "invitation batches"
        constraints = [models.UniqueConstraint(fields=["letter", "created_at"], name="invitation_batch_once")]

    def __str__(self) -> str:
        return f"Batch {self.pk}"

    @staticmethod
    def encrypted_words(*, sender: str, note: str) -> bytes:
        """Return what `encrypted` holds. A sender is one line."""
        return encrypt(f"{sender}\n{note}") if sender or note else b""

    @property
    def words(self) -> tuple[str, str]:
        """Return the sender's name and the note. Raises cryptography.fernet.InvalidToken if no key fits."""
        sender, _, note = (decrypt(self.encrypted) if self.encrypted else "").partition("\n")
        return sender, note


class InvitedPerson(models.Model):
    """One line of the organizers' list of people whom they invited to sign first.

    Privacy: it holds what organizers entered and did, and nothing about what the invited person does. It refers to no
    signature: `digest` can be compared with one only with a key that is not in the database. It contains no address,
    only a few characters of one, because the address of a person who signs without a name must be deleted.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The newest batch that contained the person.
    batch = models.ForeignKey(InvitationBatch, on_delete=models.CASCADE, related_name="people", db_index=False)
    # A keyed hash of the letter and the address's hash.
    digest = models.BinaryField(max_length=32)
    # The name as on the list, and the shortened address, encrypted like addresses.
    encrypted = models.BinaryField()
    # The place in the list.
    line = models.PositiveIntegerField()
    # Privacy: everything below depends only on organizers, on the first email, and on time.
    was_renewed = models.BooleanField(default=False)
    resent_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # The first email could not be delivered.
    undelivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "invited people"
        constraints = [
            models.UniqueConstraint(fields=["letter", "digest"], name="invited_person_once_a_letter"),
            models.CheckConstraint(condition=~Q(encrypted=b""), name="invited_person_has_words"),
        ]
        indexes = [models.Index("batch", "line", name="invited_person_of_a_batch")]

    def __str__(self) -> str:
        return f"Invited person {self.pk}"
