"""What is asked about a change of a letter, of whom, and how each of them has answered."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from letters.models import CarryOver, CarryOverAnswer, Letter, OutgoingEmail, Revision, Signature, Translation
from letters.shared.differences import Paragraph

# More mails than these are not counted one by one, to tell an organizer how many have still to be sent.
MAX_COUNTED = 10_000
# Letters whose signers can be asked.
ASKING = [Letter.Status.PUBLISHED, Letter.Status.CLOSED]


def _last_changes() -> QuerySet[CarryOver]:
    """Questions about the last change of substance of their letters; not about what has changed again since."""
    newer = (
        Revision.objects.published()
        .of_substance()
        .filter(letter=OuterRef("revision__letter"), number__gt=OuterRef("revision__number"))
    )
    return CarryOver.objects.filter(~Exists(newer))


def question_about(letter: Letter) -> CarryOver | None:
    """What signers are asked at the moment, if the organizers have asked."""
    return _last_changes().select_related("revision").filter(revision__letter=letter).first()


def questions_under_way() -> list[int]:
    """Ids of changes about which somebody may still have to be asked: whoever confirms an earlier text late is
    numbered late.
    """
    behind = _last_changes().filter(reached__lt=F("revision__letter__last_number"))
    return list(behind.filter(revision__letter__status__in=ASKING).values_list("pk", flat=True))


def still_to_send(question: CarryOver) -> int:
    """How many of its mails have still to be sent; one more than MAX_COUNTED if there are more."""
    return OutgoingEmail.objects.owed_about(question.pk)[: MAX_COUNTED + 1].count()


@dataclass(frozen=True)
class Standing:
    """How a signature stands to the letter as it is now."""

    signature: Signature
    # What its signer is asked; None if nothing is.
    question: CarryOver | None
    answer: CarryOverAnswer | None
    # The text that the signer saw, and the one that readers see.
    signed: Revision
    current: Revision
    # The latter in the signer's language, else in the letter's own; without the text itself.
    text: Translation


def standing_of(signature: Signature) -> Standing:
    letter = signature.letter
    if letter.current_revision is None:
        raise Revision.DoesNotExist  # Nobody can have signed.
    question = question_about(letter)
    answers = CarryOverAnswer.objects.select_related("revision").filter(signature=signature, question=question)
    answer = answers.first() if question else None
    signed = answer.revision if answer else signature.revision
    if question and not answer and signed.number >= question.revision.number:
        question = None
    text = text_in(letter.current_revision, answer.language if answer else signature.language, letter.language)
    return Standing(signature, question, answer, signed, letter.current_revision, text)


def text_in(revision: Revision, *languages: str) -> Translation:
    """A text in the first of these languages that it is in; without the text itself."""
    translations = Translation.objects.filter(revision=revision, language__in=languages).defer(
        "body", "html", "summary"
    )
    return min(translations, key=lambda text: languages.index(text.language))


def differences_of(standing: Standing) -> tuple[Paragraph, ...]:
    """What has changed since the signer signed; nothing if the two texts are in no language together."""
    both = Translation.objects.filter(revision__in=[standing.signed, standing.current], language=standing.text.language)
    texts = {text.revision_id: text for text in both}
    return texts[standing.current.pk].differences_from(texts[standing.signed.pk]) if len(texts) == 2 else ()
