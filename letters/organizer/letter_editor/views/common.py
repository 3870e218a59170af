"""Code that several pages of the letter editor share."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from letters.models import OWNING, UNDONE_WITHIN, Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import WithdrawForm
from letters.shared.explaining import explain
from letters.shared.languages import is_language
from letters.shared.refused import Refusal, Refused

Operation = Callable[..., object]
# The text has been saved, but cannot be published for now.
NOT_YET = {Refusal.NAME_IN_USE, Refusal.NOT_CLEARED, Refusal.PICTURE_NOT_DESCRIBED, Refusal.TOO_MANY_LETTERS}


def chosen_operation(request: HttpRequest, operations: Mapping[str, Operation]) -> Operation:
    """Return the operation of the button that was pressed."""
    operation = operations.get(request.POST.get("action", ""))
    if operation is None:
        raise Http404("There is no such action.")
    return operation


def not_saved(refused: Refused | None, manuscript: queries.Manuscript) -> dict[str, str]:
    """Explain to the writer why their change was not saved."""
    if refused is None:
        return {"refusal": "", "sentence": ""}
    if refused.code == Refusal.LANGUAGES_MISSING:
        said = gettext(
            "The published text also exists in %(languages)s, but this revision does not. Add these translations."
        )
        return {"refusal": refused.code, "sentence": said % {"languages": ", ".join(manuscript.missing)}}
    return {"refusal": refused.code, "sentence": explain(refused, "write")}


def language_or_404(manuscript: queries.Manuscript, language: str) -> queries.Language:
    if language not in manuscript.texts and not is_language(language):
        raise Http404("There is no such language.")
    return manuscript.language(language)


def writer_saw(request: HttpRequest, writer: User) -> dict[str, Any]:
    """Return the version of the text that the writer saw when they began, and of the original that they translate."""
    made_from = request.POST.get("made_from", "")
    return {
        "seen": request.POST.get("seen", ""),
        "made_from": made_from if re.fullmatch("[0-9a-f]{16}", made_from) else "",
        "by": writer,
        "now": timezone.now(),
    }


def withdrawing_context(letter: Letter, writer: User) -> dict[str, object]:
    """Return the context with which owners, and nobody else, can withdraw the letter or undo that."""
    return {
        "withdraw": WithdrawForm(letter),
        "owns": letter.collective.has_role(writer, OWNING),
        "can_be_restored": letter.can_be_restored(timezone.now()),
        "restored_until": letter.withdrawn_at and letter.withdrawn_at + UNDONE_WITHIN,
        "zone": letter.zone(),
    }
