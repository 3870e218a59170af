from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias

from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse

from letters.models import lifecycle
from letters.models.display import Display
from letters.models.letter import Letter
from letters.models.lifecycle import (
    CONFIRMED,
    COUNTED,
    GONE,
    KEEPS_CHANGES,
    NAMELESS,
    TAKEN_OUT,
    UNCONFIRMED,
    UNDERWAY,
    UNNUMBERED,
    State,
    Transition,
)
from letters.models.revision import History, Revision
from letters.models.said import WORDS, Consented, Said
from letters.shared.addresses import SPELLING_HASH_BYTES
from letters.shared.tokens import Token, make_token, read_token

SALT_BYTES = 8
# How long an invited person has to answer, from the invitation on; then their address is forgotten.
INVITATION_LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class Change:
    """Of one field, for a moderator to compare."""

    field: str
    old: str
    new: str


class SignatureQuerySet(models.QuerySet["Signature"]):
    def move(self, transition: Transition, *, to: State | Case | None = None, **values: Any) -> int:
        """Take these signatures one step on. Only those that are in a state from which the step leads. How many.

        Race: one UPDATE compares and sets, so of two steps at once the second finds nothing. `to` names the next state
        where the step has several; `values` are what the table says the operation gives. Raises ValueError for others.
        """
        target = transition.target if to is None else to
        transition.check(*([target] if isinstance(target, State) else []), given=values)
        sets = {**transition.step.sets, **values, "state": target}
        return self.filter(state__in=transition.sources).update(**sets)

    def move_each(self, transition: Transition, rows: list[Signature], batch_size: int) -> int:
        """The same where every row has its own values: all that the operation gives are written as the row has them."""
        for row in rows:
            row.state = transition.target
        among = self.filter(state__in=transition.sources)
        return among.bulk_update(rows, [*transition.step.given, "state"], batch_size)

    def remove(self, transition: Transition) -> int:
        """Delete those that are in a state in which the step deletes a signature. How many."""
        if transition.step.targets:
            raise ValueError(f"{transition.name} deletes nothing")
        return self.filter(state__in=transition.sources).delete()[1].get("letters.Signature", 0)

    def published(self) -> SignatureQuerySet:
        """What the public sees, the newest first. A page goes on from a number (`number__lt`), never by an offset."""
        return self.filter(state=Signature.State.PUBLISHED, number__isnull=False).order_by("-number")

    def numbered(self) -> SignatureQuerySet:
        """The same with the stubs of those that were taken out: a list of numbers without gaps."""
        return self.filter(number__isnull=False).order_by("-number")

    def with_signed_text(self, changes: History | None) -> SignatureQuerySet:
        """Each says in `signed_text` whether its signer saw other words than readers do now: "first" or "earlier" where
        the letter said something else, "corrected" where it was only corrected since, else nothing. Where the name is
        not public, "corrected" also if it was so in another language than the signer's.
        """
        kinds: list[When] = []
        if changes and changes.has_changed:
            numbers = [text.number for text in changes.texts if text.kind == Revision.Kind.SUBSTANCE]
            kinds += [
                When(revision__number__lt=min(numbers), then=Value("first")),
                When(revision__number__lt=max(numbers), then=Value("earlier")),
            ]
        if changes:
            # Privacy: who corrects one language at a time would read from the marks in which one somebody signed who
            # shows no name. So these are marked whatever the language.
            any_language = Q(revision__number__in=changes.corrected_in_any_language())
            kinds.append(When(~Q(display=Display.PUBLIC) & any_language, then=Value("corrected")))
            kinds += [
                When(language=language, revision__number__lt=number, display=Display.PUBLIC, then=Value("corrected"))
                for language, number in changes.same_words_since().items()
            ]
        return self.annotate(signed_text=Case(*kinds, default=Value(""), output_field=models.CharField()))

    def of_token(self, purpose: str, text: str) -> tuple[Signature, Token] | None:
        """The one that a mailed link is for; None if the link was cut or changed, or the signature is gone."""
        token = read_token(purpose, text)
        signature = self.of(token) if token else None
        return (signature, token) if signature and token else None

    def of(self, token: Token) -> Signature | None:
        """None if it is gone."""
        signature = self.select_related("letter__collective", "contact").filter(pk=token.signature_id).first()
        return signature if signature and token.matches(signature.salt) else None


