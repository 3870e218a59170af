"""What entries say about signatures and texts."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef

from letters.base.ledger.commitments import PublicWords
from letters.models import EMPTIED, Display, Ledger, Letter, OwedEntry, Revision, Signature, Translation

# Everything that entries say, and what opens the words of a signature that only organizers may read.
READ = ["number", "state", "counted", "language", "display", "name", "affiliation", "role", "entrusted", "verified"]


class Shown(NamedTuple):
    """What the ledger knows of a signature: its words, and whether the public sees them."""

    words: PublicWords
    is_public: bool


def origin_of(letter_id: int) -> str:
    """Return the name of a letter's first log."""
    return f"{urlsplit(settings.SITE_URL).netloc}/log/{letter_id}"


def ledger_of(letter: Letter) -> tuple[Ledger | None, bool]:
    """Return the ledger of a letter, if it has begun, and whether entries about signatures are owed to it."""
    owed = OwedEntry.objects.filter(letter=OuterRef("letter"))
    ledger = Ledger.objects.annotate(owes_entries=Exists(owed)).filter(pk=letter.pk).first()
    return ledger, ledger is not None and ledger.owes_entries


def words_of(signature: Signature) -> PublicWords:
    """Return the words to commit to: none of a signer whose name nobody may see."""
    if signature.display == Display.NOBODY:
        return PublicWords()
    return PublicWords(signature.name, signature.affiliation, signature.role)


def shown(signature: Signature) -> Shown:
    return Shown(words_of(signature), signature.display == Display.PUBLIC)


def shown_of(ids: Collection[int]) -> dict[int, Shown]:
    """Return what the ledger knows of these signatures, by their ids, without those that have no number."""
    numbered = Signature.objects.filter(pk__in=ids, number__isnull=False) if ids else []
    return {signature.pk: shown(signature) for signature in numbered}


def has_words(signature: Signature) -> bool:
    """Return whether its words were not deleted. Privacy: nothing can open a commitment to deleted words."""
    return signature.state not in EMPTIED and not signature.is_rejected_and_emptied


def texts_to_record(letter: Letter, ledger: Ledger) -> Sequence[tuple[int, str, bytes]]:
    """Return the texts that the public can read and the ledger does not have yet: number, language and fingerprint.

    A published text gets no more translations: those come with a new text.
    """
    if letter.current_revision_id == ledger.newest_text_id:
        return []
    texts = Translation.objects.filter(revision__letter=letter, revision__published_at__isnull=False)
    if ledger.newest_text_id is not None:
        newest = Revision.objects.filter(pk=ledger.newest_text_id).values("number")
        texts = texts.filter(revision__number__gt=newest)
    found = texts.order_by("revision__number", "language").values_list("revision__number", "language", "sha256")
    return [(number, language, bytes(sha256)) for number, language, sha256 in found]


def signatures_to_record(letter: Letter, ledger: Ledger, most: int) -> list[Signature]:
    """Return the next numbered signatures that the ledger does not have yet, with their texts, in order."""
    after = Signature.objects.filter(letter=letter, number__gt=ledger.recorded).order_by("number")
    return list(after.select_related("revision").only(*READ, "revision__number")[:most])


def signatures_owed(letter: Letter, ids: Sequence[int]) -> list[Signature]:
    """Return these signatures with their texts, in the order of their numbers."""
    owed = Signature.objects.filter(letter=letter, pk__in=ids).order_by("number")
    return list(owed.select_related("revision").only(*READ, "revision__number"))
