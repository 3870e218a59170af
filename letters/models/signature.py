from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, ForeignObjectRel, Q, Value, When
from django.urls import reverse

from letters.models import lifecycle
from letters.models.display import Display
from letters.models.entrusted import SealedChanges
from letters.models.letter import Letter
from letters.models.lifecycle import (
    COUNTED,
    GONE,
    KEEPS_CHANGES,
    SEARCHED_STATES,
    TAKEN_OUT,
    UNDERWAY,
    UNNUMBERED,
    State,
    Transition,
)
from letters.models.openings import forgets_openings
from letters.models.revision import History, Revision
from letters.models.signature_conditions import (
    ENTRUSTED,
    ENTRUSTED_ONCE,
    HAS_A_NAME,
    IN_QUEUE,
    LISTED,
    NUMBERED_IN_QUEUE,
    SAYS_WHEN_AND_HOW,
    SEALED_ONCE,
    SEQUENCED,
    TO_ENCRYPT,
    WITH_CHANGES,
    WITH_KEYS,
)
from letters.models.signer_words import COMMENT_FOR_EVERYONE, WORDS, Change, SignerWords
from letters.shared.addresses import SPELLING_HASH_BYTES
from letters.shared.sealing import keyed_hash
from letters.shared.sql import execute
from letters.shared.tokens import make_token

SALT_BYTES = 8
# An invited person has this long to answer. Then their address is deleted.
INVITATION_LIFETIME = timedelta(days=14)

REMOVE_PART = "DELETE FROM {table} USING doomed WHERE {table}.{column} = doomed.id"
REMOVE = """
WITH doomed AS MATERIALIZED (SELECT id FROM letters_signature WHERE id = ANY(%(ids)s) AND {of_state}), {parts}
DELETE FROM letters_signature AS signature USING doomed WHERE signature.id = doomed.id
"""


def belonging_to_signatures() -> list[tuple[type[models.Model], str]]:
    """Return each model whose rows belong to one signature, and its column with the id of the signature."""
    relations = [each for each in Signature._meta.get_fields(include_hidden=True) if isinstance(each, ForeignObjectRel)]
    return [(each.related_model, str(each.field.column)) for each in relations]


class SignatureQuerySet(models.QuerySet["Signature"]):
    def move(self, transition: Transition, *, to: State | Case | None = None, **values: Any) -> int:
        """Move the signatures that are in a state from which the step leads. Returns how many.

        Race: one UPDATE compares and sets, so the second of two simultaneous steps changes nothing. `to` names the next
        state where the step has several; `values` are the columns that the table of steps leaves to the operation.
        Raises ValueError for other columns.
        """
        target = transition.target if to is None else to
        transition.check(*([target] if isinstance(target, State) else []), given=values)
        sets = {**transition.step.sets, **values, "state": target}
        among = self.filter(state__in=transition.sources)
        if forgets_openings(transition):
            openings: models.Manager[models.Model] = Signature.ledger_opening.related.related_model._default_manager
            openings.filter(signature__in=among).delete()
        return among.update(**sets)

    def move_each(self, transition: Transition, rows: list[Signature], batch_size: int) -> int:
        """Do the same where each row has its own values."""
        for row in rows:
            row.state = transition.target
            row.close_words()
        among = self.filter(state__in=transition.sources)
        return among.bulk_update(rows, [*transition.step.given, "state"], batch_size)

    def remove(self, transition: Transition) -> int:
        """Delete signatures that are in a state in which the step deletes. Returns how many."""
        if transition.step.targets:
            raise ValueError(f"{transition.name} deletes nothing")
        return self.filter(state__in=transition.sources).delete()[1].get("letters.Signature", 0)

    def remove_locked(self, transition: Transition, ids: Collection[int]) -> int:
        """Do the same for these ids, which the caller has locked, with every row that belongs to them.

        Performance: one statement. The ORM would load each row and send about thirty.
        """
        if transition.step.targets:
            raise ValueError(f"{transition.name} deletes nothing")
        parts = ", ".join(
            f"part_{place} AS ({REMOVE_PART.format(table=model._meta.db_table, column=column)})"
            for place, (model, column) in enumerate(belonging_to_signatures())
        )
        return execute(REMOVE.format(of_state=transition.came_from(), parts=parts), {"ids": list(ids)})

    def published(self) -> SignatureQuerySet:
        """Select signatures that the public sees, newest first.

        Pages continue from a number (`number__lt`), never by an offset.
        """
        return self.filter(LISTED).order_by("-number")

    def numbered(self) -> SignatureQuerySet:
        """Do the same, but keep the numbers of signatures that were taken out, so that the list has no gaps."""
        return self.filter(number__isnull=False).order_by("-number")

    def with_signed_text(self, changes: History | None) -> SignatureQuerySet:
        """Annotate `signed_text`, which tells whether the signer saw another text than readers do now.

        It is "first" or "earlier" if the letter said something else, "corrected" if it was only corrected since, and ""
        otherwise. Without a public name, it is also "corrected" if another language than the signer's was corrected.
        """
        kinds: list[When] = []
        if changes and changes.has_changed:
            numbers = [text.number for text in changes.texts if text.kind == Revision.Kind.SUBSTANCE]
            kinds += [
                When(revision__number__lt=min(numbers), then=Value("first")),
                When(revision__number__lt=max(numbers), then=Value("earlier")),
            ]
        if changes:
            # Privacy: someone who corrects one language at a time could read from these marks in which language a
            # person without a public name signed. So those are marked for any language.
            any_language = Q(revision__number__in=changes.corrected_in_any_language())
            kinds.append(When(~Q(display=Display.PUBLIC) & any_language, then=Value("corrected")))
            kinds += [
                When(language=language, revision__number__lt=number, display=Display.PUBLIC, then=Value("corrected"))
                for language, number in changes.same_words_since().items()
            ]
        return self.annotate(signed_text=Case(*kinds, default=Value(""), output_field=models.CharField()))