class Signature(Said):
    """What the public may see of a signer, bound to the text that the signer saw."""

    State: TypeAlias = lifecycle.State

    class Verified(models.TextChoices):
        NO = "", "Not yet"
        LINK = "link", "By the link in the email"
        CODE = "code", "By the code in the email"
        SAMPLE = "sample", "Invented for the sample letter"

    class Concern(models.TextChoices):
        """Why a moderator should review a signature. Each concern except BOUNCED holds it when it is confirmed."""

        NONE = "", "None"
        DISPOSABLE = "disposable", "Disposable email address"
        UNPROVEN = "unproven", "Signed without the browser check"
        BOUNCED = "bounced", "Email to this address bounced"
        COMPLAINED = "complained", "The owner of the address reported our email as spam"
        CHANGED = "changed", "Changed by the signer after a moderator accepted it"
        DOMAIN = "domain", "One of very many signatures from the same email domain"

    # No index of its own: every index is paid for at each signing, and nobody asks for a letter's signatures but by
    # their number or their state.
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="signatures", db_index=False)
    # The text that the signer saw.
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=12)

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    # Invited before the letter opened: shown above the others once it is published, in the order of the ids.
    is_first = models.BooleanField(default=False, db_default=False)
    # How we know that a person stands behind it.
    verified = models.CharField(max_length=10, choices=Verified, default=Verified.NO, blank=True)
    concern = models.CharField(max_length=10, choices=Concern, default=Concern.NONE, db_default="", blank=True)
    # The signer's changes of what stands above that wait for a moderator, by field; meanwhile the old words stay.
    pending_changes = models.JSONField(null=True, blank=True)
    # Those that a moderator has not taken, kept so that this can be undone, until the signer changes or erases them.
    declined_changes = models.JSONField(null=True, blank=True)
    # Confirmed at an address of this domain: if the letter is limited to domains, and the signer has it shown.
    domain = models.CharField(max_length=253, default="", db_default="", blank=True)
    # The host whose page led the signer to the letter, if any: until the sequencer has added it to a tally.
    via = models.CharField(max_length=100, default="", db_default="", blank=True)
    # The place in the letter's order, given once by the sequencer and kept for ever.
    number = models.PositiveIntegerField(null=True, blank=True)
    # Part of every token for this signature: a new salt makes the old tokens worthless.
    salt = models.BinaryField(max_length=SALT_BYTES)
    # The letter's count includes it. Only the sequencer writes this, together with the count.
    counted = models.BooleanField(default=False, db_default=False)
    # HMAC-SHA256 of the canonical address (letters/shared/addresses.py); none for samples and after a withdrawal.
    address_hash = models.BinaryField(max_length=32, null=True, blank=True)
    # The same of the spelling that was confirmed, in short: no other one is sent a link that can change the signature.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)

    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Signature]] = models.Manager.from_queryset(SignatureQuerySet)()

    class Meta:
        constraints = [
            # The rule of the house: one signature per letter and address. The database decides, nobody asks first.
            # The address first: the same index finds what has been mailed to an address, over all letters.
            models.UniqueConstraint(fields=["address_hash", "letter"], name="signature_address_once_a_letter"),
            # Read from its newest number down, it is also the public list.
            models.UniqueConstraint(
                fields=["letter", "number"], condition=Q(number__isnull=False), name="signature_number_once_a_letter"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="signature_state_known"),
            models.CheckConstraint(condition=Q(display__in=Display.values), name="signature_display_known"),
            models.CheckConstraint(
                condition=Q(
                    concern__in=["", "disposable", "unproven", "bounced", "complained", "changed", "domain"],
                ),
                name="signature_concern_known",
            ),
            # Without a concern no moderator would find it, and the signer would wait for ever.
            models.CheckConstraint(
                condition=Q(pending_changes__isnull=True) | (Q(state__in=KEEPS_CHANGES) & ~Q(concern="")),
                name="signature_proposed_has_a_concern",
            ),
            models.CheckConstraint(
                condition=~Q(display="nobody")
                | ~Q(pending_changes__has_key="name") & ~Q(declined_changes__has_key="name"),
                name="signature_of_nobody_proposes_no_name",
            ),
            models.CheckConstraint(
                condition=Q(state=COUNTED, number__isnull=False, published_at__isnull=False)
                | Q(state__in=TAKEN_OUT)
                | Q(state__in=UNNUMBERED, number__isnull=True),
                name="signature_published_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNCONFIRMED, confirmed_at__isnull=True)
                | Q(state__in=TAKEN_OUT)
                | (Q(state__in=CONFIRMED, confirmed_at__isnull=False) & ~Q(verified="")),
                name="signature_confirmed_says_when_and_how",
            ),
            models.CheckConstraint(
                condition=~Q(display="nobody") | Q(name=""), name="signature_of_nobody_holds_no_name"
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(display="nobody") | Q(state__in=NAMELESS),
                name="signature_has_a_name",
            ),
            models.CheckConstraint(
                condition=Q(counted=False) | Q(number__isnull=False), name="signature_counted_has_a_number"
            ),
        ]
        indexes = [
            # The sequencer's work list.
            models.Index("letter", "confirmed_at", name="signature_to_number", condition=Q(state=State.CONFIRMED)),
            # The same for what is to be taken out of the count.
            models.Index("letter", name="signature_to_take_out", condition=Q(counted=True) & ~Q(state=COUNTED)),
            # And for what moderators have put back into it.
            models.Index("letter", name="signature_to_put_back", condition=Q(counted=False, state=COUNTED)),
            # What moderators look at besides what is held: see letters/moderator/moderation/queries.py.
            models.Index("letter", "id", name="signature_doubtful", condition=Q(state=COUNTED) & ~Q(concern="")),
            # What a moderator has said no to, and may say yes to after all.
            models.Index(
                "letter",
                "id",
                name="signature_refused",
                condition=Q(state=State.REJECTED) | Q(declined_changes__isnull=False),
            ),
            # What the honest counter counts besides the published ones, and its organizers list; small, since both
            # states pass.
            models.Index("letter", "state", "id", name="signature_underway", condition=Q(state__in=UNDERWAY)),
            # What has been taken back or out, for its organizers' list; small, since few are.
            models.Index("letter", "state", "id", name="signature_gone", condition=Q(state__in=GONE)),
            # The first signatories, before and after they have answered.
            models.Index("letter", "state", "id", name="signature_first", condition=Q(is_first=True)),
            # One more, of words (SEARCHED below), is made by the migration that is named for it.
        ]

    def __str__(self) -> str:
        return f"Signature {self.pk}"

    @property
    def public_name(self) -> str:
        """The name, if everybody may see it; else empty, and the page says "name withheld"."""
        return self.name if self.display == Display.PUBLIC else ""

    def as_public(self) -> tuple[object, ...]:
        """All that public pages and files show of it, to compare before and after a change; nothing of one that is not
        published.
        """
        if self.state != self.State.PUBLISHED:
            return ()
        is_public = self.display == Display.PUBLIC
        words = (self.name, self.affiliation, self.role) if is_public else ()
        carries = self.display != Display.NOBODY and self.answers.filter(carries=True).exists()
        # The mark of an earlier text follows from the text and, in part, from whether the name is public.
        return (is_public, *words, self.domain, carries, self.revision_id, self.language if is_public else "")

    @property
    def is_taken_back(self) -> bool:
        """Rejected, and then emptied by its signer: only the hash is left, so that nobody can put it back."""
        return self.state == self.State.REJECTED and self.verified == self.Verified.NO

    def fingerprint(self) -> str:
        """Of all words that a moderator judges: whether they are still those that stood on the page.

        With the salt, which is secret: else whoever tries all countries would read the one that the page leaves out.
        """
        words = {"salt": bytes(self.salt).hex()} | {
            name: getattr(self, name) for name in (*WORDS, "display", "pending_changes")
        }
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def changes(self) -> list[Change]:
        """What its signer asks for, or asked for in vain, beside what stands there."""
        asked: dict[str, str] = self.pending_changes or self.declined_changes or {}
        # Privacy: of a signer without a name nobody is told where they are.
        hidden = ["country"] if self.display == Display.NOBODY else []
        names = [name for name in (*WORDS, "display") if name in asked and name not in hidden]
        return [Change(name, getattr(self, name), asked[name]) for name in names]

    def link(self, purpose: str, *, now: datetime, submission_id: int | None = None) -> str:
        """The path of one of its pages behind a token, by the name in urls.py, which is the token's purpose too."""
        token = make_token(purpose, signature_id=self.pk, salt=self.salt, now=now, submission_id=submission_id)
        return reverse(purpose, kwargs={"token": token})

    def not_me_link(self, spelling_hash: bytes | memoryview | None, *, now: datetime) -> str:
        """The path of the page "it wasn't me", for whoever reads email at one spelling of the address."""
        bound_to = int.from_bytes(bytes(spelling_hash)) if spelling_hash else None
        return self.link("not-me", now=now, submission_id=bound_to)

    def url_of_letter(self, *, now: datetime) -> str:
        """Where its signer reads the letter. Before it is published, behind their own link and nowhere else."""
        if self.letter.status == Letter.Status.DRAFT:
            return self.link("invitation", now=now)
        return self.letter.get_absolute_url(self.language)


# The words of a signature, without marks; `letters_fold` stands in migration 0003, and folds what is searched for too.
FOLDED = "letters_fold(name || ' ' || affiliation)"
# Those of one that has a number: one GIN index over all letters, so the letter is a word among them, "#7", which nobody
# can search for. A search must say just this, and that there is a number, or the index is passed over.
SEARCHED = f"(array_to_tsvector(ARRAY['#' || letter_id::text]) || to_tsvector('simple', {FOLDED}))"


class SignerContact(Consented):
    """The private half of a signature. Deleting this row is how an address is forgotten."""

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="contact", primary_key=True)
    # The address as typed, encrypted (letters/shared/addresses.py, `seal`).
    address = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consent="", consented_at__isnull=True) | (~Q(consent="") & Q(consented_at__isnull=False)),
                name="contact_consent_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"Contact of signature {self.signature_id}"
