from letters.models import Export, History, Letter
from letters.shared.languages import language_name


def newest_pdf(letter: Letter) -> Export | None:
    """Return the last PDF that was requested, finished or not."""
    asked = Export.objects.since_move(letter).filter(kind=Export.Kind.LETTER).select_related("asked_by")
    return asked.order_by("-pk").first()


def languages(letter: Letter) -> list[tuple[str, str]]:
    """Return code and name of each published language, the letter's own first."""
    return [(code, language_name(code)) for code in letter.languages()]


def changes(letter: Letter) -> History | None:
    """Return the letter's history, if people may have signed a different text than the current one, or signed before
    one of its translations existed.
    """
    history = History.of_changed(letter)
    return history if history and (history.has_changed or history.additions) else None
