from letters.models import Export, History, Letter
from letters.shared.languages import language_name


def newest_pdf(letter: Letter) -> Export | None:
    """The last one that somebody asked for, made or not."""
    asked = Export.objects.filter(letter=letter, kind=Export.Kind.LETTER).select_related("asked_by")
    return asked.order_by("-pk").first()


def languages(letter: Letter) -> list[tuple[str, str]]:
    """Those in which readers have it, its own first: code and name."""
    return [(code, language_name(code)) for code in letter.languages()]


def changes(letter: Letter) -> History | None:
    """Its texts, if some may have signed one that says something else than the letter does now, or before one of its
    translations existed.
    """
    found = History.of_changed(letter)
    return found if found and (found.has_changed or found.additions) else None
