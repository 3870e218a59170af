"""Read which change signers are asked about, who is asked, and what they answered."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from letters.models import CarryOver, CarryOverAnswer, Letter, OutgoingEmail, Revision, Signature, Translation
from letters.shared.differences import Paragraph

# Beyond this number, organizers read "more than" instead of an exact number of emails that wait.
MAX_COUNTED = 10_000
# The states of letters whose signers can be asked.
ASKING = [Letter.Status.PUBLISHED, Letter.Status.CLOSED]


def _last_changes() -> QuerySet[CarryOver]:
    """Return questions about the last change of substance of each letter, not about earlier ones."""
    newer = (
        Revision.objects.published()
        .of_substance()
        .filter(letter=OuterRef("revision__letter"), number__gt=OuterRef("revision__number"))
    )
    return CarryOver.objects.filter(~Exists(newer))


def question_about(letter: Letter) -> CarryOver | None:
    """Return the question that signers are asked at the moment, if the organizers have asked."""
    return _last_changes().select_related("revision").filter(revision__letter=letter).first()


def questions_under_way() -> list[int]:
    """Return the ids of questions that some people may still have to be asked.

    A person who signed an earlier text and confirms late gets a higher number than `reached`.
    """
    behind = _last_changes().filter(reached__lt=F("revision__letter__last_number"))
    return list(behind.filter(revision__letter__status__in=ASKING).values_list("pk", flat=True))


def still_to_send(question: CarryOver) -> int:
    """Return how many emails of this question are not sent yet; at most one more than MAX_COUNTED."""
    return OutgoingEmail.objects.owed_about(question.pk)[: MAX_COUNTED + 1].count()


@dataclass(frozen=True)
class Choice:
    """The relation of a signature to the current text of its letter, and the carry-over question about it."""

    signature: Signature
    # The question that its signer is asked; None if there is none.
    question: CarryOver | None
    answer: CarryOverAnswer | None
    # The text that the signer saw, and the one that readers see now.
    signed: Revision
    current: Revision
    # The current text in the signer's language, otherwise in the letter's own; its long fields are deferred.
    text: Translation


def choice_of(signature: Signature) -> Choice:
    letter = signature.letter
    if letter.current_revision is None:
        raise Revision.DoesNotExist  # Cannot happen: nobody can sign a letter without a text.
    question = question_about(letter)
    answers = CarryOverAnswer.objects.select_related("revision").filter(signature=signature, question=question)
    answer = answers.first() if question else None
    signed = answer.revision if answer else signature.revision
    if question and not answer and signed.number >= question.revision.number:
        question = None
    text = text_in(letter.current_revision, answer.language if answer else signature.language, letter.language)
    return Choice(signature, question, answer, signed, letter.current_revision, text)


def text_in(revision: Revision, *languages: str) -> Translation:
    """Return a text in the first of these languages that it has, with its long fields deferred."""
    translations = Translation.objects.filter(revision=revision, language__in=languages).defer(
        "body", "html", "summary"
    )
    return min(translations, key=lambda text: languages.index(text.language))


def differences_of(choice: Choice) -> tuple[Paragraph, ...]:
    """Return what has changed since the signer signed; nothing if the two texts share no language."""
    both = Translation.objects.filter(revision__in=[choice.signed, choice.current], language=choice.text.language)
    texts = {text.revision_id: text for text in both}
    return texts[choice.current.pk].differences_from(texts[choice.signed.pk]) if len(texts) == 2 else ()