class Signature(SignerWords):
    """A signer's name and words under a letter, bound to the text that the signer saw."""

    State: TypeAlias = lifecycle.State

    class Verified(models.TextChoices):
        NO = "", "Not yet"
        LINK = "link", "By the link in the email"
        CODE = "code", "By the code in the email"
        SAMPLE = "sample", "Invented for the sample letter"

    class Concern(models.TextChoices):
        """A reason why a moderator should review a signature. Each except BOUNCED holds it before it has a number."""

        NONE = "", "None"
        DISPOSABLE = "disposable", "Disposable email address"
        UNPROVEN = "unproven", "Signed without the browser check"
        BOUNCED = "bounced", "Email to this address bounced"
        COMPLAINED = "complained", "The owner of the address reported our email as spam"
        CHANGED = "changed", "Changed by the signer after a moderator accepted it"
        DOMAIN = "domain", "One of very many signatures from the same email domain"
        DOUBTFUL = "doubtful", "The signals of doubt outweigh the letter's threshold"
        # It is published, and stays so until a moderator decides.
        REPORTED = "reported", "Reported by a reader"
        # It has a number, so it cannot be held. It is rejected until a moderator decides.
        RECHECK = "recheck", "Taken off the list until a moderator decides again"

    # Performance: without an index of its own, because every index is paid for at each signing, and signatures are
    # selected by number or state.
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="signatures", db_index=False)
    # The text that the signer saw.
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=12)

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    # Invited before the letter opened: shown above the others, in the order of the ids.
    is_first = models.BooleanField(default=False, db_default=False)
    # How the owner of the address confirmed.
    verified = models.CharField(max_length=10, choices=Verified, default=Verified.NO, blank=True)
    concern = models.CharField(max_length=10, choices=Concern, default=Concern.NONE, db_default="", blank=True)
    # How likely it is not genuine, from 0 to 100. The review queue begins with the highest.
    risk = models.SmallIntegerField(default=0, db_default=0)
    # The sequencer scores it, and numbers it only then.
    to_score = models.BooleanField(default=False, db_default=False)
    # Changes by the signer that wait for a moderator, by field. Until then the old words stay public.
    pending_changes = SealedChanges(null=True, blank=True)
    # Changes that a moderator declined. They are kept until the signer changes or erases them, so that the decision can
    # be undone.
    declined_changes = SealedChanges(null=True, blank=True)
    # The words before a change that a moderator accepted, so that the acceptance can be undone. Privacy: the signer
    # wanted other words, so these are deleted after a few days and by each later change.
    replaced_words = SealedChanges(null=True, blank=True)
    # Whether a moderator keeps its comment off public pages (CommentHiding).
    comment_hidden = models.BooleanField(default=False, db_default=False)
    # The confirmed domain, if the letter is limited to domains and the signer shows it.
    domain = models.CharField(max_length=253, default="", db_default="", blank=True)
    # The host whose page led the signer here, until the sequencer has added it to a tally.
    via = models.CharField(max_length=100, default="", db_default="", blank=True)
    # The place in the letter's order. The sequencer gives it once, and it never changes.
    number = models.PositiveIntegerField(null=True, blank=True)
    # Part of every token of this signature: a new salt invalidates all tokens.
    salt = models.BinaryField(max_length=SALT_BYTES)
    # True if the letter's count includes it. Only the sequencer writes this, together with the count.
    counted = models.BooleanField(default=False, db_default=False)
    # HMAC-SHA256 of the canonical address (letters/shared/addresses.py); none for samples and after a withdrawal.
    address_hash = models.BinaryField(max_length=32, null=True, blank=True)
    # A short keyed hash of the confirmed spelling. Privacy: no other spelling gets a link that can change the
    # signature.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)

    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Signature]] = models.Manager.from_queryset(SignatureQuerySet)()

    class Meta:
        constraints = [
            # One signature for each letter and address. Race: the database decides. The address comes first, because
            # the same index finds what was sent to an address over all letters.
            models.UniqueConstraint(fields=["address_hash", "letter"], name="signature_address_once_a_letter"),
            # This index is also the public list, from the newest number down.
            models.UniqueConstraint(
                fields=["letter", "number"], condition=Q(number__isnull=False), name="signature_number_once_a_letter"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="signature_state_known"),
            models.CheckConstraint(condition=Q(display__in=Display.values), name="signature_display_known"),
            models.CheckConstraint(
                condition=Q(
                    concern__in=[
                        *["", "disposable", "unproven", "bounced", "complained"],
                        *["changed", "domain", "doubtful", "reported", "recheck"],
                    ],
                ),
                name="signature_concern_known",
            ),
            # Without a concern no moderator would find it, and the signer would wait forever.
            models.CheckConstraint(
                condition=Q(pending_changes__isnull=True) | (Q(state__in=KEEPS_CHANGES) & ~Q(concern="")),
                name="signature_proposed_has_a_concern",
            ),
            models.CheckConstraint(
                condition=~Q(display="nobody")
                | ~Q(pending_changes__has_key="name")
                & ~Q(declined_changes__has_key="name")
                & ~Q(replaced_words__has_key="name"),
                name="signature_of_nobody_proposes_no_name",
            ),
            models.CheckConstraint(
                condition=Q(state=COUNTED, number__isnull=False, published_at__isnull=False)
                | Q(state__in=TAKEN_OUT)
                | Q(state__in=UNNUMBERED, number__isnull=True),
                name="signature_published_has_a_number",
            ),
            models.CheckConstraint(condition=SAYS_WHEN_AND_HOW, name="signature_confirmed_says_when_and_how"),
            models.CheckConstraint(
                condition=~Q(display="nobody") | Q(name=""), name="signature_of_nobody_holds_no_name"
            ),
            models.CheckConstraint(condition=HAS_A_NAME, name="signature_has_a_name"),
            # Privacy: what only organizers may read is either encrypted or readable, never both.
            models.CheckConstraint(condition=ENTRUSTED_ONCE, name="signature_entrusted_once"),
            # Privacy: a name is either encrypted or readable, never both; and nobody has a number whose name is not.
            models.CheckConstraint(condition=SEALED_ONCE, name="signature_sealed_has_no_words"),
            models.CheckConstraint(
                condition=Q(counted=False) | Q(number__isnull=False), name="signature_counted_has_a_number"
            ),
        ]
        indexes = [
            *SEQUENCED,
            # A work list of the sequencer: signatures to score.
            models.Index("letter", "confirmed_at", "id", name="signature_to_score", condition=Q(to_score=True)),
            # The review queue of a letter, and of the whole site.
            models.Index("letter", F("risk").desc(), "confirmed_at", "id", name="signature_queue", condition=IN_QUEUE),
            models.Index(F("risk").desc(), "confirmed_at", "id", name="signature_queue_of_site", condition=IN_QUEUE),
            # Rejected signatures that a moderator may restore.
            models.Index(
                "letter",
                "id",
                name="signature_refused",
                condition=Q(state=State.REJECTED) | Q(declined_changes__isnull=False),
            ),
            # Rows that the clock deletes.
            models.Index("id", name="signature_replaced", condition=Q(replaced_words__isnull=False)),
            # Performance: counts signatures that wait, and serves the organizers' list. It is small, because both
            # states are temporary.
            models.Index("letter", "state", "id", name="signature_underway", condition=Q(state__in=UNDERWAY)),
            # Withdrawn and removed signatures, for the organizers' list. It is small.
            models.Index("letter", "state", "id", name="signature_gone", condition=Q(state__in=GONE)),
            # Names that only organizers see: they keep a letter from moving to another collective.
            models.Index("letter", "id", name="signature_for_organizers", condition=ENTRUSTED),
            # The words that moderators and organizers search among these.
            GinIndex("entrusted_keys", name="signature_entrusted_keys", condition=WITH_KEYS),
            # Readable words that the clock encrypts, and changes.
            models.Index("id", name="signature_to_encrypt", condition=TO_ENCRYPT),
            models.Index("id", name="signature_with_changes", condition=WITH_CHANGES),
            # The first signatories, before and after they have answered.
            models.Index("letter", "state", "id", name="signature_first", condition=Q(is_first=True)),
            # Signatures that moderators search by time, newest first.
            models.Index(
                "letter",
                "state",
                "confirmed_at",
                "id",
                name="signature_moderated",
                condition=Q(confirmed_at__isnull=False, state__in=SEARCHED_STATES),
            ),
            # Numbered signatures that wait for a moderator. It is small.
            models.Index(
                "letter", "confirmed_at", "id", name="signature_numbered_in_queue", condition=NUMBERED_IN_QUEUE
            ),
            # Signatures of letters that name nobody yet: to count them, to release or delete them, and for new keys.
            models.Index("letter", "id", name="signature_sealed", condition=Q(state=State.SEALED)),
            models.Index("id", name="signature_with_sealed_words", condition=Q(sealed__isnull=False)),
            # Migrations create three more indexes, for words and for equal names (word_search.py).
        ]

    def __str__(self) -> str:
        return f"Signature {self.pk}"

    def letter_key(self) -> int:
        return self.letter_id

    @property
    def public_name(self) -> str:
        """Return the name if everyone may see it; otherwise "", and the page says "name withheld"."""
        return self.name if self.display == Display.PUBLIC else ""

    def public_comment(self, letter: Letter) -> str:
        """Return the comment if everyone may read it beside the name; otherwise "".

        `letter` is its letter, which lists have loaded only once.
        """
        is_public = letter.comments_public and self.display == Display.PUBLIC and not self.comment_hidden
        return self.comment if is_public and self.comment_for == COMMENT_FOR_EVERYONE else ""

    def as_public(self) -> tuple[object, ...]:
        """Return all that public pages and files show, for comparing before and after a change;
        nothing if it is not published.
        """
        if self.state != self.State.PUBLISHED:
            return ()
        is_public = self.display == Display.PUBLIC
        words = (self.name, self.affiliation, self.role, self.public_comment(self.letter)) if is_public else ()
        carries = self.display != Display.NOBODY and self.answers.filter(carries=True).exists()
        # The mark of an earlier text follows from the text and, partly, from whether the name is public.
        return (is_public, *words, self.domain, carries, self.revision_id, self.language if is_public else "")

    @property
    def is_rejected_and_emptied(self) -> bool:
        """Return whether it was rejected and then emptied by its signer: only the hash is left,
        so nobody can restore it.
        """
        return self.state == self.State.REJECTED and self.verified == self.Verified.NO

    def fingerprint(self) -> str:
        """Return a fingerprint of the words that a moderator reviews, which shows whether they have changed since.

        Privacy: it includes the secret salt. Otherwise someone could try all countries and find the one that the page
        hides. The salt is in the database, so the key is not: a stored fingerprint (SecondOpinion) tells no name.
        """
        words = {"salt": bytes(self.salt).hex()} | {
            name: getattr(self, name) for name in (*WORDS, "display", "pending_changes")
        }
        return keyed_hash(json.dumps(words, sort_keys=True).encode()).hex()[:16]

    @property
    def changes(self) -> list[Change]:
        """Return the changes that its signer asks for, or that a moderator declined, beside the current words."""
        asked: dict[str, str] = self.pending_changes or self.declined_changes or {}
        # Privacy: nobody is told the country of a signer without a name.
        hidden = ["country"] if self.display == Display.NOBODY else []
        names = [name for name in (*WORDS, "display") if name in asked and name not in hidden]
        return [Change(name, getattr(self, name), asked[name]) for name in names]

    def link(self, purpose: str, *, now: datetime, submission_id: int | None = None) -> str:
        """Return the path of one of its pages with a token, for one submission if the page is about one."""
        return self._path(purpose, now, bound_to=submission_id)

    def not_me_link(self, spelling_hash: bytes | memoryview | None, *, now: datetime) -> str:
        """Return the path of the page "it wasn't me" for the owner of one spelling of the address."""
        bound_to = int.from_bytes(bytes(spelling_hash)) if spelling_hash else None
        return self._path("not-me", now, bound_to=bound_to)

    def _path(self, purpose: str, now: datetime, *, bound_to: int | None) -> str:
        """The name in urls.py is also the purpose of the token."""
        token = make_token(purpose, signature_id=self.pk, salt=self.salt, now=now, bound_to=bound_to)
        return reverse(purpose, kwargs={"token": token})

    def url_of_letter(self, *, now: datetime) -> str:
        """Return where its signer reads the letter: before publication only behind the signer's own link."""
        if self.letter.status == Letter.Status.DRAFT:
            return self.link("invitation", now=now)
        return self.letter.get_absolute_url(self.language)
